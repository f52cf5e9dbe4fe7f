import { createHash } from 'node:crypto';
import path from 'node:path';
import { ConfigError, readConfig } from '../../services/config';
import { checkNamedFiles, describeSettings, findWarnings, maskSetting } from '../../services/config-check';

const secret = createHash('sha256').update('config check').digest('hex');
const good = {
  KENSE_PUBLIC_URL: 'http://127.0.0.1:8080/',
  KENSE_LISTEN: '127.0.0.1:8080',
  KENSE_DATABASE_URL: 'mysql://kense:hunter2@127.0.0.1:3306/kense',
  KENSE_TEMPORAL_ADDRESS: '127.0.0.1:7233',
  KENSE_S3_ENDPOINT: 'http://127.0.0.1:9000',
  KENSE_S3_ACCESS_KEY: 'hunter2',
  KENSE_S3_SECRET_KEY: 'hunter2',
  KENSE_SMTP_URL: 'smtp://127.0.0.1:25',
  KENSE_MAIL_FROM: 'Kense <kense@example.kz>',
  KENSE_SECRET_KEY: secret,
};

test.each([
  ['KENSE_SECRET_KEY', secret],
  ['KENSE_SECRET_KEY', `1:${secret},2:${secret}`],
  ['KENSE_S3_SECRET_KEY', 'hunter2'],
  ['KENSE_S3_ACCESS_KEY', 'hunter2'],
  ['KENSE_LDAP_BIND_PASSWORD', 'hunter2'],
  ['KENSE_TEMPORAL_API_KEY', 'hunter2'],
  ['KENSE_SECRETKEY', 'hunter2'],
])('of %s nothing is printed', (name, value) => {
  expect(maskSetting(name, value)).toBe('***');
});

test.each([
  ['KENSE_DATABASE_URL', 'mysql://kense:hunter2@db:3306/kense', 'mysql://kense:***@db:3306/kense'],
  ['KENSE_DATABASE_URL', 'mysql://kense:hunter2@hunter2:hunter2@db/kense', 'mysql://kense:***@db/kense'],
  ['KENSE_DATABASE_URL', 'mysql://kense:a,hunter2@db/kense', 'mysql://kense:***@db/kense'],
  ['KENSE_SMTP_URL', 'smtp://kense:12/hunter2@mail', '***'],
  ['KENSE_SMTP_URL', 'smtp://kense:12#hunter2@mail', '***'],
  ['KENSE_SMTP_URL', 'smtp://kense:x/hunter2@mail', '***'],
  ['KENSE_SMTP_URL', 'smtps://mail:465?pass=hunter2', 'smtps://mail:465?***'],
  ['KENSE_PKI_PROXY_URL', 'http://name:hunter2@proxy:3128', 'http://name:***@proxy:3128/'],
  ['KENSE_OCSP_URLS', 'http://a.kz,http://u:hunter2@b.kz/x', 'http://a.kz,http://u:***@b.kz/x'],
])('%s: of an address the password is hidden', (name, value, shown) => {
  expect(maskSetting(name, value)).toBe(shown);
});

test.each([
  ['KENSE_PUBLIC_URL', 'https://docs.example.kz'],
  ['KENSE_CRL_URLS', 'http://crl.pki.gov.kz/a.crl,http://crl.pki.gov.kz/b.crl'],
  ['KENSE_SECRET_KEY_FILE', '/run/credentials/secret'],
  ['KENSE_MAIL_FROM', 'Kense <kense@example.kz>'],
])('%s is printed as it is', (name, value) => {
  expect(maskSetting(name, value)).toBe(value);
});

test('the whole list holds no secret', () => {
  const text = describeSettings({ ...good, PATH: '/bin' }).join('\n');
  expect(text).not.toMatch(/hunter2|PATH/);
  expect(text).not.toContain(secret);
  expect(text).toContain('KENSE_LISTEN=127.0.0.1:8080');
});

const warned = (change: Record<string, string>): string[] =>
  findWarnings(readConfig({ ...good, ...change })).map((warning) => warning.split(':')[0] ?? '');

test('an installation on one computer is warned of nothing', () => {
  expect(warned({})).toEqual([]);
});

test.each<[string, Record<string, string>, string]>([
  ['https without a trusted proxy', { KENSE_PUBLIC_URL: 'https://docs.example.kz' }, 'KENSE_TRUST_PROXY'],
  ['a proxy that is everybody', { KENSE_TRUST_PROXY: '0.0.0.0/0' }, 'KENSE_TRUST_PROXY'],
  ['Temporal in clear', { KENSE_TEMPORAL_ADDRESS: 'temporal.example.kz:7233' }, 'KENSE_TEMPORAL_TLS'],
  [
    'Temporal that lets everybody in',
    { KENSE_TEMPORAL_ADDRESS: 'temporal.example.kz:7233', KENSE_TEMPORAL_TLS: '1' },
    'KENSE_TEMPORAL_CERT_FILE or KENSE_TEMPORAL_API_KEY',
  ],
  ['old payloads', { KENSE_TEMPORAL_OLD_PAYLOADS: '1' }, 'KENSE_TEMPORAL_OLD_PAYLOADS'],
  ['a database in clear', { KENSE_DATABASE_URL: 'mysql://kense:s@db.example.kz/kense' }, 'KENSE_DATABASE_TLS'],
  ['a store in clear', { KENSE_S3_ENDPOINT: 'http://s3.example.kz' }, 'KENSE_S3_ENDPOINT'],
  ['mail in clear', { KENSE_SMTP_URL: 'smtp://mail.example.kz' }, 'KENSE_SMTP_TLS'],
  ['no time-stamps', { KENSE_TSP_URL: '' }, 'KENSE_TSP_URL'],
  ['the tests', { KENSE_TEST: '1' }, 'KENSE_TEST'],
])('of %s an administrator is warned', (_what, change, setting) => {
  expect(warned(change)).toEqual([setting]);
});

test('a trusted proxy is no mistake', () => {
  expect(warned({ KENSE_PUBLIC_URL: 'https://docs.example.kz', KENSE_TRUST_PROXY: '10.0.0.1' })).toEqual([]);
});

test('authorities and policies that are named are looked at, all problems at once', () => {
  const config = readConfig({
    ...good,
    KENSE_TRUST_FILES: '/nonexistent.pem',
    KENSE_POLICY_FILE: path.join(__dirname, 'nonexistent.json'),
  });
  const problems = ((): string[] => {
    try {
      checkNamedFiles(config);
      return [];
    } catch (error) {
      return error instanceof ConfigError ? error.problems : [];
    }
  })();
  expect(problems.map((problem) => /^KENSE_[A-Z]+_FILES?/.exec(problem)?.[0])).toEqual(['KENSE_TRUST_FILES', 'KENSE_POLICY_FILE']);
});
