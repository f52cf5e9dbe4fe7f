import { isoTime, parseCertificate, productionTrust, createTrustStore } from '../../signature';
import { checkSigned } from '../../signature/x509/certificate';
import { buildChain } from '../../signature/x509/chain';
import { certificate, fixture, testTrust } from './support/fixtures';

interface Row {
  file: string;
  iin: string | undefined;
  bin: string | undefined;
  roles: string[];
  policy: string;
  usage: string[];
  notBefore: string;
  notAfter: string;
  issuer: string;
}

const GOST2022 = 'ca/test-nca-gost2022.cer';
const SIGN = ['digitalSignature', 'nonRepudiation', 'keyAgreement'];
const SIGN_2022 = ['digitalSignature', 'nonRepudiation', 'keyEncipherment'];
const OLD_SIGN = ['digitalSignature', 'nonRepudiation'];
const AUTH = ['digitalSignature', 'keyEncipherment'];

function row(file: string, roles: string[], dates: [string, string], more: Partial<Row> = {}): Row {
  const legal = roles.includes('legal-entity');
  return {
    file: `certs/${file}`,
    iin: '123456789011',
    bin: legal ? '123456789021' : undefined,
    roles,
    policy: '1.2.398.3.3.2',
    usage: SIGN,
    notBefore: dates[0],
    notAfter: dates[1],
    issuer: GOST2022,
    ...more,
  };
}

const ROWS: Row[] = [
  row('2026-individual_valid.cer', ['individual'], ['2026-05-08', '2027-05-08']),
  row('2026-individual_revoked.cer', ['individual'], ['2026-05-08', '2027-05-08']),
  row('2026-legal_ceo_valid.cer', ['legal-entity', 'first-head'], ['2026-05-08', '2027-05-08']),
  row('2026-legal_signer_valid.cer', ['legal-entity', 'signer'], ['2026-05-08', '2027-05-08'], { iin: '123456789012' }),
  row('2026-legal_infosystem_valid.cer', ['legal-entity', 'information-system'], ['2026-05-08', '2029-05-07'], { iin: undefined }),
  row('2024-individual-good.cer', ['individual'], ['2024-10-29', '2025-10-29']),
  row('2024-first-head-good.cer', ['legal-entity', 'first-head'], ['2024-10-29', '2025-10-29']),
  row('2024-signer-good.cer', ['legal-entity', 'signer'], ['2024-10-30', '2025-10-30']),
  row('2024-employee-good.cer', ['legal-entity', 'employee'], ['2024-10-24', '2025-10-24']),
  row('2024-infosystem-good.cer', ['legal-entity'], ['2024-10-29', '2025-10-29'], { iin: undefined }),
  row('2024-treasury-good.cer', ['legal-entity', 'treasury-client'], ['2024-10-29', '2025-10-29']),
  row('2023-individual-expired.cer', ['individual'], ['2023-11-09', '2024-11-08']),
  row('2022-individual-gost2015.cer', ['individual'], ['2022-07-28', '2023-07-28'], { iin: '123456789012', usage: SIGN_2022 }),
  row('2021-individual-rsa-sign.cer', ['individual'], ['2021-01-18', '2022-01-18'], {
    policy: '1.2.398.3.3.2.3',
    usage: OLD_SIGN,
    issuer: 'ca/test-nca-rsa.pem',
  }),
  row('2022-individual-rsa-auth-revoked.cer', ['individual'], ['2022-01-18', '2023-01-18'], {
    policy: '1.2.398.3.3.2.4',
    usage: AUTH,
    issuer: 'ca/test-nca-rsa.pem',
  }),
  row('2022-first-head-gost2004-revoked.cer', ['legal-entity', 'first-head'], ['2022-01-18', '2023-01-18'], {
    policy: '1.2.398.3.3.2.1',
    usage: OLD_SIGN,
    issuer: 'ca/test-nca-gost2004.pem',
  }),
];

