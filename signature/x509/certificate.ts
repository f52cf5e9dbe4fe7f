import { createHash } from 'node:crypto';
import { Der, TAG, context } from '../asn1/der';
import { readTime } from '../asn1/time';
import { equalBytes } from '../bytes';
import { malformed } from '../errors';
import { OID } from '../oids';
import type { Work } from '../work';
import { readSubjectPublicKey, schemeFor, verifySignature, type PublicKey } from '../public-key';
import {
  extensionContent,
  readAccessUris,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readDistributionPoints,
  readExtendedKeyUsage,
  readExtensions,
  readKeyUsage,
  readPolicies,
  readSubjectKeyIdentifier,
  type BasicConstraints,
  type Extensions,
  type KeyUsage,
} from './extensions';
import { readName, readSubject, type Name, type Subject } from './name';
import { readAlternativeNames, readNameConstraints, type AlternativeNames, type NameConstraints } from './name-constraints';
import { identificationsOf, rolesOf, type Identification, type Role } from './roles';

/** Everything the engine needs of an X.509 certificate (RFC 5280), parsed once; octets are views into `der`. */
export interface Certificate {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprint: string;
  /** SHA-256 of `spki`, lower-case hex: certificates that look alike may have the same key. */
  readonly keyFingerprint: string;
  readonly serial: bigint;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo as it stands. */
  readonly spki: Uint8Array;
  readonly publicKey: PublicKey;
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly extendedKeyUsageCritical: boolean;
  readonly policies: readonly string[];
  readonly basicConstraints: BasicConstraints | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly authorityKeyIdentifier: Uint8Array | undefined;
  readonly crlUrls: readonly string[];
  readonly deltaCrlUrls: readonly string[];
  readonly ocspUrls: readonly string[];
  readonly issuerUrls: readonly string[];
  readonly emails: readonly string[];
  readonly alternativeNames: AlternativeNames;
  readonly nameConstraints: NameConstraints | undefined;
  /** Critical extensions the engine does not process: such a certificate must not be relied on (RFC 5280 §4.2). */
  readonly unknownCritical: readonly string[];
  /** Who it belongs to, in the terms of NUC RK. */
  readonly person: Subject;
  readonly roles: readonly Role[];
  readonly identifications: readonly Identification[];
  readonly signed: Signed;
}

/** The outer SEQUENCE shared by certificates and CRLs: octets to be verified, algorithm, signature. */
export interface Signed {
  readonly tbs: Uint8Array;
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.certificatePolicies,
  OID.subjectAltName,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.crlDistributionPoints,
]);

/** Parses one DER certificate. Throws SignatureFormatError when it is not one. */
export function parseCertificate(der: Uint8Array, work?: Work): Certificate {
  return readCertificate(Der.parse(der), work);
}

/** Reads a certificate that is part of a larger structure. */
export function readCertificate(element: Der, work?: Work): Certificate {
  work?.spend('certificates');
  const { tbs, signed, inner } = readSigned(element, 'Certificate');
  const fields = tbs.fields('TBSCertificate');
  const version = fields.optional(context(0))?.children[0]?.smallInteger() ?? 0;
  const serial = fields.next(TAG.INTEGER).integer();
  inner(fields.next(TAG.SEQUENCE));
  const issuer = readName(fields.next());
  const validity = fields.next(TAG.SEQUENCE).fields('Validity');
  const notBefore = readTime(validity.next());
  const notAfter = readTime(validity.next());
  const subject = readName(fields.next());
  const spki = fields.next(TAG.SEQUENCE);
  fields.optional(context(1, false));
  fields.optional(context(2, false));
  const wrapped = fields.optional(context(3))?.children[0];
  if (wrapped && version !== 2) throw malformed('extensions in a certificate that is not of version 3');
  const extensions: Extensions = wrapped ? readExtensions(wrapped) : new Map();
  const usages = readExtendedKeyUsage(extensions);
  const alternativeNames = readAlternativeNames(extensionContent(extensions, OID.subjectAltName));
  const constraints = extensionContent(extensions, OID.nameConstraints);
  return {
    der: element.bytes,
    fingerprint: createHash('sha256').update(element.bytes).digest('hex'),
    keyFingerprint: createHash('sha256').update(spki.bytes).digest('hex'),
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki: spki.bytes,
    publicKey: readSubjectPublicKey(spki),
    keyUsage: readKeyUsage(extensions),
    extendedKeyUsage: usages,
    extendedKeyUsageCritical: extensions.get(OID.extendedKeyUsage)?.critical ?? false,
    policies: readPolicies(extensions),
    basicConstraints: readBasicConstraints(extensions),
    subjectKeyIdentifier: readSubjectKeyIdentifier(extensions),
    authorityKeyIdentifier: readAuthorityKeyIdentifier(extensions),
    crlUrls: readDistributionPoints(extensions, OID.crlDistributionPoints),
    deltaCrlUrls: readDistributionPoints(extensions, OID.freshestCrl),
    ocspUrls: readAccessUris(extensions, OID.ocsp),
    issuerUrls: readAccessUris(extensions, OID.caIssuers),
    emails: alternativeNames.emails,
    alternativeNames,
    nameConstraints: constraints && readNameConstraints(constraints),
    unknownCritical: [...extensions].filter(([oid, { critical }]) => critical && !UNDERSTOOD.has(oid)).map(([oid]) => oid),
    person: readSubject(subject),
    roles: rolesOf(usages ?? []),
    identifications: identificationsOf(usages ?? []),
    signed,
  };
}

/** Splits SIGNED{…} and gives a check that the algorithm inside equals the one outside (RFC 5280 §4.1.1.2). */
export function readSigned(element: Der, what: string): { tbs: Der; signed: Signed; inner: (algorithm: Der) => void } {
  const fields = element.expect(TAG.SEQUENCE, what).fields(what);
  const tbs = fields.next(TAG.SEQUENCE);
  const algorithm = fields.next(TAG.SEQUENCE);
  const signature = fields.next(TAG.BIT_STRING).bitOctets();
  fields.done();
  const inner = (identifier: Der): void => {
    if (!equalBytes(identifier.bytes, algorithm.bytes)) throw malformed(`${what}: the two signature algorithms differ`);
  };
  return { tbs, signed: { tbs: tbs.bytes, algorithm: algorithm.fields(what).next(TAG.OID).oid(), signature }, inner };
}

/** Outcome of checking a signed structure with an issuer's key. */
export type SignatureOutcome = 'good' | 'bad' | 'unknown-algorithm';

/** Verifies a certificate's or CRL's signature with the key of its issuer. */
export function checkSigned(signed: Signed, issuerKey: PublicKey, work?: Work): SignatureOutcome {
  const scheme = schemeFor(issuerKey, signed.algorithm);
  if (!scheme) return 'unknown-algorithm';
  return verifySignature(issuerKey, scheme, signed.tbs, signed.signature, work) ? 'good' : 'bad';
}

/** Whether issuer and subject are the same name, octet for octet. */
export function isSelfIssued(certificate: Certificate): boolean {
  return equalBytes(certificate.issuer.der, certificate.subject.der);
}

/** The serial number as people compare it: lower-case hex of the positive value, whole octets. */
export function formatSerial(serial: bigint): string {
  const hex = (serial < 0n ? -serial : serial).toString(16);
  return `${serial < 0n ? '-' : ''}${hex.length % 2 ? '0' : ''}${hex}`;
}

/** One line that names a certificate for an error or a log without personal numbers. */
export function describeCertificate(certificate: Certificate): string {
  return certificate.person.name ?? `certificate ${formatSerial(certificate.serial)}`;
}
