import {
  DOCUMENT_POLICY,
  LOGIN_POLICY,
  addTimeStamp,
  Work,
  createTrustStore,
  mergeCms,
  parseSignedData,
  verifyCms,
  type Certificate,
  type VerificationReport,
} from '../../signature';
import { Der } from '../../signature/asn1/der';
import { concatBytes, toHex } from '../../signature/bytes';
import { digest } from '../../signature/digests';
import {
  generatePrivateKey,
  issueCertificate,
  makeCms,
  makeTimeStamp,
  readPkcs8,
  subjectPublicKeyInfo,
  writePkcs8,
  type CertificateProfile,
  type Issuer,
  type PrivateKey,
} from '../../signature/make';
import { parseTstInfo } from '../../signature/cms/tst-info';
import { checkTimeStamp } from '../../signature/verify/time-stamp';
import { cmsFixture, fixture, openP12, onlySigner, testTrust, verify } from './support/fixtures';

const FROM = new Date('2026-01-01T00:00:00Z');
const TO = new Date('2027-01-01T00:00:00Z');
const AT = new Date('2026-06-01T12:00:00Z');
const content = Buffer.from('Қазақстан Республикасы: құжат');

function authority(kind: PrivateKey['kind'], name = 'ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (DEMO)'): Issuer {
  const privateKey = generatePrivateKey(kind);
  const order = {
    subject: { name },
    publicKey: subjectPublicKeyInfo(privateKey),
    profile: { kind: 'ca' } as const,
    notBefore: FROM,
    notAfter: TO,
  };
  return { privateKey, certificate: issueCertificate(order, { selfSigned: privateKey }) };
}

function subject(
  ca: Issuer,
  profile: CertificateProfile,
  kind: PrivateKey['kind'] = ca.privateKey.kind,
): { certificate: Certificate; privateKey: PrivateKey } {
  const privateKey = generatePrivateKey(kind);
  const person = {
    name: 'ӘБДІҚАДЫР ҒАЛЫМ',
    surname: 'ӘБДІҚАДЫР',
    patronymic: 'ҰЛАНҰЛЫ',
    iin: '900101300017',
    organisation: 'ТОО «Ең жақсы»',
    bin: '200140000017',
  };
  const certificate = issueCertificate(
    {
      subject: profile.kind === 'tsa' ? { name: 'TIME-STAMPING AUTHORITY' } : { ...person, email: 'a@b.kz' },
      publicKey: subjectPublicKeyInfo(privateKey),
      profile,
      notBefore: FROM,
      notAfter: TO,
      urls: {
        crl: 'http://crl.example.kz/d.crl',
        deltaCrl: 'http://crl.example.kz/delta.crl',
        ocsp: 'http://ocsp.example.kz',
        issuer: 'http://pki.example.kz/ca.cer',
        cps: 'http://pki.example.kz/cps',
      },
    },
    ca,
  );
  return { certificate, privateKey };
}

const FIRST_HEAD: CertificateProfile = { kind: 'subject', roles: ['legal-entity', 'first-head'] };

