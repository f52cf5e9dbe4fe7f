import { generateKeyPairSync, sign } from 'node:crypto';
import {
  addTimeStamp,
  type Certificate,
  createTrustStore,
  DOCUMENT_POLICY,
  formatSerial,
  makeOcspRequest,
  mergeTrustStores,
  parseCertificate,
  parseOcspResponse,
  parseSignedData,
  type Policy,
  policyFor,
  type SignerReport,
  type TrustStore,
  verifyCms,
} from '../../signature';
import { context, Der, TAG } from '../../signature/asn1/der';
import {
  bitString,
  explicit,
  ia5,
  implicitSetOf,
  integer,
  octetString,
  oid,
  printable,
  sequence,
  setOf,
  tlv,
  utf8,
} from '../../signature/asn1/write';
import { attribute } from '../../signature/cms/assemble';
import { digest, type DigestName } from '../../signature/digests';
import {
  type CertificateOrder,
  type CertificateProfile,
  generatePrivateKey,
  issueCertificate,
  issueCrl,
  issueOcspResponse,
  type Issuer,
  makeCms,
  makeTimeStamp,
  type PrivateKey,
  signOctets,
  subjectPublicKeyInfo,
} from '../../signature/make';
import { OID } from '../../signature/oids';
import { readSubjectPublicKey } from '../../signature/public-key';
import { buildChain } from '../../signature/x509/chain';
import { cmsFixture, fixture, testTrust } from './support/fixtures';

// What a chain of certificates and the claims of a signature are held to besides their mathematics.

const NOW = new Date('2026-06-01T12:00:00Z');
const dayMs = 86_400_000;
const content = Buffer.from('a document');

type More = Partial<Pick<CertificateOrder, 'extensions' | 'serial' | 'subject'>> & { key?: PrivateKey; from?: Date; to?: Date };
function certified(name: string, profile: CertificateProfile, issuer?: Issuer, more: More = {}): Issuer {
  const privateKey = more.key ?? generatePrivateKey('gost2015');
  const order: CertificateOrder = {
    subject: more.subject ?? { name, ...(profile.kind === 'subject' ? { iin: '900101300017' } : {}) },
    publicKey: subjectPublicKeyInfo(privateKey),
    profile,
    notBefore: more.from ?? new Date(NOW.getTime() - 30 * dayMs),
    notAfter: more.to ?? new Date(NOW.getTime() + 300 * dayMs),
    ...(more.extensions ? { extensions: more.extensions } : {}),
    ...(more.serial === undefined ? {} : { serial: more.serial }),
  };
  return { privateKey, certificate: issueCertificate(order, issuer ?? { selfSigned: privateKey }) };
}

const root = certified('TEST ROOT', { kind: 'ca' });
const trust = createTrustStore([root.certificate]);
const person: CertificateProfile = { kind: 'subject', roles: ['individual'] };

const signedBy = (signer: Issuer, at = NOW): Uint8Array => makeCms({ ...signer, document: { content, attached: true }, signingTime: at });
function check(
  cms: Uint8Array,
  pool: readonly Certificate[] = [],
  more: { at?: Date; policy?: Policy; trust?: TrustStore; atReceipt?: boolean } = {},
): SignerReport {
  const { at = NOW, policy = DOCUMENT_POLICY } = more;
  const known = mergeTrustStores(more.trust ?? trust, createTrustStore([], pool));
  return verifyCms(cms, { at, receivedAt: at, trust: known, policy, ...(more.atReceipt ? { atReceipt: true } : {}) }).signers[0]!;
}

/** The same certificate signed with SHA-1: the two object identifiers are of one length. */
function withSha1({ der }: Certificate, issuer: PrivateKey): Certificate {
  if (issuer.kind !== 'rsa') throw new Error('RSA is wanted');
  const changed = Buffer.from(Buffer.from(der).toString('hex').replaceAll('2a864886f70d01010b', '2a864886f70d010105'), 'hex');
  const [tbs, algorithm] = Der.parse(changed).children;
  const value = sign('sha1', Buffer.from(tbs!.bytes), issuer.key);
  return parseCertificate(sequence(tbs!.bytes, algorithm!.bytes, bitString(value)));
}

