import { addTimeStamp, mergeCms, parseSignedData } from '../../signature';
import { digest } from '../../signature/digests';
import {
  generatePrivateKey,
  issueCertificate,
  makeCms,
  makeTimeStamp,
  subjectPublicKeyInfo,
  type CertificateProfile,
  type Issuer,
} from '../../signature/make';
import { embedEvidence } from '../../signature/cms/assemble';
import type { Certificate } from '../../signature';

const dayMs = 86_400_000;

/** A certificate with a fresh key; by nobody anybody trusts unless an issuer is given. */
export function certified(
  name: string,
  profile: CertificateProfile,
  now: Date,
  issuer?: Issuer,
  more: { iin?: string; keyIdentifier?: Uint8Array } = {},
): Issuer {
  const privateKey = generatePrivateKey('gost2015');
  const order = {
    subject: { name, ...(more.iin ? { iin: more.iin } : {}) },
    ...(more.keyIdentifier ? { keyIdentifier: more.keyIdentifier } : {}),
    publicKey: subjectPublicKeyInfo(privateKey),
    profile,
    notBefore: new Date(now.getTime() - 30 * dayMs),
    notAfter: new Date(now.getTime() + 300 * dayMs),
  };
  return { privateKey, certificate: issueCertificate(order, issuer ?? { selfSigned: privateKey }) };
}

const SAME = Uint8Array.from({ length: 20 }, (_, i) => i);

/** Certificates that all look as if they had issued what one of them did: the same name and key identifier, each with a key of its own. */
export function lookAlikes(name: string, count: number, now: Date): Certificate[] {
  return Array.from({ length: count }, () => certified(name, { kind: 'ca' }, now, undefined, { keyIdentifier: SAME }).certificate);
}

/** One CMS of many signers, each under many time-stamps, with a crowd of authorities to try for each: some kilobytes for each minute of work. */
export function costlyCms(
  content: Uint8Array,
  now: Date,
  { signers, tokens, crowd }: { signers: number; tokens: number; crowd: number },
  attached = true,
): Uint8Array {
  const ca = certified('TEST CROWD', { kind: 'ca' }, now, undefined, { keyIdentifier: SAME });
  const tsa = certified('TEST CROWD TSA', { kind: 'tsa' }, now, ca);
  const one = (i: number): Uint8Array => {
    const signer = certified(`SIGNER ${i}`, { kind: 'subject', roles: ['individual'] }, now, ca, { iin: '900101300017' });
    const cms = makeCms({ ...signer, document: { content, attached }, signingTime: new Date(now.getTime() - 1_000 * (i + 1)) });
    const value = digest('streebog512', parseSignedData(cms).signers[0]!.signature);
    return Array.from({ length: tokens }).reduce<Uint8Array>(
      (bytes) => addTimeStamp(bytes, makeTimeStamp({ ...tsa, imprint: { algorithm: 'streebog512', value }, genTime: now })),
      cms,
    );
  };
  const merged = mergeCms(Array.from({ length: signers }, (_, i) => one(i)));
  return embedEvidence(merged, { certificates: lookAlikes('TEST CROWD', crowd, now), ocsp: [], crls: [] });
}
