import { checkOcsp, parseOcspResponse, type OcspCheck, type OcspOutcome } from '../../signature';
import { fromHex } from '../../signature/bytes';
import { certificate, fixture } from './support/fixtures';

const NONCES = { rsa: fromHex('B5E5C9B552CBCAC4'), unknown: fromHex('E408FFB790834AF2'), hold: fromHex('157B28FD1AC7761E') };
const RSA = {
  file: 'good-individual-rsa',
  certificate: certificate('certs/2021-individual-rsa-sign.cer'),
  issuer: certificate('ca/test-nca-rsa.pem'),
  at: new Date('2022-09-02T16:53:59Z'),
};
const GOST_CA = certificate('ca/test-nca-gost2022.cer');

function check(file: string, order: Partial<OcspCheck> & Pick<OcspCheck, 'certificate' | 'issuer' | 'at'>): OcspOutcome {
  return checkOcsp(parseOcspResponse(fixture(`ocsp/${file}.der`)), { maxAgeMs: 24 * 3_600_000, clockSkewMs: 0, ...order });
}

describe('the recorded answers of NUC RK', () => {
  test('good for the certificate it names, with the nonce that was sent', () => {
    expect(check(RSA.file, { ...RSA, nonce: NONCES.rsa })).toMatchObject({
      status: 'good',
      thisUpdate: RSA.at,
      producedAt: RSA.at,
      nextUpdate: undefined,
      coversExpired: true,
      responder: { person: { name: 'СЕРВИС ПРОВЕРКИ ОНЛАЙН СТАТУСА СЕРТИФИКАТА' } },
    });
  });

  test('not for another serial number or another issuer', () => {
    expect(check(RSA.file, { ...RSA, certificate: certificate('certs/2022-individual-rsa-sign.pem') })).toMatchObject({
      status: 'unusable',
      fault: 'wrong-certificate',
    });
    expect(check(RSA.file, { ...RSA, issuer: GOST_CA })).toMatchObject({ status: 'unusable', fault: 'wrong-certificate' });
  });

  test('not with the nonce of another request', () => {
    expect(check(RSA.file, { ...RSA, nonce: NONCES.hold })).toMatchObject({ status: 'unusable', fault: 'nonce-mismatch' });
  });

  test('not a day later, and not before it was made', () => {
    expect(check(RSA.file, { ...RSA, at: new Date('2022-09-03T16:53:59Z') }).status).toBe('good');
    expect(check(RSA.file, { ...RSA, at: new Date('2022-09-03T16:54:00Z') })).toMatchObject({ fault: 'too-old' });
    expect(check(RSA.file, { ...RSA, at: new Date('2022-09-02T16:53:58Z') })).toMatchObject({ fault: 'from-the-future' });
  });

  test('made after the instant in question it speaks about it for ever', () => {
    const later = { ...RSA, at: new Date('2030-01-01T00:00:00Z') };
    expect(check(RSA.file, { ...later, about: new Date('2022-01-10T00:00:00Z') }).status).toBe('good');
    expect(check(RSA.file, later)).toMatchObject({ fault: 'too-old' });
  });

  test('a suspended certificate, with its date', () => {
    const order = { issuer: GOST_CA, at: new Date('2022-09-02T16:59:28Z'), nonce: NONCES.hold };
    const serial = 0x3a90343e720594c55204b19cb9a402422ef0e622n;
    const held = { ...certificate('certs/2022-individual-gost2015.cer'), serial };
    expect(check('revoked-hold-first-head-gost2015', { ...order, certificate: held })).toMatchObject({
      status: 'on-hold',
      revokedAt: new Date('2022-07-27T10:25:30Z'),
      reason: 'certificateHold',
    });
  });

  test('"revoked in 1970" means that the responder does not know the certificate', () => {
    const order = { certificate: certificate('certs/2022-individual-gost2015.cer'), issuer: GOST_CA, nonce: NONCES.unknown };
    expect(check('revoked-1970-individual-gost2015', { ...order, at: new Date('2022-09-02T16:58:34Z') })).toMatchObject({
      status: 'unknown',
      form: 'extended-revoked',
    });
  });

  test('altered in any octet of what is signed it is no longer used, or no longer read', () => {
    const original = fixture('ocsp/good-individual-rsa.der');
    for (let at = 30; at < 700; at += 13) {
      const altered = Uint8Array.from(original);
      altered[at]! ^= 0x01;
      let outcome: string;
      try {
        outcome = checkOcsp(parseOcspResponse(altered), { ...RSA, maxAgeMs: 1e15, clockSkewMs: 1e15 }).status;
      } catch (error) {
        outcome = (error as Error).name;
      }
      expect([at, outcome]).toEqual([at, expect.stringMatching(/^(unusable|SignatureFormatError)$/)]);
    }
  });
});