describe.each(['gost2015', 'gost2004', 'rsa'] as const)('an authority with %s keys', (kind) => {
  const ca = authority(kind);
  const signer = subject(ca, FIRST_HEAD);
  const trust = createTrustStore([ca.certificate]);
  const check = (cms: Uint8Array, more: object = {}): VerificationReport =>
    verifyCms(cms, { at: AT, trust, policy: { ...DOCUMENT_POLICY, algorithms: { gost2015: null, gost2004: null, rsa: null } }, ...more });

  test('issues certificates that say what was asked for', () => {
    const c = signer.certificate;
    expect(c.person).toMatchObject({ name: 'ӘБДІҚАДЫР ҒАЛЫМ', iin: '900101300017', bin: '200140000017', organisation: 'ТОО «Ең жақсы»' });
    expect(c.roles).toEqual(['legal-entity', 'first-head']);
    expect(c.emails).toEqual(['a@b.kz']);
    expect([c.crlUrls, c.deltaCrlUrls, c.ocspUrls, c.issuerUrls]).toEqual([
      ['http://crl.example.kz/d.crl'],
      ['http://crl.example.kz/delta.crl'],
      ['http://ocsp.example.kz'],
      ['http://pki.example.kz/ca.cer'],
    ]);
    expect([c.notBefore, c.notAfter]).toEqual([FROM, TO]);
    expect(Buffer.from(c.authorityKeyIdentifier!).equals(ca.certificate.subjectKeyIdentifier!)).toBe(true);
  });

  test('signatures by them are valid, attached and detached, and only over their document', () => {
    const attached = makeCms({ ...signer, document: { content, attached: true }, signingTime: AT });
    expect(check(attached)).toMatchObject({ verdict: 'valid', attached: true });
    expect(onlySigner(check(attached))).toMatchObject({ level: 'CAdES-BES', bin: '200140000017', claimedTime: '2026-06-01T12:00:00Z' });
    const detached = makeCms({ ...signer, document: { content, attached: false }, signingTime: AT });
    expect(check(detached, { content })).toMatchObject({ verdict: 'valid', attached: false });
    expect(check(detached, { content: content.subarray(1) }).code).toBe('digest.mismatch');
  });

  test('private keys survive PKCS#8', () => {
    const read = readPkcs8(writePkcs8(signer.privateKey));
    expect(toHex(subjectPublicKeyInfo(read))).toBe(toHex(subjectPublicKeyInfo(signer.privateKey)));
  });

  test('time-stamps by its authority make CAdES-T', () => {
    const tsa = subject(ca, { kind: 'tsa' });
    const stampAt = new Date('2026-06-01T12:00:01Z');
    const name = kind === 'gost2015' ? 'streebog512' : 'sha256';
    const timeStamp = (value: Uint8Array): Uint8Array =>
      makeTimeStamp({ ...tsa, imprint: { algorithm: name, value: digest(name, value) }, genTime: stampAt, nonce: 77n });
    const cms = makeCms({ ...signer, document: { content, attached: true }, signingTime: AT, timeStamp });
    const report = onlySigner(check(cms, { at: new Date('2026-12-31T00:00:00Z') }));
    expect(report).toMatchObject({ verdict: 'valid', level: 'CAdES-T', bestTime: '2026-06-01T12:00:01Z', bestTimeSource: 'time-stamp' });
  });
});

describe('the layout of NCALayer', () => {
  /** Shape of a DER structure: tags and OIDs, without values. */
  function shape(element: Der): unknown {
    if (element.tag === 6) return element.oid();
    return element.tag & 0x20 ? [element.tag, ...element.children.map(shape)] : element.tag;
  }
  const tsa = subject(authority('gost2015'), { kind: 'tsa' });

  test('is reproduced exactly, down to the sizes', () => {
    const original = cmsFixture('ncalayer-individual-attached-cadest.der');
    const key = openP12('2026-individual_valid');
    const document = parseSignedData(original).content!;
    const timeStamp = (value: Uint8Array): Uint8Array =>
      makeTimeStamp({ ...tsa, imprint: { algorithm: 'streebog512', value: digest('streebog512', value) }, genTime: AT, nonce: 1n });
    const made = makeCms({ ...key, document: { content: document, attached: true }, signingTime: AT, timeStamp });
    const parts = (cms: Uint8Array): Der[] => Der.parse(cms).children[1]!.children[0]!.children;
    const theirs = parts(original);
    const ours = parts(made);
    expect(ours.slice(0, 4).map(shape)).toEqual(theirs.slice(0, 4).map(shape));
    expect(Buffer.from(ours[3]!.bytes).equals(theirs[3]!.bytes)).toBe(true);
    const [ourSigner, theirSigner] = [ours[4]!.children[0]!.children, theirs[4]!.children[0]!.children];
    expect(ourSigner.slice(0, 6).map(shape)).toEqual(theirSigner.slice(0, 6).map(shape));
    expect(ourSigner.slice(0, 6).map((e) => e.bytes.length)).toEqual(theirSigner.slice(0, 6).map((e) => e.bytes.length));
    const token = (e: Der): Der[] => e.children[0]!.children[1]!.children[0]!.children[1]!.children[0]!.children;
    const [ourToken, theirToken] = [token(ourSigner[6]!), token(theirSigner[6]!)];
    expect(shape(ourToken[4]!)).toEqual(shape(theirToken[4]!));
    expect(ourToken.slice(0, 3).map(shape)).toEqual(theirToken.slice(0, 3).map(shape));
  });

  test('certificates have the extensions of the real ones, the values apart', () => {
    const ours = subject(authority('gost2015'), { kind: 'subject', roles: ['individual'] }).certificate;
    const list = (der: Uint8Array): string[] =>
      Der.parse(der)
        .children[0]!.children.at(-1)!
        .children[0]!.children.map((e) => `${e.children[0]!.oid()} ${e.children.length}`);
    const real = list(fixture('certs/2026-individual_valid.cer'));
    expect(list(ours.der).filter((e) => !e.startsWith('2.5.29.17'))).toEqual(real);
  });
});

