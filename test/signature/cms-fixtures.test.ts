import { productionTrust, verifyCms, DOCUMENT_POLICY, createTrustStore, LOGIN_POLICY } from '../../signature';
import { digest } from '../../signature/digests';
import { certificate, cmsFixture, fixture, onlySigner, resultOf, verify } from './support/fixtures';

const AT = new Date('2026-08-01T00:00:00Z');
const individual = cmsFixture('ncalayer-individual-attached-cadest.der');
const detached = cmsFixture('ncalayer-individual-detached-cadest.der');
const document = fixture('cms/ncalayer-individual-document.txt');
const legal = cmsFixture('ncalayer-legal-detached-cadest.der');
const legalDocument = fixture('cms/ncalayer-legal-document.txt');

describe('signatures of NCALayer', () => {
  test('attached, with a time-stamp: everything about it is found and good', () => {
    const report = verify(individual, { at: AT });
    expect(report).toMatchObject({ verdict: 'valid', code: 'ok', attached: true });
    const signer = onlySigner(report);
    expect(signer).toMatchObject({
      verdict: 'valid',
      code: 'ok',
      reason: 'The signature is valid.',
      level: 'CAdES-T',
      iin: '123456789011',
      bin: null,
      name: 'ТЕСТОВ ТЕСТ',
      organisation: null,
      roles: ['individual'],
      serial: '6c425659bd2fc6dc587b871aede1857727cf8451',
      claimedTime: '2026-07-20T09:08:06Z',
      bestTime: '2026-07-20T09:08:07Z',
      bestTimeSource: 'time-stamp',
      timeStamp: { time: '2026-07-20T09:08:07Z', tsa: 'TIME-STAMPING AUTHORITY', policy: '1.2.398.3.3.2.6.4' },
    });
    for (const name of ['structure', 'digest', 'signature', 'certificate-hash', 'time-stamp', 'chain', 'validity', 'key-usage']) {
      expect([name, resultOf(signer, name)]).toEqual([name, 'pass']);
    }
    expect(resultOf(signer, 'revocation')).toBe('not checked');
    expect(signer.certificate!.fingerprint).toBe(certificate('certs/2026-individual_valid.cer').fingerprint);
  });

  test('detached: good with its document, by content or by digest', () => {
    expect(verify(detached, { at: AT, content: document }).verdict).toBe('valid');
    expect(verify(detached, { at: AT, digests: { streebog512: digest('streebog512', document) } }).verdict).toBe('valid');
  });

  test('detached: any other document is a mismatch, the signature value staying good', () => {
    const report = verify(detached, { at: AT, content: legalDocument });
    expect(report).toMatchObject({ verdict: 'invalid', code: 'digest.mismatch' });
    expect(resultOf(onlySigner(report), 'signature')).toBe('pass');
    expect(verify(detached, { at: AT, content: new Uint8Array() }).code).toBe('digest.mismatch');
    expect(verify(detached, { at: AT, digests: { streebog512: new Uint8Array(64) } }).code).toBe('digest.mismatch');
  });

  test('detached without the document cannot be decided', () => {
    expect(verify(detached, { at: AT })).toMatchObject({ verdict: 'indeterminate', code: 'content.missing' });
    expect(verify(detached, { at: AT, digests: { sha256: digest('sha256', document) } }).code).toBe('content.missing');
  });

  test('attached beside another document is a contradiction', () => {
    expect(verify(individual, { at: AT, content: document }).verdict).toBe('valid');
    expect(verify(individual, { at: AT, content: legalDocument })).toMatchObject({ verdict: 'invalid', code: 'content.mismatch' });
    expect(verify(individual, { at: AT, digests: { sha256: digest('sha256', legalDocument) } }).code).toBe('content.mismatch');
    expect(verify(individual, { at: AT, digests: { sha256: digest('sha256', document) } }).code).toBe('ok');
  });

  test('a company’s first head: BIN, role and time', () => {
    const signer = onlySigner(verify(legal, { at: AT, content: legalDocument }));
    expect(signer).toMatchObject({
      verdict: 'valid',
      iin: '123456789011',
      bin: '123456789021',
      organisation: 'АО "ТЕСТ"',
      roles: ['legal-entity', 'first-head'],
      bestTime: '2026-07-20T09:10:09Z',
    });
  });

  test('a required role must be there, one of several is enough', () => {
    const check = (requiredRoles: ('first-head' | 'signer' | 'individual')[]): string =>
      verify(legal, { at: AT, content: legalDocument, requiredRoles }).code;
    expect(check(['first-head'])).toBe('ok');
    expect(check(['signer', 'first-head'])).toBe('ok');
    expect(check(['signer'])).toBe('role.missing');
    expect(check(['individual'])).toBe('role.missing');
  });

  test('stays good after its certificate has expired, as long as that of the time-stamp is valid', () => {
    expect(verify(individual, { at: new Date('2028-10-01T00:00:00Z') }).verdict).toBe('valid');
    const late = { at: new Date('2031-01-01T00:00:00Z') };
    expect(verify(individual, late)).toMatchObject({ verdict: 'indeterminate', code: 'timestamp.expired' });
    expect(verify(individual, { ...late, receivedAt: new Date('2026-07-20T09:09:00Z') }).verdict).toBe('valid');
  });

  test('is undecided when the clock stands before the time-stamp', () => {
    expect(verify(individual, { at: new Date('2026-07-01T00:00:00Z') })).toMatchObject({
      verdict: 'indeterminate',
      code: 'timestamp.in_future',
    });
  });
});