describe('RSA', () => {
  const rsa = (modulusLength: number, publicExponent = 65_537): PrivateKey => ({
    kind: 'rsa',
    key: generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey,
  });

  test.each([
    [1024, 65_537, 'algorithm.no_longer_accepted', 'rsa-short until 2014-01-01T00:00:00Z'],
    [2048, 65_537, 'ok', ''],
    [2048, 3, 'algorithm.no_longer_accepted', 'rsa-low-exponent'],
    [2048, 17, 'algorithm.no_longer_accepted', 'rsa-low-exponent'],
  ])('a signer with %d bits and the exponent %d: %s', (bits, exponent, code, detail) => {
    const report = check(signedBy(certified('ТЕСТ', person, root, { key: rsa(bits, exponent) })));
    expect([report.code, report.reason.includes(detail)]).toEqual([code, true]);
  });

  test('an authority with a short key or a low exponent, and one whose certificate is signed with SHA-1', () => {
    const strong = certified('TEST RSA ROOT', { kind: 'ca' }, undefined, { key: rsa(2048) });
    const ca = (key: PrivateKey): Issuer => certified('TEST CA', { kind: 'ca' }, strong, { key });
    const [short, low, good] = [ca(rsa(1024)), ca(rsa(2048, 3)), ca(rsa(2048))];
    const sha1: Issuer = { ...good, certificate: withSha1(good.certificate, strong.privateKey) };
    const codeUnder = (issuer: Issuer): string =>
      check(signedBy(certified('ТЕСТ', person, issuer)), [issuer.certificate], { trust: createTrustStore([strong.certificate]) }).code;
    expect([short, low, sha1, good].map(codeUnder)).toEqual([
      'algorithm.no_longer_accepted',
      'algorithm.no_longer_accepted',
      'algorithm.no_longer_accepted',
      'ok',
    ]);
  });

  test('what was good in its time stays good, and an installation says otherwise by its policy', () => {
    const then = new Date('2013-06-01T00:00:00Z');
    const old = { from: new Date('2012-01-01T00:00:00Z'), to: new Date('2015-01-01T00:00:00Z') };
    const oldRoot = certified('OLD ROOT', { kind: 'ca' }, undefined, old);
    const cms = signedBy(certified('ТЕСТ', person, oldRoot, { ...old, key: rsa(1024) }), then);
    const past = { at: then, trust: createTrustStore([oldRoot.certificate]) };
    expect(check(cms, [], past).code).toBe('ok');
    const strict = { ...DOCUMENT_POLICY, algorithms: { ...DOCUMENT_POLICY.algorithms, 'rsa-short': '2010-01-01T00:00:00Z' } };
    expect(check(cms, [], { ...past, policy: strict }).code).toBe('algorithm.no_longer_accepted');
  });

  test.each([
    ['one', 1n],
    ['an even number', 65_538n],
    ['a number that only makes checking slow', (1n << 2040n) + 1n],
  ])('an exponent that is %s is no key', (_what, exponent) => {
    const { n } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
    const modulus = BigInt(`0x${Buffer.from(n!, 'base64url').toString('hex')}`);
    const spki = sequence(sequence(oid(OID.rsaKey), tlv(TAG.NULL)), bitString(sequence(integer(modulus), integer(exponent))));
    expect(readSubjectPublicKey(Der.parse(spki))).toMatchObject({ kind: 'unknown' });
  });
});