describe('keys of the PKCS#12 fixtures', () => {
  test.each([
    '2026-individual_valid',
    '2026-legal_ceo_valid',
    '2024-treasury-good',
    '2022-individual-gost2015-pwAa123456',
    '2022-first-head-gost2004-revoked',
    '2021-individual-rsa-sign',
  ])('%s signs what the verifier accepts', (name) => {
    const key = openP12(name);
    const at = new Date(key.certificate.notBefore.getTime() + 86_400_000);
    expect(toHex(subjectPublicKeyInfo(key.privateKey))).toBe(toHex(key.certificate.spki));
    const cms = makeCms({ ...key, document: { content, attached: true }, signingTime: at });
    expect(verify(cms, { at }).verdict).toBe('valid');
  });

  test('an authentication key is refused for documents and accepted for entry', () => {
    const key = openP12('2022-individual-rsa-auth-revoked');
    const at = new Date('2022-02-01T00:00:00Z');
    const cms = makeCms({ ...key, document: { content, attached: true }, signingTime: at });
    expect(verify(cms, { at })).toMatchObject({ verdict: 'invalid', code: 'key_usage.not_for_signing' });
    expect(verify(cms, { at, policy: LOGIN_POLICY }).verdict).toBe('valid');
  });
});

describe('what must not pass', () => {
  const ca = authority('gost2015');
  const trust = createTrustStore([ca.certificate]);
  const signer = subject(ca, FIRST_HEAD);
  const document = { content, attached: true };
  const check = (cms: Uint8Array, more: object = {}): VerificationReport =>
    verifyCms(cms, { at: AT, trust, policy: DOCUMENT_POLICY, ...more });
  const order = { ...signer, document, signingTime: AT };

  test('a certificate issued by somebody who is no CA', () => {
    const forged = subject({ ...signer }, FIRST_HEAD);
    const cms = makeCms({ ...forged, document, signingTime: AT });
    expect(check(cms).verdict).not.toBe('valid');
    const store = { anchors: [ca.certificate], intermediates: [signer.certificate] };
    expect(check(cms, { trust: store })).toMatchObject({ verdict: 'invalid', code: 'chain.not_a_ca' });
  });

  test('a certificate that only claims to be issued by the trusted CA', () => {
    const impostor = authority('gost2015');
    const forger = { privateKey: impostor.privateKey, certificate: ca.certificate };
    const forged = subject(forger, FIRST_HEAD);
    expect(check(makeCms({ ...forged, document, signingTime: AT }))).toMatchObject({ verdict: 'invalid', code: 'chain.signature_bad' });
  });

  test('an unknown authority of the same name', () => {
    const forged = subject(authority('gost2015'), FIRST_HEAD);
    expect(check(makeCms({ ...forged, document, signingTime: AT }))).toMatchObject({ verdict: 'indeterminate', code: 'chain.not_trusted' });
  });

  test('a path longer than the CA allows', () => {
    const rootKey = generatePrivateKey('gost2015');
    const make = (name: string, key: PrivateKey, profile: CertificateProfile, issuer: Issuer | { selfSigned: PrivateKey }): Certificate =>
      issueCertificate({ subject: { name }, publicKey: subjectPublicKeyInfo(key), profile, notBefore: FROM, notAfter: TO }, issuer);
    const root = { privateKey: rootKey, certificate: make('root', rootKey, { kind: 'ca', pathLength: 0 }, { selfSigned: rootKey }) };
    const middleKey = generatePrivateKey('gost2015');
    const middle = { privateKey: middleKey, certificate: make('middle', middleKey, { kind: 'ca' }, root) };
    const leaf = subject(middle, FIRST_HEAD);
    const store = createTrustStore([root.certificate], [middle.certificate]);
    expect(check(makeCms({ ...leaf, document, signingTime: AT }), { trust: store }).code).toBe('chain.not_a_ca');
    expect(check(makeCms({ ...subject(root, FIRST_HEAD), document, signingTime: AT }), { trust: store }).code).toBe('ok');
  });

  test('the certificate of a CA or of a time-stamping authority as a signer', () => {
    for (const key of [ca, subject(ca, { kind: 'tsa' }), subject(ca, { kind: 'ocsp' })]) {
      expect(check(makeCms({ ...key, document, signingTime: AT }))).toMatchObject({
        verdict: 'invalid',
        code: 'key_usage.not_for_signing',
      });
    }
  });

  test('a time-stamp by somebody who is no time-stamping authority', () => {
    const timeStamp = (value: Uint8Array): Uint8Array =>
      makeTimeStamp({ ...signer, imprint: { algorithm: 'sha256', value: digest('sha256', value) }, genTime: AT });
    expect(check(makeCms({ ...order, timeStamp }))).toMatchObject({ verdict: 'invalid', code: 'timestamp.not_a_tsa' });
  });

  test('a time-stamp outside the validity of its authority', () => {
    const tsa = subject(ca, { kind: 'tsa' });
    const timeStamp = (value: Uint8Array): Uint8Array =>
      makeTimeStamp({
        ...tsa,
        imprint: { algorithm: 'sha256', value: digest('sha256', value) },
        genTime: new Date('2025-12-31T23:59:59Z'),
      });
    expect(check(makeCms({ ...order, timeStamp }))).toMatchObject({ verdict: 'invalid', code: 'timestamp.certificate_not_valid' });
  });

  test('a time-stamp token presented as a signature of a document', () => {
    const tsa = subject(ca, { kind: 'tsa' });
    const token = makeTimeStamp({ ...tsa, imprint: { algorithm: 'sha256', value: digest('sha256', content) }, genTime: AT });
    expect(check(token).verdict).not.toBe('valid');
    expect(check(token).signers[0]!.checks.find((c) => c.name === 'structure')!.code).toBe('content.type_unsupported');
  });

  test('a claimed time outside the validity of the certificate', () => {
    const early = makeCms({ ...order, signingTime: new Date('2025-06-01T00:00:00Z') });
    expect(check(early)).toMatchObject({ verdict: 'invalid', code: 'certificate.not_yet_valid_at_signing' });
    expect(check(early, { receivedAt: AT }).verdict).toBe('valid'); // a wrong clock on the signer's PC harms nobody when the time is proven
  });

  test('signed attributes over other content: removing them does not turn them into a document', () => {
    const signed = parseSignedData(makeCms(order)).signers[0]!;
    const [oidPart, wrapped] = Der.parse(makeCms({ ...order, document: { content: signed.signedOctets!, attached: true } })).children;
    const body = wrapped!.children[0]!.children;
    const info = body[4]!.children[0]!.children;
    const bare = rebuild(
      0x30,
      [info[0]!, info[1]!, info[2]!, info[4]!].map((e) => e.bytes),
      tag4(signed.signature),
    );
    const cms = rebuild(0x30, [
      oidPart!.bytes,
      rebuild(0xa0, [rebuild(0x30, [...body.slice(0, 4).map((e) => e.bytes), rebuild(0x31, [bare])])]),
    ]);
    expect(check(cms)).toMatchObject({ verdict: 'indeterminate', code: 'attributes.missing' });
  });
});