describe('trust', () => {
  const cases: [string, Uint8Array, Uint8Array | undefined, string][] = [
    ['ncalayer attached', individual, undefined, '2026-08-01T00:00:00Z'],
    ['ncalayer detached', detached, document, '2026-08-01T00:00:00Z'],
    ['ncalayer legal', legal, legalDocument, '2026-08-01T00:00:00Z'],
    [
      'kalkan two signers',
      cmsFixture('kalkan-two-signers-gost2015-rsa-detached.der'),
      fixture('cms/kalkan-test123.txt'),
      '2022-01-10T00:00:00Z',
    ],
    ['kalkan attached', cmsFixture('kalkan-one-signer-rsa-attached.der'), undefined, '2022-01-10T00:00:00Z'],
    ['sdk gost2004', cmsFixture('sdk-gost2004-detached.pem'), fixture('cms/sdk-gost2004-document.txt'), '2019-09-01T00:00:00Z'],
  ];

  test.each(cases)(
    '%s: without the test authorities the chain is not trusted, digest and signature are still good',
    (_name, cms, content, at) => {
      const report = verifyCms(cms, { content, at: new Date(at), trust: productionTrust(), policy: DOCUMENT_POLICY });
      expect(report.verdict).not.toBe('valid');
      for (const signer of report.signers) {
        expect(signer.verdict).not.toBe('valid');
        expect(signer.checks.find((c) => c.name === 'chain')).toMatchObject({ result: 'fail', code: 'chain.not_trusted' });
        expect([resultOf(signer, 'digest'), resultOf(signer, 'signature')]).toEqual(['pass', 'pass']);
      }
    },
  );

  test('NCALayer’s signature under production trust is undecided for that reason alone', () => {
    const report = verifyCms(individual, { at: AT, trust: productionTrust(), policy: DOCUMENT_POLICY });
    expect(report).toMatchObject({ verdict: 'indeterminate', code: 'chain.not_trusted' });
  });

  test('a time-stamp of an authority that is not trusted proves no time', () => {
    const trust = createTrustStore([certificate('ca/test-nca-gost2022.cer')]);
    const report = verifyCms(individual, { at: AT, trust, policy: DOCUMENT_POLICY });
    expect(report).toMatchObject({ verdict: 'indeterminate', code: 'timestamp.not_trusted' });
    expect(onlySigner(report)).toMatchObject({ bestTimeSource: 'checking', level: 'CAdES-T' });
  });
});