describe('a time-stamp', () => {
  const signer = certified('ТЕСТ', person, root);
  const bare = signedBy(signer);
  const stampedBy = (tsa: Issuer, algorithm: DigestName = 'streebog512', at = NOW): Uint8Array => {
    const value = digest(algorithm, parseSignedData(bare).signers[0]!.signature);
    return addTimeStamp(bare, makeTimeStamp({ ...tsa, imprint: { algorithm, value }, genTime: at }));
  };
  const stampOf = (cms: Uint8Array, pool: readonly Certificate[] = []): string => check(cms, pool).timeStamps[0]!.code;

  test('over a SHA-1 digest, or by a short key, proves nothing after the date of the policy', () => {
    const tsa = certified('TSA', { kind: 'tsa' }, root);
    const short: PrivateKey = { kind: 'rsa', key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey };
    expect(stampOf(stampedBy(tsa))).toBe('ok');
    expect(stampOf(stampedBy(tsa, 'sha1'))).toBe('timestamp.algorithm_no_longer_accepted');
    expect(stampOf(stampedBy(certified('TSA', { kind: 'tsa' }, root, { key: short })))).toBe('timestamp.algorithm_no_longer_accepted');
    expect(check(stampedBy(tsa, 'sha1'))).toMatchObject({ bestTimeSource: 'received', verdict: 'indeterminate' });
  });

  test('by an authority whose own authority may certify signers only is none', () => {
    const ca = certified('TEST CA', { kind: 'ca' }, root, {
      extensions: [{ type: OID.extendedKeyUsage, value: sequence(oid(OID.emailProtection)) }],
    });
    expect(stampOf(stampedBy(certified('TSA', { kind: 'tsa' }, ca)), [ca.certificate])).toBe('timestamp.not_a_tsa');
  });
});

describe('answers and lists signed by what is no longer accepted', () => {
  const strong: PrivateKey = { kind: 'rsa', key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey };
  const short: PrivateKey = { kind: 'rsa', key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey };
  const ca = certified('TEST CA', { kind: 'ca' }, undefined, { key: strong });
  const weak = certified('TEST WEAK CA', { kind: 'ca' }, undefined, { key: short });
  const responder = certified('RESPONDER', { kind: 'ocsp' }, ca, { key: short });
  const policy = policyFor('sign');

  test('clear nobody, but what they revoke stays revoked', () => {
    const signer = certified('ТЕСТ', person, ca);
    const about = { certificate: signer.certificate, issuer: ca.certificate };
    const told = (status: Parameters<typeof issueOcspResponse>[0]['answers'][number]['status']): SignerReport => {
      const der = issueOcspResponse({ answers: [{ about, status }], producedAt: NOW }, responder);
      const ocsp = [{ response: parseOcspResponse(der) }];
      return verifyCms(signedBy(signer), { at: NOW, trust: createTrustStore([ca.certificate]), policy, ocsp }).signers[0]!;
    };
    expect(told({ status: 'good' }).code).toBe('revocation.untrusted');
    expect(told({ status: 'revoked', revokedAt: new Date(NOW.getTime() - dayMs), reason: 'superseded' }).code).toBe('certificate.revoked');
  });

  test('of a list the same', () => {
    const signer = certified('ТЕСТ', person, weak);
    const dates = { thisUpdate: NOW, nextUpdate: new Date(NOW.getTime() + dayMs), number: 1n };
    const listed = (revoked: Parameters<typeof issueCrl>[0]['revoked']): string | undefined =>
      verifyCms(signedBy(signer), {
        at: NOW,
        trust: createTrustStore([weak.certificate]),
        policy,
        crls: [issueCrl({ ...dates, revoked }, weak)],
      }).signers[0]!.revocation[0]?.status;
    expect(listed([])).toBe('missing');
    expect(listed([{ serial: signer.certificate.serial, revokedAt: NOW, reason: 'superseded' }])).toBe('revoked');
  });
});

describe('a serial number', () => {
  test.each([
    ['zero', 0n, 'chain.serial'],
    ['negative', -5n, 'chain.serial'],
    ['longer than twenty octets', 1n << 160n, 'chain.serial'],
    ['of twenty octets', (1n << 160n) - 1n, 'ok'],
    ['one', 1n, 'ok'],
  ])('that is %s', (_what, serial, code) => {
    const signer = certified('ТЕСТ', person, root, { serial });
    expect(signer.certificate.serial).toBe(serial);
    expect(check(signedBy(signer)).code).toBe(code);
    // whatever else looks at it takes it as it is
    expect(() => makeOcspRequest({ certificate: signer.certificate, issuer: root.certificate })).not.toThrow();
    expect(formatSerial(serial)).toMatch(/^-?([0-9a-f]{2})+$/);
    const list = issueCrl(
      {
        thisUpdate: NOW,
        nextUpdate: new Date(NOW.getTime() + dayMs),
        number: 1n,
        revoked: [{ serial, revokedAt: NOW, reason: 'superseded' }],
      },
      root,
    );
    const report = verifyCms(signedBy(signer), { at: NOW, trust, policy: DOCUMENT_POLICY, crls: [list] }).signers[0]!;
    expect(report.verdict).not.toBe('valid');
  });

  test('of an authority is looked at too, the one of an anchor is not', () => {
    const ca = certified('TEST CA', { kind: 'ca' }, root, { serial: 0n });
    expect(check(signedBy(certified('ТЕСТ', person, ca)), [ca.certificate]).code).toBe('chain.serial');
    const old = certified('OLD ROOT', { kind: 'ca' }, undefined, { serial: 0n });
    expect(check(signedBy(certified('ТЕСТ', person, old)), [], { trust: createTrustStore([old.certificate]) }).code).toBe('ok');
  });
});