describe('certificates of NUC RK', () => {
  test.each(ROWS)('$file: person, roles, policy, usage, validity, issuer', (expected) => {
    const c = certificate(expected.file);
    expect(c.person.iin).toBe(expected.iin);
    expect(c.person.bin).toBe(expected.bin);
    expect([...c.roles].sort()).toEqual([...expected.roles].sort());
    expect(c.policies).toEqual([expected.policy]);
    expect([...c.keyUsage!]).toEqual(expected.usage);
    expect(isoTime(c.notBefore).slice(0, 10)).toBe(expected.notBefore);
    expect(isoTime(c.notAfter).slice(0, 10)).toBe(expected.notAfter);
    const issuer = certificate(expected.issuer);
    expect(Buffer.from(c.issuer.der).equals(issuer.subject.der)).toBe(true);
    expect(checkSigned(c.signed, issuer.publicKey)).toBe('good');
    expect(buildChain(c, testTrust(), [], c.notBefore).trusted).toBe(true);
  });

  test('names are found by type whatever their order', () => {
    const c = certificate('certs/2024-first-head-good.cer');
    expect(c.person).toMatchObject({
      name: 'ТЕСТОВ ТЕСТ',
      surname: 'ТЕСТОВ',
      patronymic: 'ТЕСТОВИЧ',
      organisation: 'АО "ТЕСТ"',
      country: 'KZ',
    });
    const treasury = certificate('certs/2024-treasury-good.cer');
    expect(treasury.person).toMatchObject({ domainComponent: 'ROLE04', businessCategory: '1234' });
    expect(certificate('certs/2026-legal_infosystem_valid.cer').person.systemId).toBe('1.2.398.6.10.1.1');
  });

  test('addresses of the authority are read', () => {
    const c = certificate('certs/2026-individual_valid.cer');
    expect(c.crlUrls).toEqual(['http://test.pki.gov.kz/crl/nca_gost2022_test.crl']);
    expect(c.deltaCrlUrls).toEqual(['http://test.pki.gov.kz/crl/nca_gost2022_d_test.crl']);
    expect(c.ocspUrls).toEqual(['http://test.pki.gov.kz/ocsp/']);
  });

  test('any flipped bit breaks the issuer signature or the structure', () => {
    const good = fixture('certs/2026-individual_valid.cer');
    const issuer = certificate(GOST2022);
    for (let at = 4; at < good.length; at += 37) {
      const changed = Uint8Array.from(good);
      changed[at]! ^= 0x04;
      let outcome: string;
      try {
        outcome = checkSigned(parseCertificate(changed).signed, issuer.publicKey);
      } catch (error) {
        outcome = (error as Error).name;
      }
      expect(['bad', 'unknown-algorithm', 'SignatureFormatError']).toContain(outcome);
    }
  });
});

describe('chains', () => {
  const at = new Date('2026-07-20T00:00:00Z');
  const root = certificate('ca/prod-root-gost2022.pem');
  const nca = certificate('ca/prod-nca-gost2022.pem');

  test('the production root signed itself and the CA; the CA did not sign itself', () => {
    expect(checkSigned(root.signed, root.publicKey)).toBe('good');
    expect(checkSigned(nca.signed, root.publicKey)).toBe('good');
    expect(checkSigned(nca.signed, nca.publicKey)).toBe('bad');
  });

  test('the bundled hierarchy is the published one', () => {
    const { anchors, intermediates } = productionTrust();
    expect(anchors.map((c) => c.fingerprint)).toEqual(['af77725f8328bb24f89d81da3acdf7cee4324248538b7ba2cd2a860517fb9dca']);
    expect(intermediates.map((c) => c.fingerprint)).toEqual(['32c7d233a42703a327f3025543a05b930e3f39a786c68dfa196baa86d5618524']);
    expect(buildChain(nca, productionTrust(), [], at).trusted).toBe(true);
  });

  test('a test certificate leads to its root through the CA', () => {
    const leaf = certificate('certs/2026-individual_valid.cer');
    const ca = certificate(GOST2022);
    const testRoot = certificate('ca/test-root-gost2022.cer');
    const chain = buildChain(leaf, createTrustStore([testRoot], [ca]), [], at);
    expect(chain).toMatchObject({ trusted: true, path: [leaf, ca, testRoot] });
    expect(buildChain(leaf, createTrustStore([testRoot]), [ca], at).trusted).toBe(true);
  });

  test('certificates that only came with the signature are never anchors', () => {
    const leaf = certificate('certs/2026-individual_valid.cer');
    const pool = [certificate(GOST2022), certificate('ca/test-root-gost2022.cer')];
    expect(buildChain(leaf, productionTrust(), pool, at)).toMatchObject({ trusted: false, fault: 'not-trusted' });
  });

  test('a CA that is over does not count', () => {
    const leaf = certificate('certs/2022-first-head-gost2004-revoked.cer');
    expect(buildChain(leaf, testTrust(), [], new Date('2024-03-13T00:00:00Z'))).toMatchObject({ trusted: false, fault: 'expired' });
    expect(buildChain(leaf, testTrust(), [], new Date('2019-03-01T00:00:00Z'))).toMatchObject({ trusted: false, fault: 'not-yet-valid' });
  });
});
