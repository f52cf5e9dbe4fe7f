import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runVerify } from '../../cli/verify';
import { parseVerifyArguments } from '../../cli/verify-arguments';
import { fixturePath } from './support/fixtures';

const AT = '2026-08-01T00:00:00Z';
const attached = fixturePath('cms/ncalayer-individual-attached-cadest.der');
const detached = fixturePath('cms/ncalayer-legal-detached-cadest.der');
const document = fixturePath('cms/ncalayer-legal-document.txt');
const ca = fixturePath('ca/test-nca-gost2022.cer');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'kense-verify-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const io = { stdout: { write: (t: string) => (stdout += t) }, stderr: { write: (t: string) => (stderr += t) }, now: () => new Date(AT) };
  return { status: await runVerify(argv, io), stdout, stderr };
}

describe('kense verify', () => {
  test('0: a valid signature, told in words', async () => {
    const { status, stdout } = await run('--trust', ca, '--content', document, detached);
    expect(status).toBe(0);
    expect(stdout).toContain('VALID (ok)');
    expect(stdout).toContain('ТЕСТОВ ТЕСТ, IIN 123456789011');
    expect(stdout).toContain('BIN 123456789021');
  });

  test('0: the same as JSON, with every field', async () => {
    const { status, stdout } = await run('--json', '--trust', ca, '--content', document, detached);
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ verdict: 'valid', code: 'ok' });
    expect(report.signers).toHaveLength(1);
    expect(report.signers[0]).toMatchObject({
      verdict: 'valid',
      code: 'ok',
      reason: 'The signature is valid.',
      level: 'CAdES-T',
      iin: '123456789011',
      bin: '123456789021',
      name: 'ТЕСТОВ ТЕСТ',
      organisation: 'АО "ТЕСТ"',
      roles: ['legal-entity', 'first-head'],
      serial: '303eebdf17969f3edede9bd9828fb1355aabbe4e',
      claimedTime: '2026-07-20T09:10:09Z',
      bestTime: '2026-07-20T09:10:09Z',
    });
    expect(report.signers[0].checks[0]).toEqual({ name: 'structure', result: 'pass', code: 'ok', detail: 'detached' });
  });

  test('1: another document, a missing role, a revoked certificate', async () => {
    expect((await run('--trust', ca, '--content', attached, detached)).status).toBe(1);
    expect((await run('--trust', ca, '--content', document, '--require-role', 'signer', '--', detached)).status).toBe(1);
    expect((await run('--trust', ca, '--content', document, '--require-role', 'signer|first-head', '--', detached)).status).toBe(0);
  });

  test('2: no trust, no document', async () => {
    const untrusted = await run('--json', attached);
    expect(untrusted.status).toBe(2);
    expect(JSON.parse(untrusted.stdout)).toMatchObject({ verdict: 'indeterminate', code: 'chain.not_trusted' });
    expect((await run('--trust', ca, '--', detached)).status).toBe(2);
  });

  test('2: a time before the time-stamp', async () => {
    expect((await run('--at', '2026-07-01T00:00:00+05:00', '--trust', ca, '--', attached)).status).toBe(2);
  });

  test('lists of revoked certificates are used', async () => {
    const list = fixturePath('crl/test-nca-gost2022-base-2025-04-29.crl');
    const { stdout } = await run('--json', '--trust', ca, '--crl', list, '--', attached);
    const revocation = JSON.parse(stdout).signers[0].checks.find((c: { name: string }) => c.name === 'revocation');
    expect(revocation).toMatchObject({ result: 'not checked', detail: 'What is at hand is valid until 2025-10-26T04:46:49Z' });
  });

  test.each<[string, string[], RegExp]>([
    ['no arguments', [], /no signature file/],
    ['an unknown option', ['--frobnicate', 'x'], /unknown option/],
    ['two signatures', ['a', 'b'], /more than one/],
    ['a missing file', ['/nonexistent/file.cms'], /cannot be read/],
    ['a missing document', ['--content', '/nonexistent/file', attached], /cannot be read/],
    ['a missing certificate', ['--trust', '/nonexistent/ca.pem', attached], /cannot be read/],
    ['a directory', [tmpdir()], /cannot be read/],
    ['a time without zone', ['--at', '2026-08-01T00:00:00', attached], /--at/],
    ['a time that is none', ['--at', 'yesterday', attached], /--at/],
    ['an unknown role', ['--require-role', 'king', '--', attached], /unknown role/],
    ['a file that is no signature', [document], /structure\./],
    ['a file that is no certificate', ['--trust', document, '--', attached], /structure\./],
    ['an option without its value', ['--content'], /needs a value|no signature/],
  ])('3: %s', async (_name, argv, message) => {
    const { status, stdout, stderr } = await run(...argv);
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(message);
  });

  test('help is no error', async () => {
    const { status, stdout } = await run('--help');
    expect([status, stdout.startsWith('Usage: kense verify')]).toEqual([0, true]);
  });

  test('names from certificates cannot play tricks on the terminal', async () => {
    const { stdout } = await run('--trust', ca, '--content', document, detached);
    expect(stdout).not.toMatch(/[\0-\t\v-\x1f]/);
  });
});

describe('the command line', () => {
  test.each<[string[], object]>([
    [['--trust', 'a', 'b', '--json', 'f'], { trustFiles: ['a', 'b'], signatureFile: 'f', json: true }],
    [['--trust', 'a', 'b', 'f'], { trustFiles: ['a', 'b'], signatureFile: 'f' }],
    [['f', '--trust', 'a', 'b'], { trustFiles: ['a', 'b'], signatureFile: 'f' }],
    [['--trust', 'a', '--trust', 'b', '--crl', 'c', 'f'], { trustFiles: ['a', 'b'], crlFiles: ['c'], signatureFile: 'f' }],
    [['--trust=a', '--content=d', 'f'], { trustFiles: ['a'], contentFile: 'd', signatureFile: 'f' }],
    [['--content', 'd', 'f'], { contentFile: 'd', signatureFile: 'f' }],
    [['--', '--odd-name'], { signatureFile: '--odd-name' }],
  ])('%j', (argv, expected) => {
    expect(parseVerifyArguments(argv)).toMatchObject(expected);
  });
});

/** Runs the command in a process of its own and gives its exit status and its largest memory in MB. */
function measured(...argv: string[]): { status: number; megabytes: number } {
  const script = `
    const swc = require('@swc/core');
    require.extensions['.ts'] = (m, f) => m._compile(swc.transformFileSync(f, { swcrc: false, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }).code, f);
    const { runVerify } = require('./cli/verify.ts');
    const silent = { write() {} };
    runVerify(process.argv.slice(1), { stdout: silent, stderr: silent, now: () => new Date('${AT}') })
      .then((status) => console.log(JSON.stringify({ status, megabytes: process.resourceUsage().maxRSS / 1024 })));
  `;
  const output = execFileSync(process.execPath, ['-e', script, '--', ...argv], { cwd: path.join(__dirname, '../..'), encoding: 'utf8' });
  return JSON.parse(output) as { status: number; megabytes: number };
}

test('a document of 400 MB is streamed, not held', () => {
  const large = path.join(directory, 'large');
  writeFileSync(large, '');
  truncateSync(large, 400 * 1024 * 1024);
  const small = measured('--content', document, fixturePath('cms/kalkan-one-signer-rsa-attached.der'));
  const streamed = measured('--content', large, fixturePath('cms/kalkan-one-signer-rsa-attached.der'));
  expect([small.status, streamed.status]).toEqual([1, 1]);
  expect(streamed.megabytes).toBeLessThan(small.megabytes + 60);
});