function rebuild(tag: number, parts: Uint8Array[], ...more: Uint8Array[]): Uint8Array {
  const value = concatBytes([...parts, ...more]);
  const length =
    value.length < 0x80 ? [value.length] : value.length < 0x100 ? [0x81, value.length] : [0x82, value.length >> 8, value.length & 255];
  return concatBytes([Uint8Array.of(tag, ...length), value]);
}

function tag4(value: Uint8Array): Uint8Array {
  return rebuild(4, [value]);
}

describe('putting signatures together', () => {
  const ca = authority('gost2015');
  const trust = createTrustStore([ca.certificate]);
  const tsa = subject(ca, { kind: 'tsa' });
  const check = (cms: Uint8Array): VerificationReport => verifyCms(cms, { at: AT, content, trust, policy: DOCUMENT_POLICY });

  test('a time-stamp added later turns BES into T and leaves the signature as it was', () => {
    const cms = makeCms({ ...subject(ca, FIRST_HEAD), document: { content, attached: false }, signingTime: AT });
    const value = digest('streebog512', parseSignedData(cms).signers[0]!.signature);
    const stamped = addTimeStamp(cms, makeTimeStamp({ ...tsa, imprint: { algorithm: 'streebog512', value }, genTime: AT }));
    expect(onlySigner(check(cms)).level).toBe('CAdES-BES');
    expect(onlySigner(check(stamped))).toMatchObject({ verdict: 'valid', level: 'CAdES-T' });
    expect(toHex(parseSignedData(stamped).signers[0]!.signedOctets!)).toBe(toHex(parseSignedData(cms).signers[0]!.signedOctets!));
  });

  test('several signatures merge into one CMS that verifies for each', () => {
    const parts = [FIRST_HEAD, { kind: 'subject', roles: ['individual'] } as const].map((profile) =>
      makeCms({ ...subject(ca, profile), document: { content, attached: false }, signingTime: AT }),
    );
    const rsa = authority('rsa', 'RSA CA');
    parts.push(makeCms({ ...subject(rsa, FIRST_HEAD), document: { content, attached: false }, signingTime: AT }));
    const report = verifyCms(mergeCms(parts), {
      at: AT,
      content,
      trust: createTrustStore([ca.certificate, rsa.certificate]),
      policy: DOCUMENT_POLICY,
      work: new Work(),
    });
    expect(report).toMatchObject({ verdict: 'valid' });
    expect(report.signers).toHaveLength(3);
  });
});

