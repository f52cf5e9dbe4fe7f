import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runVerify } from '../../cli/verify';
import { makeCms } from '../../signature/make';
import { fixturePath, openP12 } from './support/fixtures';

const TRUST = [
  '--trust',
  ...['test-root-gost2022.cer', 'test-nca-gost2022.cer', 'test-nca-gost2004.pem', 'test-nca-rsa.pem'].map((n) => fixturePath(`ca/${n}`)),
];

const content = Buffer.from('Документ, подписанный проверочным ключом\n');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'kense-fixtures-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Answer {
  status: number;
  report: { verdict: string; code: string; purpose: string; format: number; signers: Record<string, unknown>[] };
}

async function verify(at: string, args: string[], signature: string): Promise<Answer> {
  let stdout = '';
  const io = { stdout: { write: (t: string) => (stdout += t) }, stderr: { write: () => true }, now: () => new Date(at) };
  const status = await runVerify(['--json', '--offline', ...TRUST, '--at', at, ...args, '--', signature], io);
  return { status, report: JSON.parse(stdout) as Answer['report'] };
}

/** File of a detached CMS made with a key of the PKCS#12 fixtures. */
function signedWith(name: string, at: string): { signature: string; document: string } {
  const cms = makeCms({ ...openP12(name), document: { content, attached: false }, signingTime: new Date(at) });
  const [signature, document] = [path.join(directory, `${name}.cms`), path.join(directory, 'document')];
  writeFileSync(signature, cms);
  writeFileSync(document, content);
  return { signature, document };
}

const cms = (name: string): string => fixturePath(`cms/${name}`);
const crl = (...names: string[]): string[] => ['--crl', ...names.map((name) => fixturePath(`crl/${name}.crl`))];
const ocsp = (name: string): string[] => ['--ocsp', fixturePath(`ocsp/${name}.der`)];

