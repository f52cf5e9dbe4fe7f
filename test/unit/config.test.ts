import { ConfigError, readConfig } from '../../server/config';

const good = {
  KENSE_PUBLIC_URL: 'http://127.0.0.1:8080/',
  KENSE_LISTEN: '127.0.0.1:8080',
  KENSE_DATABASE_URL: 'mysql://kense:secret@127.0.0.1:3306/kense',
  KENSE_TEMPORAL_ADDRESS: '127.0.0.1:7233',
  KENSE_S3_ENDPOINT: 'http://127.0.0.1:9000',
  KENSE_S3_ACCESS_KEY: 'a',
  KENSE_S3_SECRET_KEY: 'b',
  KENSE_SMTP_URL: 'smtp://127.0.0.1:25',
  KENSE_MAIL_FROM: 'Kense <kense@example.kz>',
  KENSE_SECRET_KEY: 'ab'.repeat(32),
};
const problems = (env: NodeJS.ProcessEnv): string[] => {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

test('good settings are read, with their defaults', () => {
  expect(readConfig(good)).toMatchObject({
    publicUrl: 'http://127.0.0.1:8080',
    listen: { host: '127.0.0.1', port: 8080 },
    uploadMaxBytes: 104_857_600,
    directory: null,
    demo: null,
  });
});

test('every problem is named at once', () => {
  const found = problems({
    ...good,
    KENSE_LISTEN: 'nowhere',
    KENSE_UPLOAD_MAX_MIB: '0',
    KENSE_SECRET_KEY: 'short',
    KENSE_UPLAOD: '1',
    KENSE_MAIL_FROM: undefined,
  });
  expect(found.map((p) => p.split(':')[0])).toEqual([
    'KENSE_LISTEN',
    'KENSE_MAIL_FROM',
    'KENSE_SECRET_KEY',
    'KENSE_UPLAOD',
    'KENSE_UPLOAD_MAX_MIB',
  ]);
});

test('secrets never stand in a problem', () => {
  expect(problems({ ...good, KENSE_SECRET_KEY: 'hunter2-hunter2' }).join()).not.toContain('hunter2');
});

test.each([
  ['the demo in production', { NODE_ENV: 'production', KENSE_DEMO: '1' }, 'KENSE_DEMO'],
  ['the demo at a public address', { KENSE_PUBLIC_URL: 'https://docs.example.kz', KENSE_DEMO: '1' }, 'KENSE_DEMO'],
  ['passwords in clear to the directory', { KENSE_LDAP_URL: 'ldap://dc.example.kz', KENSE_LDAP_BASE_DN: 'dc=x' }, 'KENSE_LDAP_URL'],
  ['a directory without base', { KENSE_LDAP_URL: 'ldaps://dc.example.kz' }, 'KENSE_LDAP_BASE_DN'],
  ['plain http in production', { NODE_ENV: 'production', KENSE_PUBLIC_URL: 'http://docs.example.kz' }, 'KENSE_PUBLIC_URL'],
  ['a secret file that is not there', { KENSE_SECRET_KEY_FILE: '/nonexistent' }, 'KENSE_SECRET_KEY_FILE'],
])('refuses %s', (_name, change, setting) => {
  expect(problems({ ...good, ...change }).some((p) => p.startsWith(`${setting}:`))).toBe(true);
});