describe('name constraints', () => {
  const email = (text: string): Uint8Array => tlv(context(1, false), Buffer.from(text));
  const dns = (text: string): Uint8Array => tlv(context(2, false), Buffer.from(text));
  const directory = (...rdns: Uint8Array[]): Uint8Array => explicit(4, sequence(...rdns));
  const rdn = (type: string, value: Uint8Array): Uint8Array => setOf(sequence(oid(type), value));
  const subtree = (base: Uint8Array, ...limits: Uint8Array[]): Uint8Array => sequence(base, ...limits);
  const constraints = (permitted: Uint8Array[], excluded: Uint8Array[] = []) => ({
    type: OID.nameConstraints,
    critical: true,
    value: sequence(
      ...(permitted.length > 0 ? [tlv(context(0), ...permitted)] : []),
      ...(excluded.length > 0 ? [tlv(context(1), ...excluded)] : []),
    ),
  });
  const alternative = (...names: Uint8Array[]) => ({ type: OID.subjectAltName, value: sequence(...names) });
  const country = rdn(OID.country, printable('KZ'));

  const codeOf = (
    extension: ReturnType<typeof constraints>,
    names: Uint8Array[] = [],
    subject: CertificateOrder['subject'] = { name: 'ТЕСТ', iin: '900101300017' },
  ): string => {
    const ca = certified('TEST CA', { kind: 'ca' }, root, { extensions: [extension] });
    const signer = certified('ТЕСТ', person, ca, { subject, ...(names.length > 0 ? { extensions: [alternative(...names)] } : {}) });
    return check(signedBy(signer), [ca.certificate]).code;
  };

  test.each<[string, ReturnType<typeof constraints>, Uint8Array[], string]>([
    ['an e-mail of the host', constraints([subtree(email('alatau.kz'))]), [email('A@ALATAU.kz')], 'ok'],
    ['an e-mail of another host', constraints([subtree(email('alatau.kz'))]), [email('a@alatau.kz.example')], 'chain.name_not_permitted'],
    ['an e-mail of a host below', constraints([subtree(email('alatau.kz'))]), [email('a@mail.alatau.kz')], 'chain.name_not_permitted'],
    ['an e-mail of a host below a domain', constraints([subtree(email('.alatau.kz'))]), [email('a@mail.alatau.kz')], 'ok'],
    ['the one mailbox', constraints([subtree(email('a@alatau.kz'))]), [email('a@alatau.kz')], 'ok'],
    ['another mailbox', constraints([subtree(email('a@alatau.kz'))]), [email('b@alatau.kz')], 'chain.name_not_permitted'],
    ['an excluded host', constraints([], [subtree(email('alatau.kz'))]), [email('a@alatau.kz')], 'chain.name_not_permitted'],
    [
      'one of two names outside',
      constraints([subtree(email('alatau.kz'))]),
      [email('a@alatau.kz'), email('a@b.kz')],
      'chain.name_not_permitted',
    ],
    ['a host name below', constraints([subtree(dns('alatau.kz'))]), [dns('www.alatau.kz')], 'ok'],
    ['a host name that only ends so', constraints([subtree(dns('alatau.kz'))]), [dns('xalatau.kz')], 'chain.name_not_permitted'],
    ['no name of the form at all', constraints([subtree(dns('alatau.kz'))]), [], 'ok'],
    [
      'a form that is not read, present',
      constraints([subtree(tlv(context(6, false), Buffer.from('.kz')))]),
      [tlv(context(6, false), Buffer.from('http://a.kz/'))],
      'chain.critical_extension',
    ],
    ['a form that is not read, absent', constraints([subtree(tlv(context(6, false), Buffer.from('.kz')))]), [], 'ok'],
    [
      'a directory name in the certificate',
      constraints([], [subtree(directory(country))]),
      [directory(country)],
      'chain.name_not_permitted',
    ],
    [
      'limits nobody uses',
      constraints([subtree(email('alatau.kz'), tlv(context(0, false), Uint8Array.of(1)))]),
      [],
      'chain.critical_extension',
    ],
  ])('%s', (_what, extension, names, code) => {
    expect(codeOf(extension, names)).toBe(code);
  });

  test('a subject within the permitted one, compared as people do, and one outside', () => {
    const cn = (text: Uint8Array): Uint8Array => rdn(OID.commonName, text);
    expect(codeOf(constraints([subtree(directory(cn(utf8('тест'))))]))).toBe('ok');
    expect(codeOf(constraints([subtree(directory(cn(utf8('другой'))))]))).toBe('chain.name_not_permitted');
    expect(codeOf(constraints([], [subtree(directory(cn(utf8('ТЕСТ '))))]))).toBe('chain.name_not_permitted');
    expect(codeOf(constraints([subtree(directory())]))).toBe('ok');
  });

  test('hold for everything below, and are no less for not being critical', () => {
    const upper = certified('TEST UPPER', { kind: 'ca' }, root, {
      extensions: [{ ...constraints([subtree(email('alatau.kz'))]), critical: false }],
    });
    const lower = certified('TEST LOWER', { kind: 'ca' }, upper);
    const signer = certified('ТЕСТ', person, lower, { extensions: [alternative(email('a@b.kz'))] });
    expect(check(signedBy(signer), [upper.certificate, lower.certificate]).code).toBe('chain.name_not_permitted');
  });

  test('a critical extension nobody knows still refuses', () => {
    const ca = certified('TEST CA', { kind: 'ca' }, root, { extensions: [{ type: '1.2.3.4', value: ia5('?'), critical: true }] });
    expect(check(signedBy(certified('ТЕСТ', person, ca)), [ca.certificate]).code).toBe('chain.critical_extension');
  });
});

