import { createHash } from 'node:crypto';
import { Der, TAG, context } from '../asn1/der';
import {
  bitString,
  boolean,
  explicit,
  ia5,
  integer,
  nil,
  octetString,
  oid,
  printable,
  sequence,
  setOf,
  time,
  tlv,
  utf8,
} from '../asn1/write';
import { bigFromBytes } from '../bytes';
import { OID } from '../oids';
import { parseCertificate, type Certificate } from '../x509/certificate';
import { KEY_USAGES, type KeyUsage } from '../x509/extensions';
import { roleOid, type Role } from '../x509/roles';
import { signOctets, signatureAlgorithm, type PrivateKey } from './keys';

/** Who a certificate is for, in the fields NUC RK uses. */
export interface SubjectFields {
  readonly name: string;
  readonly surname?: string;
  /** Twelve digits. */
  readonly iin?: string;
  readonly organisation?: string;
  /** Twelve digits. */
  readonly bin?: string;
  readonly patronymic?: string;
  readonly email?: string;
}

/** What a certificate is for: the profiles of NUC RK's generation of 2022. */
export type CertificateProfile =
  | { readonly kind: 'ca'; readonly pathLength?: number }
  | { readonly kind: 'subject'; readonly roles: readonly Role[] }
  | { readonly kind: 'authentication'; readonly roles: readonly Role[] }
  | { readonly kind: 'tsa' }
  | { readonly kind: 'ocsp' };

/** Addresses written into certificates; all optional. */
export interface AuthorityUrls {
  readonly crl?: string;
  readonly deltaCrl?: string;
  readonly ocsp?: string;
  readonly issuer?: string;
  readonly cps?: string;
}

export interface CertificateOrder {
  readonly subject: SubjectFields;
  /** SubjectPublicKeyInfo DER. */
  readonly publicKey: Uint8Array;
  readonly profile: CertificateProfile;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly urls?: AuthorityUrls;
  /** Default: made from the key identifier, as NUC RK does; give one when the same key is certified again. */
  readonly serial?: bigint;
  /** Put beside those of the profile, or in place of one of the same type. */
  readonly extensions?: readonly { readonly type: string; readonly value: Uint8Array; readonly critical?: boolean }[];
  /** Default: SHA-1 of the key. */
  readonly keyIdentifier?: Uint8Array;
}

/** Who signs: the certificate of the authority, or nothing for a self-signed root. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly privateKey: PrivateKey;
}

/** Issues a certificate; `issuer` is the authority, or the key itself for a self-signed root. */
export function issueCertificate(order: CertificateOrder, issuer: Issuer | { readonly selfSigned: PrivateKey }): Certificate {
  const privateKey = 'selfSigned' in issuer ? issuer.selfSigned : issuer.privateKey;
  const authority = 'selfSigned' in issuer ? undefined : issuer.certificate;
  const subject = writeSubject(order.subject);
  const keyId = order.keyIdentifier ?? keyIdentifier(order.publicKey);
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(order.serial ?? serialFrom(keyId)),
    signatureAlgorithm(privateKey),
    authority?.subject.der ?? subject,
    sequence(time(order.notBefore), time(order.notAfter)),
    subject,
    order.publicKey,
    explicit(3, sequence(...extensions(order, keyId, authority?.subjectKeyIdentifier ?? keyId))),
  );
  return parseCertificate(sequence(tbs, signatureAlgorithm(privateKey), bitString(signOctets(privateKey, tbs))));
}

/** SHA-1 of the key bits (RFC 5280 §4.2.1.2 method 1). */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  const bits = Der.parse(spki).children[1]!.bitOctets();
  return Uint8Array.from(createHash('sha1').update(bits).digest());
}

/** The key identifier without its top bit; at least 1, so that it is a proper serial number. */
function serialFrom(keyId: Uint8Array): bigint {
  const value = bigFromBytes(keyId) & ~(1n << 159n);
  return value === 0n ? 1n : value;
}

function writeSubject(subject: SubjectFields): Uint8Array {
  const pairs: [string, Uint8Array | undefined][] = [
    [OID.commonName, utf8(subject.name)],
    [OID.surname, text(subject.surname)],
    [OID.serialNumber, subject.iin === undefined ? undefined : printable(`IIN${subject.iin}`)],
    [OID.country, printable('KZ')],
    [OID.organisation, text(subject.organisation)],
    [OID.organisationalUnit, subject.bin === undefined ? undefined : utf8(`BIN${subject.bin}`)],
    [OID.givenName, text(subject.patronymic)],
  ];
  return sequence(...pairs.flatMap(([type, value]) => (value ? [setOf(sequence(oid(type), value))] : [])));
}

function text(value: string | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : utf8(value);
}

