import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../services/root';
import { TestAuthority } from '../support/authority';
import { serverEnv } from '../support/servers';

const run = promisify(execFile);

/** Runs a command of the built program; exit code and everything it printed. */
async function kense(args: string[], change: Record<string, string>): Promise<{ code: number; text: string }> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('KENSE_'));
  const env = {
    ...Object.fromEntries(own),
    ...serverEnv(),
    KENSE_TRUST_FILES: '',
    KENSE_PUBLIC_URL: 'https://docs.example.kz',
    KENSE_LISTEN: '127.0.0.1:1',
    ...change,
  };
  try {
    const { stdout, stderr } = await run(process.execPath, [path.join(root, 'dist/cli/main.js'), ...args], { env });
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

const testAuthority = (): string => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'kense-strict-')), 'ca.pem');
  writeFileSync(file, new TestAuthority().pem);
  return file;
};

const demoAuthority = (): string => serverEnv()['KENSE_TRUST_FILES'] ?? '';

test('the check prints no secret of the installation and warns of a missing proxy', async () => {
  const { code, text } = await kense(['config', 'check'], {});
  expect(code).toBe(0);
  for (const name of ['KENSE_SECRET_KEY', 'KENSE_S3_SECRET_KEY', 'KENSE_S3_ACCESS_KEY', 'KENSE_LDAP_BIND_PASSWORD'])
    expect(text).toContain(`${name}=***`);
  const password = new URL(serverEnv()['KENSE_DATABASE_URL'] ?? '').password;
  for (const secret of [
    password,
    serverEnv()['KENSE_SECRET_KEY'],
    serverEnv()['KENSE_S3_SECRET_KEY'],
    serverEnv()['KENSE_LDAP_BIND_PASSWORD'],
  ])
    expect(text).not.toContain(secret);
  expect(text).toMatch(/warning: KENSE_TRUST_PROXY/);
});

test.each<[string, Record<string, string>, RegExp]>([
  ["the demo's authority", { KENSE_TRUST_FILES: demoAuthority() }, /KENSE_TRUST_FILES: .*demo/],
  ['a policy that is not there', { KENSE_POLICY_FILE: '/nonexistent.json' }, /KENSE_POLICY_FILE/],
  ['a typed secret', { KENSE_SECRET_KEY: '0123456789abcdef'.repeat(4) }, /KENSE_SECRET_KEY: .*random/],
  ['plain http', { KENSE_PUBLIC_URL: 'http://docs.example.kz' }, /KENSE_PUBLIC_URL/],
])(
  '%s is refused by the check and by every start, whatever NODE_ENV says',
  async (_what, change, sentence) => {
    for (const command of [['config', 'check'], ['web'], ['worker']]) {
      const { code, text } = await kense(command, { ...change, NODE_ENV: 'development' });
      expect([command, code, sentence.test(text)]).toEqual([command, 2, true]);
    }
  },
  120_000,
);

test('an authority for tests counts only where the tests have said so', async () => {
  const file = testAuthority();
  const local = { KENSE_TRUST_FILES: file, KENSE_PUBLIC_URL: 'http://127.0.0.1:1', KENSE_SECRET_KEY: randomBytes(32).toString('hex') };
  expect((await kense(['config', 'check'], local)).text).toMatch(/KENSE_TEST=1/);
  expect((await kense(['config', 'check'], { ...local, KENSE_TEST: '1' })).code).toBe(0);
});

test('whether everything answers is told to the administrator, with the reasons', async () => {
  const { code, text } = await kense(['ready'], { KENSE_TEMPORAL_ADDRESS: '127.0.0.1:1' });
  expect(code).toBe(1);
  expect(text).toMatch(/^database +ok$/m);
  expect(text).toMatch(/^temporal +(?!ok)\S+/m);
}, 30_000);
