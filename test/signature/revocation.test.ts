import { DOCUMENT_POLICY, createTrustStore, verifyCms, type Certificate, type SignerReport } from '../../signature';
import {
  generatePrivateKey,
  issueCertificate,
  issueCrl,
  makeCms,
  subjectPublicKeyInfo,
  type CrlOrder,
  type Issuer,
} from '../../signature/make';
import { certificate, crl, fixture, onlySigner, openP12, resultOf, verify } from './support/fixtures';

const BASE = crl('test-nca-gost2022-base-2025-04-29.crl');
const DELTA = crl('test-nca-gost2022-delta-2025-04-29.crl');
const JUNE = new Date('2025-06-10T00:00:00Z');
const content = Buffer.from('a document');

function signedBy(name: string, signingTime: Date): Uint8Array {
  return makeCms({ ...openP12(name), document: { content, attached: false }, signingTime });
}

function revocationOf(signer: SignerReport): { code: string; detail: string; result: string } {
  return signer.checks.find((check) => check.name === 'revocation')!;
}

describe('the lists of NUC RK of 2025-04-29', () => {
  test.each([
    ['2024-individual-revoked', '2024-10-29T12:25:16Z'],
    ['2024-first-head-revoked', '2024-10-29T11:45:53Z'],
    ['2024-signer-revoked', '2024-10-30T11:03:15Z'],
  ])('%s is revoked, on %s', (name, date) => {
    const report = verify(signedBy(name, JUNE), { at: JUNE, content, crls: [BASE, DELTA] });
    expect(report).toMatchObject({ verdict: 'invalid', code: 'certificate.revoked' });
    expect(revocationOf(onlySigner(report)).detail).toContain(date);
  });

  test.each([
    '2024-individual-good',
    '2024-first-head-good',
    '2024-signer-good',
    '2024-employee-good',
    '2024-infosystem-good',
    '2024-treasury-good',
  ])('%s is not', (name) => {
    const report = verify(signedBy(name, JUNE), { at: JUNE, content, crls: [BASE, DELTA] });
    expect(report.verdict).toBe('valid');
    expect(revocationOf(onlySigner(report)).result).toBe('pass');
  });

  test('are stale on 2025-11-01: not checked, undecided where the policy insists, never invalid', () => {
    const cms = signedBy('2024-signer-good', JUNE);
    const late = { at: new Date('2025-11-01T00:00:00Z'), receivedAt: new Date('2025-10-28T00:00:00Z'), content, crls: [BASE, DELTA] };
    const report = verify(cms, late);
    expect(revocationOf(onlySigner(report)).result).toBe('not checked');
    expect(report.verdict).toBe('valid');
    const strict = verify(cms, { ...late, policy: { ...DOCUMENT_POLICY, requireRevocation: 'ocsp-or-crl' } });
    expect(strict).toMatchObject({ verdict: 'indeterminate', code: 'revocation.stale' });
  });

  test('are of no use when altered or of another authority', () => {
    const broken = Uint8Array.from(fixture('crl/test-nca-gost2022-base-2025-04-29.crl'));
    broken[broken.length - 5]! ^= 1;
    const cms = signedBy('2024-individual-revoked', JUNE);
    const altered = verify(cms, { at: JUNE, content, crls: [{ ...BASE, signed: { ...BASE.signed, signature: broken.subarray(-128) } }] });
    expect(revocationOf(onlySigner(altered))).toMatchObject({ result: 'not checked', detail: 'the signature of the list is wrong' });
    const foreign = verify(cms, { at: JUNE, content, crls: [crl('test-nca-rsa-2022-03-29.crl')] });
    expect(revocationOf(onlySigner(foreign)).result).toBe('not checked');
  });

  test('a delta alone says nothing', () => {
    const report = verify(signedBy('2024-individual-revoked', JUNE), { at: JUNE, content, crls: [DELTA] });
    expect(revocationOf(onlySigner(report)).result).toBe('not checked');
  });

  test.each([
    ['2022-first-head-gost2004-revoked', 'test-nca-gost2004-2022-03-29.crl', '2022-01-18T04:47:37Z superseded'],
    ['2022-individual-rsa-auth-revoked', 'test-nca-rsa-2022-03-29.crl', '2022-01-18T04:41:12Z superseded'],
  ])('%s is revoked by the older list of its authority', (name, list, detail) => {
    const at = new Date('2022-04-10T00:00:00Z');
    const report = verify(signedBy(name, at), { at, content, crls: [crl(list)] });
    expect(report).toMatchObject({ verdict: 'invalid', code: 'certificate.revoked' });
    expect(revocationOf(onlySigner(report)).detail).toBe(detail);
    expect(resultOf(onlySigner(report), 'signature')).toBe('pass');
  });
});

