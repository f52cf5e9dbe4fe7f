import { randomBytes } from 'node:crypto';
import { algorithm, explicit, implicitSetOf, integer, octetString, oid, sequence, setOf, tlv } from '../../signature/asn1/write';
import { attribute } from '../../signature/cms/assemble';
import { DIGEST_OIDS, digest } from '../../signature/digests';
import {
  generatePrivateKey,
  issueCertificate,
  makeTimeStamp,
  subjectPublicKeyInfo,
  type Issuer,
  type PrivateKey,
} from '../../signature/make';
import { algorithmsOf, signatureAlgorithm } from '../../signature/make/keys';
import { OID } from '../../signature/oids';
import type { Certificate } from '../../signature/x509/certificate';

// Signatures that are small to send and costly to check: nothing in them is good, and each has to be tried to find that out.

const dayMs = 86_400_000;
const contextSet = (number: number, parts: readonly Uint8Array[]): Uint8Array => tlv(0xa0 | number, ...parts);

/** Certificates that look alike to whoever searches for an issuer: one name, one key identifier, many serial numbers. */
export function lookAlikes(count: number, name: string, key: PrivateKey): Certificate[] {
  const self = generatePrivateKey(key.kind);
  return Array.from({ length: count }, (_, i) =>
    issueCertificate(
      {
        subject: { name },
        publicKey: subjectPublicKeyInfo(key),
        profile: { kind: 'ca' },
        notBefore: new Date(Date.now() - 300 * dayMs),
        notAfter: new Date(Date.now() + 300 * dayMs),
        serial: BigInt(1_000 + i),
      },
      { selfSigned: self },
    ),
  );
}

/** Certificates that name a look-alike as their issuer and were signed by nobody it knows. */
export function orphans(count: number, issuer: Certificate, key: PrivateKey, profile: 'subject' | 'tsa'): Certificate[] {
  const stranger: Issuer = { certificate: issuer, privateKey: generatePrivateKey(key.kind) };
  return Array.from({ length: count }, (_, i) =>
    issueCertificate(
      {
        subject: { name: `ORPHAN ${i}`, iin: '900101300000' },
        publicKey: subjectPublicKeyInfo(key),
        profile: profile === 'tsa' ? { kind: 'tsa' } : { kind: 'subject', roles: ['individual'] },
        notBefore: new Date(Date.now() - 30 * dayMs),
        notAfter: new Date(Date.now() + 300 * dayMs),
        serial: BigInt(100_000 + i),
      },
      stranger,
    ),
  );
}

/** A CMS of many signers with many time-stamps each, whose certificates have many look-alike issuers. About 1.2 MB with the usual numbers. */
export function costlyCms({ signers = 128, tokens = 8, issuers = 24, content = Buffer.from('text'), attached = false } = {}): Buffer {
  const key = generatePrivateKey('gost2015');
  const authorities = lookAlikes(issuers, 'LOOK ALIKE', key);
  const people = orphans(Math.min(signers, 100), authorities[0]!, key, 'subject');
  const stampers = orphans(signers * tokens, authorities[0]!, key, 'tsa'); // each its own: what was tried once is remembered
  const made = stampers.map((certificate) =>
    makeTimeStamp({
      certificate,
      privateKey: key,
      imprint: { algorithm: 'streebog512', value: randomBytes(64) },
      genTime: new Date(Math.floor(Date.now() / 1_000) * 1_000),
    }),
  );
  const documentDigest = digest(algorithmsOf(key).digest, content);
  const digestAlgorithm = algorithm(DIGEST_OIDS[algorithmsOf(key).digest]);
  const infos = Array.from({ length: signers }, (_, i) => {
    const certificate = people[i % people.length]!;
    const ess = sequence(sequence(sequence(octetString(digest('sha256', certificate.der)))));
    const own = Array.from({ length: tokens }, (_unused, k) => made[(i * tokens + k) % made.length]!);
    return sequence(
      integer(1),
      sequence(certificate.issuer.der, integer(certificate.serial)),
      digestAlgorithm,
      implicitSetOf(
        0,
        attribute(OID.contentType, oid(OID.data)),
        attribute(OID.messageDigest, octetString(documentDigest)),
        attribute(OID.signingCertificateV2, ess),
      ),
      signatureAlgorithm(key),
      octetString(notASignature()),
      ...(tokens > 0 ? [contextSet(1, [sequence(oid(OID.signatureTimeStamp), setOf(...own))])] : []),
    );
  });
  const certificates = [...people, ...authorities].map(({ der }) => der);
  const body = sequence(
    integer(1),
    setOf(digestAlgorithm),
    sequence(oid(OID.data), ...(attached ? [explicit(0, octetString(content))] : [])),
    contextSet(0, certificates),
    tlv(0x31, ...infos),
  );
  return Buffer.from(sequence(oid(OID.signedData), explicit(0, body)));
}

/** Two numbers of the right size: it takes the whole calculation to see that they are none. */
const notASignature = (): Uint8Array => {
  const bytes = randomBytes(128);
  bytes[0]! &= 0x0f;
  bytes[64]! &= 0x0f;
  return bytes;
};

/** DER whose every element holds the next: deep enough for a reader that calls itself. */
export function deepDer(depth = 20_000): Buffer {
  let inner: Uint8Array = tlv(0x05);
  for (let i = 0; i < depth; i++) inner = tlv(0x30, inner);
  return Buffer.from(inner);
}

/** The beginning of a CMS whose indefinite lengths are never closed. */
export const endlessBer = (mebibytes = 4): Buffer => Buffer.alloc(mebibytes * 1024 * 1024, Buffer.from([0x30, 0x80]));