describe('kense verify agrees with what is known of every signature of the fixtures', () => {
  test.each<[file: string, document: string | undefined, at: string, status: number, code: string, signer: Record<string, unknown>]>([
    [
      'ncalayer-individual-attached-cadest.der',
      undefined,
      '2026-08-01T00:00:00Z',
      0,
      'ok',
      { level: 'CAdES-T', iin: '123456789011', bestTime: '2026-07-20T09:08:07Z' },
    ],
    ['ncalayer-individual-detached-cadest.der', 'ncalayer-individual-document.txt', '2026-08-01T00:00:00Z', 0, 'ok', { level: 'CAdES-T' }],
    ['ncalayer-individual-detached-cadest.der', 'ncalayer-legal-document.txt', '2026-08-01T00:00:00Z', 1, 'digest.mismatch', {}],
    ['ncalayer-individual-detached-cadest.der', undefined, '2026-08-01T00:00:00Z', 2, 'content.missing', {}],
    [
      'ncalayer-legal-detached-cadest.der',
      'ncalayer-legal-document.txt',
      '2026-08-01T00:00:00Z',
      0,
      'ok',
      { bin: '123456789021', roles: ['legal-entity', 'first-head'], bestTime: '2026-07-20T09:10:09Z' },
    ],
    [
      'kalkan-two-signers-gost2015-rsa-detached.der',
      'kalkan-test123.txt',
      '2022-09-27T21:30:00Z',
      1,
      'certificate.expired_at_signing',
      { level: 'CMS', iin: '123456789012', code: 'ok', claimedTime: '2022-09-27T21:29:41Z' },
    ],
    [
      'kalkan-one-signer-rsa-attached.der',
      undefined,
      '2026-08-01T00:00:00Z',
      1,
      'certificate.expired_at_signing',
      { level: 'CMS', iin: '123456789011' },
    ],
    ['sdk-gost2004-detached.pem', 'sdk-gost2004-document.txt', '2019-09-01T00:00:00Z', 0, 'ok', { level: 'CAdES-BES' }],
  ])('%s with %s at %s: exit status %s, %s', async (file, document, at, status, code, signer) => {
    const answer = await verify(at, document ? ['--content', cms(document)] : [], cms(file));
    expect(answer).toMatchObject({
      status,
      report: { format: 1, code, signers: expect.arrayContaining([expect.objectContaining(signer)]) },
    });
  });

  const LISTS_2025 = ['test-nca-gost2022-base-2025-04-29', 'test-nca-gost2022-delta-2025-04-29'];
  const JUNE = '2025-06-10T00:00:00Z';
  test.each<[key: string, at: string, lists: string[], status: number, code: string]>([
    ['2024-individual-revoked', JUNE, LISTS_2025, 1, 'certificate.revoked'],
    ['2024-first-head-revoked', JUNE, LISTS_2025, 1, 'certificate.revoked'],
    ['2024-signer-revoked', JUNE, LISTS_2025, 1, 'certificate.revoked'],
    ['2024-individual-good', JUNE, LISTS_2025, 0, 'ok'],
    ['2024-first-head-good', JUNE, LISTS_2025, 0, 'ok'],
    ['2024-signer-good', JUNE, LISTS_2025, 0, 'ok'],
    ['2024-employee-good', JUNE, LISTS_2025, 0, 'ok'],
    ['2024-infosystem-good', JUNE, LISTS_2025, 0, 'ok'],
    ['2024-treasury-good', JUNE, LISTS_2025, 0, 'ok'],
    ['2024-signer-good', '2025-10-27T00:00:00Z', LISTS_2025, 2, 'revocation.stale'],
    ['2023-individual-expired', JUNE, LISTS_2025, 2, 'certificate.expired'],
    ['2026-individual_valid', '2026-08-01T00:00:00Z', [], 2, 'revocation.missing'],
    ['2026-individual_revoked', '2026-08-01T00:00:00Z', [], 2, 'revocation.missing'],
    ['2026-legal_ceo_valid', '2026-08-01T00:00:00Z', [], 2, 'revocation.missing'],
    ['2026-legal_signer_valid', '2026-08-01T00:00:00Z', [], 2, 'revocation.missing'],
    ['2026-legal_infosystem_valid', '2026-08-01T00:00:00Z', [], 2, 'revocation.missing'],
    ['2022-first-head-gost2004-revoked', '2022-04-10T00:00:00Z', ['test-nca-gost2004-2022-03-29'], 1, 'certificate.revoked'],
    ['2022-individual-rsa-auth-revoked', '2022-04-10T00:00:00Z', ['test-nca-rsa-2022-03-29'], 1, 'certificate.revoked'],
    ['2021-individual-rsa-sign', '2021-06-01T00:00:00Z', [], 2, 'revocation.missing'],
  ])(
    'a signature by the key %s, signed and checked at %s for signing, lists %j: exit status %s, %s',
    async (key, at, lists, status, code) => {
      const signingTime = key === '2023-individual-expired' ? '2024-06-01T00:00:00Z' : at;
      const { signature, document } = signedWith(key, signingTime);
      const args = ['--purpose', 'sign', '--content', document, ...(lists.length > 0 ? crl(...lists) : [])];
      expect(await verify(at, args, signature)).toMatchObject({ status, report: { purpose: 'sign', code } });
    },
  );

  test('the answer "good" of the responder clears its certificate', async () => {
    const { signature, document } = signedWith('2021-individual-rsa-sign', '2022-01-10T00:00:00Z');
    const args = ['--purpose', 'sign', '--content', document, ...ocsp('good-individual-rsa')];
    const { report } = await verify('2022-09-02T16:53:59Z', args, signature);
    expect(report.code).toBe('certificate.expired'); // nothing proves that it was made before January
    expect(report.signers[0]).toMatchObject({
      revocation: [{ status: 'good', source: 'ocsp', producedAt: '2022-09-02T16:53:59Z', nextUpdate: null }],
      checks: expect.arrayContaining([{ name: 'revocation', result: 'pass', code: 'ok', detail: 'Answer of 2022-09-02T16:53:59Z' }]),
    });
  });

  test('"revoked in 1970" is told as "not known to the responder"', async () => {
    const { signature, document } = signedWith('2022-individual-gost2015-pwAa123456', '2022-09-01T00:00:00Z');
    const args = ['--content', document, ...ocsp('revoked-1970-individual-gost2015')];
    expect(await verify('2022-09-02T16:59:00Z', args, signature)).toMatchObject({
      status: 2,
      report: { code: 'revocation.unknown', signers: [{ pending: [], revocation: [{ status: 'unknown', source: 'ocsp' }] }] },
    });
  });

  test('an answer about somebody else clears nobody', async () => {
    const { signature, document } = signedWith('2022-individual-gost2015-pwAa123456', '2022-09-01T00:00:00Z');
    const args = ['--purpose', 'sign', '--content', document, ...ocsp('revoked-hold-first-head-gost2015')];
    expect(await verify('2022-09-02T16:59:30Z', args, signature)).toMatchObject({ status: 2, report: { code: 'revocation.missing' } });
  });

  test('a time-stamp token is no signature of a document, but it is looked into', async () => {
    expect(await verify('2022-09-18T13:20:14Z', [], fixturePath('tsp/token-gost2004.der'))).toMatchObject({
      status: 1,
      report: { code: 'key_usage.not_for_signing', signers: [{ name: 'СЕРВИС МЕТКИ ВРЕМЕНИ' }] },
    });
  });
});