describe('an authority with purposes of its own', () => {
  const under = (purposes: readonly string[], profile: CertificateProfile = person): { signer: Issuer; pool: Certificate[] } => {
    const ca = certified('TEST CA', { kind: 'ca' }, root, {
      extensions: [{ type: OID.extendedKeyUsage, value: sequence(...purposes.map(oid)), critical: true }],
    });
    return { signer: certified('ТЕСТ', profile, ca), pool: [ca.certificate] };
  };
  const codeUnder = (purposes: readonly string[], policy = DOCUMENT_POLICY): string => {
    const { signer, pool } = under(purposes);
    return check(signedBy(signer), pool, { policy }).code;
  };

  test('lets nobody sign who may not, whatever the certificate below says', () => {
    expect(codeUnder([OID.emailProtection])).toBe('ok');
    expect(codeUnder([OID.anyPurpose])).toBe('ok');
    expect(codeUnder([OID.clientAuth])).toBe('key_usage.not_for_signing');
    expect(codeUnder([OID.serverAuth])).toBe('key_usage.not_for_signing');
    expect(codeUnder([OID.timeStamping], { ...policyFor('sign-in'), requireRevocation: 'none' })).toBe('key_usage.not_for_signing');
  });

  test('gives no roles it may not give', () => {
    const individual = '1.2.398.3.3.4.1.1';
    const roles = (purposes: readonly string[]): readonly string[] => {
      const { signer, pool } = under(purposes);
      return check(signedBy(signer), pool).roles;
    };
    expect(roles([OID.emailProtection])).toEqual([]);
    expect(roles([OID.emailProtection, individual])).toEqual(['individual']);
  });

  test('of several each restricts the next', () => {
    const upper = certified('TEST UPPER', { kind: 'ca' }, root, {
      extensions: [{ type: OID.extendedKeyUsage, value: sequence(oid(OID.clientAuth)) }],
    });
    const lower = certified('TEST LOWER', { kind: 'ca' }, upper);
    const pool = [upper.certificate, lower.certificate];
    const signer = certified('ТЕСТ', person, lower);
    expect(buildChain(signer.certificate, trust, pool, NOW).trusted).toBe(true);
    expect(check(signedBy(signer), pool).code).toBe('key_usage.not_for_signing');
  });
});

