import { createHash } from 'node:crypto';
import { ConfigError, readConfig } from '../../services/config';

/** As random as a real one, and the same in every run. */
const secretOf = (seed: string): string => createHash('sha256').update(seed).digest('hex');
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
  KENSE_SECRET_KEY: secretOf('kense'),
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
  ['the demo at a public address', { KENSE_PUBLIC_URL: 'https://docs.example.kz', KENSE_DEMO: '1' }, 'KENSE_DEMO'],
  ['passwords in clear to the directory', { KENSE_LDAP_URL: 'ldap://dc.example.kz', KENSE_LDAP_BASE_DN: 'dc=x' }, 'KENSE_LDAP_URL'],
  ['a directory without base', { KENSE_LDAP_URL: 'ldaps://dc.example.kz' }, 'KENSE_LDAP_BASE_DN'],
  ['the tests at a public address', { KENSE_PUBLIC_URL: 'https://docs.example.kz', KENSE_TEST: '1' }, 'KENSE_TEST'],
  ['plain http at a public address', { KENSE_PUBLIC_URL: 'http://docs.example.kz' }, 'KENSE_PUBLIC_URL'],
  ['a secret that was typed', { KENSE_SECRET_KEY: 'ab'.repeat(32) }, 'KENSE_SECRET_KEY'],
  ['a secret of nothing', { KENSE_SECRET_KEY: '0'.repeat(64) }, 'KENSE_SECRET_KEY'],
  ['a secret that counts', { KENSE_SECRET_KEY: Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('hex') }, 'KENSE_SECRET_KEY'],
  ['one weak secret among good ones', { KENSE_SECRET_KEY: `1:${'11'.repeat(32)},2:${secretOf('new')}` }, 'KENSE_SECRET_KEY'],
  ['a version of the secret given twice', { KENSE_SECRET_KEY: `2:${secretOf('a')},2:${secretOf('b')}` }, 'KENSE_SECRET_KEY'],
  ['half a certificate for Temporal', { KENSE_TEMPORAL_CERT_FILE: __filename }, 'KENSE_TEMPORAL_CERT_FILE and KENSE_TEMPORAL_KEY_FILE'],
  ['an authority that is not there', { KENSE_DATABASE_TLS: '1', KENSE_DATABASE_CA_FILE: '/nonexistent.pem' }, 'KENSE_DATABASE_CA_FILE'],
  ['a database by number where its name is checked', { KENSE_DATABASE_TLS: '1' }, 'KENSE_DATABASE_URL'],
  ['TLS in the address of the database', { KENSE_DATABASE_URL: 'mysql://k:s@db.example.kz/kense?ssl={}' }, 'KENSE_DATABASE_URL'],
  ['an authority for a store without TLS', { KENSE_S3_CA_FILE: __filename }, 'KENSE_S3_ENDPOINT'],
  ['a mail password in clear', { KENSE_SMTP_URL: 'smtp://kense:secret@mail.example.kz' }, 'KENSE_SMTP_URL'],
  ['a secret file that is not there', { KENSE_SECRET_KEY_FILE: '/nonexistent' }, 'KENSE_SECRET_KEY_FILE'],
])('refuses %s', (_name, change, setting) => {
  expect(problems({ ...good, ...change }).some((p) => p.startsWith(`${setting}:`))).toBe(true);
});

test.each([
  ['the demo', { KENSE_DEMO: '1' }, false],
  ['the tests', { KENSE_TEST: '1' }, false],
  ['a test runner', { NODE_ENV: 'test' }, true],
  ['development', { NODE_ENV: 'development' }, true],
  ['nothing at all', {}, true],
])('%s: strict or not, whatever NODE_ENV says', (_what, change, isStrict) => {
  expect(readConfig({ ...good, ...change }).isStrict).toBe(isStrict);
});

test('a secret without a number is the first version, several are told apart, the newest writes', () => {
  expect(readConfig(good).secrets).toMatchObject({ newest: 1 });
  const { secrets } = readConfig({ ...good, KENSE_SECRET_KEY: `3:${secretOf('c')}, 1:${secretOf('a')}` });
  expect([secrets.newest, [...secrets.byVersion.keys()].sort()]).toEqual([3, [1, 3]]);
  expect(Buffer.from(secrets.byVersion.get(3) ?? []).toString('hex')).toBe(secretOf('c'));
});

test('TLS is set by its flag, or by what only TLS needs', () => {
  expect(readConfig(good)).toMatchObject({ databaseTls: null, temporal: { tls: null }, smtp: { requireTls: false } });
  const named = { ...good, KENSE_DATABASE_URL: 'mysql://kense:secret@db.example.kz/kense' };
  expect(readConfig({ ...named, KENSE_DATABASE_CA_FILE: __filename }).databaseTls).toEqual({
    caFile: __filename,
    certFile: null,
    keyFile: null,
  });
  expect(readConfig({ ...good, KENSE_TEMPORAL_API_KEY: 'k' }).temporal).toMatchObject({ apiKey: 'k', tls: { caFile: null } });
  expect(readConfig({ ...good, KENSE_SMTP_CA_FILE: __filename }).smtp).toMatchObject({ requireTls: true, caFile: __filename });
});