interface Usage {
  readonly keyUsage: readonly KeyUsage[];
  readonly purposes: readonly string[];
  readonly purposesCritical: boolean;
  readonly policy: string;
}

function usageOf(profile: CertificateProfile): Usage {
  switch (profile.kind) {
    case 'ca':
      return { keyUsage: ['keyCertSign', 'cRLSign'], purposes: [], purposesCritical: false, policy: OID.nucPolicy };
    case 'subject':
      return {
        keyUsage: ['digitalSignature', 'nonRepudiation', 'keyAgreement'],
        purposes: [OID.emailProtection, ...profile.roles.map(roleOid)],
        purposesCritical: false,
        policy: OID.nucPolicy,
      };
    case 'authentication':
      return {
        keyUsage: ['digitalSignature', 'keyEncipherment'],
        purposes: [OID.clientAuth, ...profile.roles.map(roleOid)],
        purposesCritical: false,
        policy: OID.personAuthPolicy,
      };
    case 'tsa':
      return { keyUsage: ['digitalSignature'], purposes: [OID.timeStamping], purposesCritical: true, policy: OID.tsaPolicy };
    case 'ocsp':
      return { keyUsage: ['digitalSignature'], purposes: [OID.ocspSigning], purposesCritical: false, policy: OID.nucPolicy };
  }
}

function extensions(order: CertificateOrder, keyId: Uint8Array, authorityKeyId: Uint8Array): Uint8Array[] {
  const { profile, urls = {}, subject } = order;
  const usage = usageOf(profile);
  const list: (Uint8Array | undefined)[] = [
    profile.kind === 'ca' ? extension(OID.basicConstraints, basicConstraints(profile.pathLength), true) : undefined,
    extension(OID.certificatePolicies, sequence(policyInformation(usage.policy, urls.cps))),
    accessInfo(urls),
    urls.crl === undefined ? undefined : extension(OID.crlDistributionPoints, distributionPoint(urls.crl)),
    urls.deltaCrl === undefined ? undefined : extension(OID.freshestCrl, distributionPoint(urls.deltaCrl)),
    usage.purposes.length === 0 ? undefined : extension(OID.extendedKeyUsage, sequence(...usage.purposes.map(oid)), usage.purposesCritical),
    extension(OID.keyUsage, namedBits(usage.keyUsage), true),
    subject.email === undefined ? undefined : extension(OID.subjectAltName, sequence(tlv(context(1, false), latin1(subject.email)))),
    extension(OID.subjectKeyIdentifier, octetString(keyId)),
    extension(OID.authorityKeyIdentifier, sequence(tlv(context(0, false), authorityKeyId))),
    profile.kind === 'ocsp' ? extension(OID.ocspNoCheck, nil()) : undefined,
    profile.kind === 'subject' ? extension(OID.keyStorage, sequence(oid(OID.keyStorageFile))) : undefined,
  ];
  const more = order.extensions ?? [];
  const usual = list.filter((item) => item !== undefined && !more.some(({ type }) => type === Der.parse(item).children[0]?.oid()));
  return [...usual.filter((item) => item !== undefined), ...more.map(({ type, value, critical }) => extension(type, value, critical))];
}

function extension(type: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));
}

function basicConstraints(pathLength: number | undefined): Uint8Array {
  return sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)]));
}

function policyInformation(policy: string, cps: string | undefined): Uint8Array {
  return sequence(oid(policy), ...(cps === undefined ? [] : [sequence(sequence(oid(OID.cps), ia5(cps)))]));
}

function accessInfo({ ocsp, issuer }: AuthorityUrls): Uint8Array | undefined {
  const entry = (method: string, url: string): Uint8Array => sequence(oid(method), tlv(context(6, false), latin1(url)));
  const entries = [...(ocsp === undefined ? [] : [entry(OID.ocsp, ocsp)]), ...(issuer === undefined ? [] : [entry(OID.caIssuers, issuer)])];
  return entries.length === 0 ? undefined : extension(OID.authorityInfoAccess, sequence(...entries));
}

function distributionPoint(url: string): Uint8Array {
  return sequence(sequence(explicit(0, explicit(0, tlv(context(6, false), latin1(url))))));
}

/** KeyUsage: the shortest BIT STRING whose last bit is set (X.690 §11.2.2). */
function namedBits(usages: readonly KeyUsage[]): Uint8Array {
  const positions = usages.map((usage) => KEY_USAGES.indexOf(usage));
  const last = Math.max(...positions);
  const octets = new Uint8Array((last >> 3) + 1);
  for (const position of positions) octets[position >> 3]! |= 0x80 >> (position & 7);
  return tlv(TAG.BIT_STRING, Uint8Array.of(7 - (last & 7)), octets);
}

function latin1(value: string): Uint8Array {
  return Buffer.from(value, 'latin1');
}
