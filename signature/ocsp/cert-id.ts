import { readAlgorithm } from '../asn1/algorithm';
import { Der, TAG } from '../asn1/der';
import { algorithm, integer, octetString, sequence } from '../asn1/write';
import { equalBytes } from '../bytes';
import { DIGEST_OIDS, digest, digestByOid, type DigestName } from '../digests';
import type { Certificate } from '../x509/certificate';

/** CertID (RFC 6960 §4.1.1): which certificate a request asks and an answer speaks about. */
export interface CertId {
  /** OID of the digest of both hashes. */
  readonly algorithm: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  readonly serial: bigint;
  readonly der: Uint8Array;
}

/** DER of a CertID; NUC RK wants SHA-256 with NULL parameters. */
export function writeCertId(serial: bigint, issuer: Certificate, name: DigestName = 'sha256'): Uint8Array {
  return sequence(
    algorithm(DIGEST_OIDS[name]),
    octetString(digest(name, issuer.subject.der)),
    octetString(digest(name, issuerKeyBits(issuer))),
    integer(serial),
  );
}

/** Reads a CertID. Throws SignatureFormatError. */
export function readCertId(element: Der): CertId {
  const fields = element.expect(TAG.SEQUENCE, 'CertID').fields('CertID');
  const oid = readAlgorithm(fields.next());
  const issuerNameHash = fields.next(TAG.OCTET_STRING).octets();
  const issuerKeyHash = fields.next(TAG.OCTET_STRING).octets();
  const serial = fields.next(TAG.INTEGER).integer();
  fields.done();
  return { algorithm: oid, issuerNameHash, issuerKeyHash, serial, der: element.bytes };
}

/** Whether a CertID names this certificate of this issuer; false when its digest is not supported. */
export function namesCertificate(id: CertId, certificate: Certificate, issuer: Certificate): boolean {
  return id.serial === certificate.serial && namesIssuer(id, issuer);
}

/** Whether a CertID names a certificate of this issuer. */
export function namesIssuer(id: CertId, issuer: Certificate): boolean {
  const name = digestByOid(id.algorithm);
  if (!name) return false;
  const { nameHash, keyHash } = hashesOf(issuer, name);
  return equalBytes(id.issuerNameHash, nameHash) && equalBytes(id.issuerKeyHash, keyHash);
}

type IssuerHashes = { readonly nameHash: Uint8Array; readonly keyHash: Uint8Array };
/** Every answer at hand is compared with the same few authorities. */
const hashes = new WeakMap<Certificate, Map<DigestName, IssuerHashes>>();

function hashesOf(issuer: Certificate, name: DigestName): IssuerHashes {
  const known = hashes.get(issuer) ?? new Map<DigestName, IssuerHashes>();
  hashes.set(issuer, known);
  const found = known.get(name) ?? { nameHash: digest(name, issuer.subject.der), keyHash: digest(name, issuerKeyBits(issuer)) };
  known.set(name, found);
  return found;
}

/** Content of the BIT STRING of the issuer's key; for GOST that includes the header of the inner OCTET STRING. */
export function issuerKeyBits(issuer: Certificate): Uint8Array {
  return Der.parse(issuer.spki).children[1]!.bitOctets();
}
