import { createTrustStore, type TrustStore } from '../../../signature';
import {
  generatePrivateKey,
  issueCertificate,
  subjectPublicKeyInfo,
  type CertificateProfile,
  type Issuer,
  type Signer,
} from '../../../signature/make';
import type { Algorithm, NucKeys } from '../../../scripts/simulators/nuc/keys';
import { urlsOf } from '../../../scripts/simulators/nuc/keys';

const dayMs = 86_400_000;
/** The address written into certificates; nobody listens there. */
const URL_IN_CERTIFICATES = 'http://nuc.test';

export interface TestNuc {
  keys: NucKeys;
  trust: TrustStore;
  /** A key certified by the issuing authority, known to it. */
  readonly certified: (profile: CertificateProfile, algorithm: Algorithm, validity?: { from: Date; to: Date }) => Signer;
}

/** A whole authority for tests: root, issuing authority, responder and time-stamping authority, each with GOST and RSA keys. */
export function makeTestNuc(now: Date): TestNuc {
  const issued: { serial: string; algorithm: Algorithm; id: string }[] = [];
  const days = (count: number): Date => new Date(now.getTime() + count * dayMs);
  const make = (
    name: string,
    algorithm: Algorithm,
    profile: CertificateProfile,
    validity: { from: Date; to: Date },
    issuer?: Issuer,
    by: 'root' | 'issuer' = 'issuer',
  ): Issuer => {
    const privateKey = generatePrivateKey(algorithm);
    const order = {
      subject: profile.kind === 'subject' ? { name, iin: '900101300017' } : { name },
      publicKey: subjectPublicKeyInfo(privateKey),
      profile,
      notBefore: validity.from,
      notAfter: validity.to,
      ...(issuer && { urls: urlsOf(URL_IN_CERTIFICATES, algorithm, by) }),
    };
    return { privateKey, certificate: issueCertificate(order, issuer ?? { selfSigned: privateKey }) };
  };
  const both = (of: (algorithm: Algorithm) => Issuer): Record<Algorithm, Issuer> => ({ gost2015: of('gost2015'), rsa: of('rsa') });
  const long = { from: days(-30), to: days(20 * 365) };
  const year = { from: days(-20), to: days(345) };
  const known = (algorithm: Algorithm, { certificate, privateKey }: Signer): Signer => {
    issued.push({ serial: certificate.serial.toString(16), algorithm, id: certificate.person.name ?? '' });
    return { certificate, privateKey };
  };
  const roots = both((a) => make(`TEST ROOT ${a}`, a, { kind: 'ca' }, long));
  const issuers = both((a) => make(`TEST CA ${a}`, a, { kind: 'ca' }, long, roots[a], 'root'));
  const responders = both((a) => make('TEST OCSP RESPONDER', a, { kind: 'ocsp' }, year, issuers[a]));
  const timeStamping = both((a) => make('TEST TSA', a, { kind: 'tsa' }, { from: days(-20), to: days(3 * 365 - 20) }, issuers[a]));
  for (const algorithm of ['gost2015', 'rsa'] as const) for (const s of [responders, timeStamping]) known(algorithm, s[algorithm]);
  return {
    keys: { roots, issuers, responders, timeStamping, issued },
    trust: createTrustStore([roots.gost2015.certificate, roots.rsa.certificate], [issuers.gost2015.certificate, issuers.rsa.certificate]),
    certified: (profile, algorithm, validity = year) =>
      known(algorithm, make('СЫНАҚ ТЕСТ', algorithm, profile, validity, issuers[algorithm])),
  };
}