describe('an authority’s lists', () => {
  const from = new Date('2026-01-01T00:00:00Z');
  const to = new Date('2028-01-01T00:00:00Z');
  const caKey = generatePrivateKey('gost2015');
  const ca: Issuer = {
    privateKey: caKey,
    certificate: issueCertificate(
      { subject: { name: 'Test CA' }, publicKey: subjectPublicKeyInfo(caKey), profile: { kind: 'ca' }, notBefore: from, notAfter: to },
      { selfSigned: caKey },
    ),
  };
  const privateKey = generatePrivateKey('gost2015');
  const signer = issueCertificate(
    {
      subject: { name: 'ТЕСТ', iin: '123456789011' },
      publicKey: subjectPublicKeyInfo(privateKey),
      profile: { kind: 'subject', roles: ['individual'] },
      notBefore: from,
      notAfter: to,
    },
    ca,
  );
  const trust = createTrustStore([ca.certificate]);
  const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
  const cms = makeCms({ certificate: signer, privateKey, document: { content, attached: true }, signingTime: day('2026-03-01') });
  const list = (order: Partial<CrlOrder>): ReturnType<typeof issueCrl> =>
    issueCrl({ thisUpdate: day('2026-06-01'), nextUpdate: day('2026-07-01'), number: 5n, revoked: [], ...order }, ca);
  const check = (
    crls: ReturnType<typeof issueCrl>[],
    at: string,
    more: { receivedAt?: Date } = {},
  ): { verdict: string; code: string; result: string } => {
    const report = onlySigner(verifyCms(cms, { at: day(at), crls, trust, policy: DOCUMENT_POLICY, ...more }));
    return { verdict: report.verdict, code: report.code, result: revocationOf(report).result };
  };
  const revoked = (date: string, reason?: 'keyCompromise' | 'certificateHold' | 'superseded' | 'removeFromCRL'): CrlOrder['revoked'] => [
    { serial: signer.serial, revokedAt: day(date), reason },
  ];

  test('a revocation after the proven time does no harm, one of a compromised key counts backwards', () => {
    const received = { receivedAt: day('2026-03-01') };
    expect(check([list({ revoked: revoked('2026-05-01') })], '2026-06-10', received).code).toBe('ok');
    expect(check([list({ revoked: revoked('2026-05-01', 'superseded') })], '2026-06-10', received).code).toBe('ok');
    expect(check([list({ revoked: revoked('2026-05-01', 'keyCompromise') })], '2026-06-10', received).code).toBe('certificate.revoked');
    expect(check([list({ revoked: revoked('2026-02-01') })], '2026-06-10', received).code).toBe('certificate.revoked');
  });

  test('a suspended certificate leaves the question open', () => {
    expect(check([list({ revoked: revoked('2026-02-01', 'certificateHold') })], '2026-06-10')).toMatchObject({
      verdict: 'indeterminate',
      code: 'certificate.on_hold',
    });
  });

  test('a delta made for the list lifts a suspension or adds a revocation', () => {
    const base = list({ revoked: revoked('2026-02-01', 'certificateHold') });
    const newer = { deltaBase: 5n, number: 2n, thisUpdate: day('2026-06-05') };
    expect(check([base, list({ ...newer, revoked: revoked('2026-06-04', 'removeFromCRL') })], '2026-06-10').code).toBe('ok');
    expect(check([list({}), list({ ...newer, revoked: revoked('2026-06-04') })], '2026-06-10').code).toBe('certificate.revoked');
    const forLaterBase = list({ ...newer, deltaBase: 6n, revoked: revoked('2026-06-04', 'removeFromCRL') });
    expect(check([base, forLaterBase], '2026-06-10').code).toBe('certificate.on_hold');
    const older = list({ ...newer, thisUpdate: day('2026-05-01'), revoked: revoked('2026-04-04', 'removeFromCRL') });
    expect(check([base, older], '2026-06-10').code).toBe('certificate.on_hold');
  });

  test('a stale list no longer clears anybody, but a revocation in it stays one', () => {
    expect(check([list({})], '2026-08-01')).toEqual({ verdict: 'valid', code: 'ok', result: 'not checked' });
    expect(check([list({ revoked: revoked('2026-05-01') })], '2026-08-01').code).toBe('certificate.revoked');
    expect(check([list({ revoked: revoked('2026-05-01', 'certificateHold') })], '2026-08-01')).toMatchObject({
      code: 'ok',
      result: 'not checked',
    });
  });

  test('a list made after the proven time covers it even when it is stale now', () => {
    expect(check([list({})], '2026-12-01', { receivedAt: day('2026-03-01') })).toMatchObject({ code: 'ok', result: 'pass' });
  });

  test('of several lists the freshest counts', () => {
    const old = list({ thisUpdate: day('2026-05-01'), number: 4n, revoked: revoked('2026-02-01', 'certificateHold') });
    expect(check([old, list({})], '2026-06-10').code).toBe('ok');
  });

  test('a list of a certificate that may not sign lists is not used', () => {
    const impostorKey = generatePrivateKey('gost2015');
    const impostor: Certificate = issueCertificate(
      {
        subject: { name: 'Test CA' },
        publicKey: subjectPublicKeyInfo(impostorKey),
        profile: { kind: 'tsa' },
        notBefore: from,
        notAfter: to,
      },
      { selfSigned: impostorKey },
    );
    const forged = issueCrl(
      { thisUpdate: day('2026-06-01'), nextUpdate: day('2026-07-01'), number: 9n, revoked: revoked('2026-02-01') },
      { certificate: impostor, privateKey: impostorKey },
    );
    expect(check([forged], '2026-06-10')).toMatchObject({ code: 'ok', result: 'not checked' });
  });
});

test('the CA of a fixture is itself checked against the lists of its root', () => {
  const report = verify(signedBy('2024-individual-good', JUNE), {
    at: JUNE,
    content,
    crls: [BASE],
    trust: createTrustStore([certificate('ca/test-root-gost2022.cer')], [certificate('ca/test-nca-gost2022.cer')]),
  });
  expect(report.verdict).toBe('valid');
});