test('the token of the archive: GOST 34.310-2004, SHA-1 imprint, policy 6.1', () => {
  const bytes = fixture('tsp/token-gost2004.der');
  const token = parseSignedData(bytes);
  expect(parseTstInfo(token.content!)).toMatchObject({
    policy: '1.2.398.3.3.2.6.1',
    genTime: new Date('2022-09-18T13:20:14Z'),
    imprintAlgorithm: '1.3.14.3.2.26',
  });
  const at = new Date('2022-09-18T13:20:14Z');
  const signer = onlySigner(verify(bytes, { at }));
  for (const name of ['digest', 'signature', 'certificate-hash', 'chain']) {
    expect([name, signer.checks.find((c) => c.name === name)!.result]).toEqual([name, 'pass']);
  }
  const stamped = checkTimeStamp(bytes, (name) => digest(name, content), {
    at,
    existedAt: at,
    trust: testTrust(),
    evidence: { ocsp: [], crls: [] },
    pool: [],
    policy: DOCUMENT_POLICY,
    work: new Work(),
  });
  expect(stamped).toMatchObject({ wellFormed: false, finding: { code: 'timestamp.imprint_mismatch' } });
  expect(stamped.tsa!.person.name).toBe('СЕРВИС МЕТКИ ВРЕМЕНИ');
});