describe('the time a signer claims', () => {
  const signer = certified('ТЕСТ', person, root);
  const ahead = (ms: number): Uint8Array => signedBy(signer, new Date(NOW.getTime() + ms));
  const claimed = ({ checks }: SignerReport): { result: string; detail: string } => checks.find(({ name }) => name === 'claimed-time')!;

  test('is refused at receipt when it is in the future, with the tolerance of the policy', () => {
    expect(check(ahead(1_800_000), [], { atReceipt: true }).code).toBe('ok');
    expect(check(ahead(7_200_000), [], { atReceipt: true })).toMatchObject({
      verdict: 'indeterminate',
      code: 'claimed_time.in_future',
      pending: [],
    });
    const lenient = { ...DOCUMENT_POLICY, claimedTimeAheadMs: dayMs };
    expect(check(ahead(7_200_000), [], { atReceipt: true, policy: lenient }).code).toBe('ok');
  });

  test('is said afterwards', () => {
    const report = check(ahead(7_200_000));
    expect(report.code).toBe('ok');
    expect(claimed(report)).toMatchObject({ result: 'not checked' });
    expect(claimed(report).detail).toContain('2026-06-01T14:00:00Z');
    expect(claimed(check(ahead(-7_200_000))).result).toBe('pass');
  });
});

describe('a signature that is not bound to its certificate', () => {
  const signer = certified('ТЕСТ', person, root);
  /** Without the ESS attribute, as plain libraries make it. */
  const plain = (): Uint8Array => {
    const cms = signedBy(signer);
    const { signers } = parseSignedData(cms);
    const kept = signers[0]!.signedAttributes!.filter(({ type }) => type !== OID.signingCertificateV2);
    const attributes = kept.map(({ type, values }) => attribute(type, values[0]!.bytes));
    const value = signOctets(signer.privateKey, setOf(...attributes));
    const info = sequence(
      integer(1),
      sequence(signer.certificate.issuer.der, integer(signer.certificate.serial)),
      sequence(oid(signers[0]!.digestAlgorithm), tlv(TAG.NULL)),
      implicitSetOf(0, ...attributes),
      sequence(oid(signers[0]!.signatureAlgorithm), tlv(TAG.NULL)),
      octetString(value),
    );
    const body = sequence(
      integer(1),
      setOf(sequence(oid(signers[0]!.digestAlgorithm), tlv(TAG.NULL))),
      sequence(oid(OID.data), explicit(0, octetString(content))),
      implicitSetOf(0, signer.certificate.der),
      setOf(info),
    );
    return sequence(oid(OID.signedData), explicit(0, body));
  };

  test('is refused at receipt, said elsewhere, and taken where the policy says so', () => {
    expect(check(plain(), [], { atReceipt: true })).toMatchObject({
      verdict: 'indeterminate',
      code: 'ess.missing',
      pending: [],
      level: 'CMS',
    });
    const said = check(plain());
    expect(said.code).toBe('ok');
    expect(said.checks.find(({ name }) => name === 'certificate-hash')).toMatchObject({ result: 'not checked' });
    expect(check(plain(), [], { atReceipt: true, policy: { ...DOCUMENT_POLICY, requireEssAtReceipt: false } }).code).toBe('ok');
  });

  test.each(['ncalayer-individual-attached-cadest.der', 'ncalayer-individual-detached-cadest.der', 'ncalayer-legal-detached-cadest.der'])(
    'what NCALayer makes is bound: %s passes at receipt',
    (name) => {
      const document = name.includes('attached')
        ? {}
        : { content: fixture(`cms/${name.includes('legal') ? 'ncalayer-legal' : 'ncalayer-individual'}-document.txt`) };
      const at = new Date('2026-07-20T10:00:00Z');
      const report = verifyCms(cmsFixture(name), {
        ...document,
        at,
        receivedAt: at,
        trust: testTrust(),
        policy: DOCUMENT_POLICY,
        atReceipt: true,
      });
      expect(report.code).toBe('ok');
    },
  );
});