describe('signatures of Kalkan and the SDK', () => {
  const two = cmsFixture('kalkan-two-signers-gost2015-rsa-detached.der');
  const text = fixture('cms/kalkan-test123.txt');

  test('two signers with different algorithms in one CMS', () => {
    const report = verify(two, { at: new Date('2022-09-27T21:30:00Z'), content: text });
    expect(report.signers.map((s) => [s.iin, s.level, s.claimedTime, resultOf(s, 'signature'), resultOf(s, 'digest')])).toEqual([
      ['123456789012', 'CMS', '2022-09-27T21:29:41Z', 'pass', 'pass'],
      ['123456789011', 'CMS', '2022-09-27T21:29:41Z', 'pass', 'pass'],
    ]);
    expect(report.signers.map((s) => s.code)).toEqual(['ok', 'certificate.expired_at_signing']);
    expect(report).toMatchObject({ verdict: 'invalid', code: 'certificate.expired_at_signing' });
  });

  test('an expired certificate without proof of the time is undecided, with the server’s receipt it is good', () => {
    const late = { at: new Date('2024-01-01T00:00:00Z'), content: text };
    expect(verify(two, late).signers[0]).toMatchObject({ verdict: 'indeterminate', code: 'certificate.expired' });
    const received = verify(two, { ...late, receivedAt: new Date('2022-09-27T21:30:00Z') }).signers[0];
    expect(received).toMatchObject({ verdict: 'valid', bestTime: '2022-09-27T21:30:00Z', bestTimeSource: 'received' });
  });

  test('a certificate from the future is undecided', () => {
    const report = verify(cmsFixture('sdk-gost2004-detached.pem'), {
      at: new Date('2019-04-01T00:00:00Z'),
      content: fixture('cms/sdk-gost2004-document.txt'),
    });
    expect(report).toMatchObject({ verdict: 'indeterminate', code: 'certificate.not_yet_valid' });
  });

  test('attached RSA made after the certificate had expired', () => {
    const report = verify(cmsFixture('kalkan-one-signer-rsa-attached.der'), { at: AT });
    expect(report).toMatchObject({ verdict: 'invalid', code: 'certificate.expired_at_signing', attached: true });
    expect(resultOf(onlySigner(report), 'signature')).toBe('pass');
  });

  test('GOST 34.310-2004 in PEM, the key OID standing for the signature algorithm', () => {
    const report = verify(cmsFixture('sdk-gost2004-detached.pem'), {
      at: new Date('2019-09-01T00:00:00Z'),
      content: fixture('cms/sdk-gost2004-document.txt'),
    });
    expect(report.verdict).toBe('valid');
    expect(onlySigner(report)).toMatchObject({
      level: 'CAdES-BES',
      roles: ['legal-entity', 'employee'],
      iin: '123456789012',
      bin: '123456789021',
    });
  });

  test('an algorithm that has ended proves nothing new', () => {
    const policy = { ...DOCUMENT_POLICY, algorithms: { gost2004: '2019-08-01T00:00:00Z' } };
    const input = { at: new Date('2019-09-01T00:00:00Z'), content: fixture('cms/sdk-gost2004-document.txt'), policy };
    expect(verify(cmsFixture('sdk-gost2004-detached.pem'), input)).toMatchObject({
      verdict: 'indeterminate',
      code: 'algorithm.no_longer_accepted',
    });
  });
});

describe('policy', () => {
  test('a time-stamp can be made compulsory', () => {
    const policy = { ...DOCUMENT_POLICY, requireTimeStamp: true };
    expect(verify(individual, { at: AT, policy }).verdict).toBe('valid');
    const without = verify(cmsFixture('sdk-gost2004-detached.pem'), {
      at: new Date('2019-09-01T00:00:00Z'),
      content: fixture('cms/sdk-gost2004-document.txt'),
      policy,
    });
    expect(without).toMatchObject({ verdict: 'indeterminate', code: 'timestamp.missing' });
  });

  test('revocation information can be made compulsory, its absence is never "invalid"', () => {
    const policy = { ...DOCUMENT_POLICY, requireRevocation: 'ocsp-or-crl' as const };
    expect(verify(individual, { at: AT, policy })).toMatchObject({ verdict: 'indeterminate', code: 'revocation.missing' });
  });

  test('the login policy differs by the certificates it accepts only', () => {
    expect(verify(individual, { at: AT, policy: LOGIN_POLICY }).verdict).toBe('valid');
  });
});
