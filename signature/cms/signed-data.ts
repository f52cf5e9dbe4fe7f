import { readAlgorithm } from '../asn1/algorithm';
import { definiteLengths } from '../asn1/ber';
import { Der, TAG, context } from '../asn1/der';
import { equalBytes } from '../bytes';
import { SignatureFormatError, isUnreadable, malformed } from '../errors';
import { OID } from '../oids';
import { Work } from '../work';
import { readCertificate, type Certificate } from '../x509/certificate';

/** Most signers and certificates one CMS may bring: far above any contract, low enough to bound the work. */
const MAX_SIGNERS = 128;
const MAX_CERTIFICATES = 256;

/** SignedData (RFC 5652 §5.1), read without re-encoding: every octet string is a view into the bytes received. */
export interface SignedData {
  /** eContentType. */
  readonly contentType: string;
  /** The attached document, undefined when the signature is detached. */
  readonly content: Uint8Array | undefined;
  readonly certificates: readonly Certificate[];
  /** Enclosed certificates that cannot be read. */
  readonly brokenCertificates: number;
  /** Members of the certificates field (CertificateChoices), as they stand. */
  readonly certificateChoices: readonly Der[];
  /** Members of the crls field (RevocationInfoChoice), as they stand. */
  readonly revocationInfo: readonly Der[];
  readonly signers: readonly SignerInfo[];
}

export interface SignerInfo {
  readonly sid: SignerId;
  /** OID of digestAlgorithm and of signatureAlgorithm. */
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  /** Undefined when the signer signed without attributes. */
  readonly signedAttributes: readonly Attribute[] | undefined;
  /** The signed attributes re-tagged as SET OF: what the signature is over (RFC 5652 §5.4). */
  readonly signedOctets: Uint8Array | undefined;
  readonly unsignedAttributes: readonly Attribute[];
  /** The SignerInfo as received. */
  readonly der: Uint8Array;
}

export type SignerId = { readonly issuer: Uint8Array; readonly serial: bigint } | { readonly keyIdentifier: Uint8Array };

export interface Attribute {
  readonly type: string;
  readonly values: readonly Der[];
}

/** Parses a CMS or a time-stamp token. Throws SignatureFormatError when it is not SignedData with at least one signer. */
export function parseSignedData(bytes: Uint8Array, work = new Work()): SignedData {
  const info = Der.parse(definiteLengths(bytes));
  if (info.tag !== TAG.SEQUENCE) throw notCms();
  const outer = info.fields('ContentInfo');
  const type = outer.next();
  if (type.tag !== TAG.OID || type.oid() !== OID.signedData) throw notCms();
  const fields = outer.next(context(0)).children[0]?.expect(TAG.SEQUENCE, 'SignedData').fields('SignedData');
  if (!fields) throw notCms();
  fields.next(TAG.INTEGER);
  fields.next(TAG.SET);
  const encapsulated = fields.next(TAG.SEQUENCE).fields('EncapsulatedContentInfo');
  const contentType = encapsulated.next(TAG.OID).oid();
  const content = encapsulated.optional(context(0))?.children[0]?.octets();
  work.spend('structureBytes', bytes.length - (content?.length ?? 0));
  const certificateChoices = fields.optional(context(0))?.children ?? [];
  const certificates = readCertificateSet(certificateChoices, work);
  const revocationInfo = fields.optional(context(1))?.children ?? [];
  const signers = fields.next(TAG.SET).children;
  fields.done();
  if (signers.length === 0) throw new SignatureFormatError('structure.no_signers', 'The CMS holds no signature');
  if (signers.length > MAX_SIGNERS) throw new SignatureFormatError('structure.too_large', 'The CMS holds too many signatures');
  return { contentType, content, ...certificates, certificateChoices, revocationInfo, signers: signers.map(readSignerInfo) };
}

/** A time-stamp token inside a CMS; of the same octets once, however often it is looked at. Throws SignatureFormatError. */
export function readToken(bytes: Uint8Array, work: Work): SignedData {
  return work.once('token', bytes, () => {
    work.spend('tokens');
    return parseSignedData(bytes, work);
  });
}

/**
 * How many signers a CMS names, read without looking at any of them: where one is expected, several are refused before they can cost
 * anything. Throws SignatureFormatError when it is no SignedData.
 */
export function countSigners(bytes: Uint8Array): number {
  const outer = Der.parse(definiteLengths(bytes)).expect(TAG.SEQUENCE, 'ContentInfo').fields('ContentInfo');
  const type = outer.next();
  if (type.tag !== TAG.OID || type.oid() !== OID.signedData) throw notCms();
  const fields = outer.next(context(0)).children[0]?.expect(TAG.SEQUENCE, 'SignedData').fields('SignedData');
  if (!fields) throw notCms();
  fields.next(TAG.INTEGER);
  fields.next(TAG.SET);
  fields.next(TAG.SEQUENCE);
  fields.optional(context(0));
  fields.optional(context(1));
  return fields.next(TAG.SET).children.length;
}

function readCertificateSet(members: readonly Der[], work: Work): { certificates: Certificate[]; brokenCertificates: number } {
  const certificates: Certificate[] = [];
  let brokenCertificates = 0;
  if (members.length > MAX_CERTIFICATES) throw new SignatureFormatError('structure.too_large', 'The CMS holds too many certificates');
  for (const member of members) {
    if (member.tag !== TAG.SEQUENCE) continue; // attribute certificates and other choices of RFC 5652 §10.2.2
    try {
      certificates.push(readCertificate(member, work));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      brokenCertificates++;
    }
  }
  return { certificates, brokenCertificates };
}

function readSignerInfo(element: Der): SignerInfo {
  const fields = element.expect(TAG.SEQUENCE, 'SignerInfo').fields('SignerInfo');
  fields.next(TAG.INTEGER);
  const sid = readSignerId(fields.next());
  const digestAlgorithm = readAlgorithm(fields.next());
  const signed = fields.optional(context(0));
  const signatureAlgorithm = readAlgorithm(fields.next());
  const signature = fields.next(TAG.OCTET_STRING).octets();
  const unsigned = fields.optional(context(1));
  fields.done();
  return {
    sid,
    digestAlgorithm,
    signatureAlgorithm,
    signature,
    signedAttributes: signed && readAttributes(signed),
    signedOctets: signed?.retagged(TAG.SET),
    unsignedAttributes: unsigned ? readAttributes(unsigned) : [],
    der: element.bytes,
  };
}

function readSignerId(element: Der): SignerId {
  if (element.tag === context(0, false)) return { keyIdentifier: element.value };
  const fields = element.expect(TAG.SEQUENCE, 'IssuerAndSerialNumber').fields('IssuerAndSerialNumber');
  return { issuer: fields.next(TAG.SEQUENCE).bytes, serial: fields.next(TAG.INTEGER).integer() };
}

function readAttributes(set: Der): Attribute[] {
  return set.children.map((item) => {
    const fields = item.expect(TAG.SEQUENCE, 'Attribute').fields('Attribute');
    const type = fields.next(TAG.OID).oid();
    const values = fields.next(TAG.SET).children;
    if (values.length === 0) throw malformed(`attribute ${type} has no value`);
    return { type, values };
  });
}

/** The certificate a SignerInfo names, among those given. */
export function findSignerCertificate(sid: SignerId, certificates: readonly Certificate[]): Certificate | undefined {
  if ('keyIdentifier' in sid) {
    return certificates.find((c) => c.subjectKeyIdentifier && equalBytes(c.subjectKeyIdentifier, sid.keyIdentifier));
  }
  return certificates.find((c) => c.serial === sid.serial && equalBytes(c.issuer.der, sid.issuer));
}

function notCms(): SignatureFormatError {
  return new SignatureFormatError('structure.not_cms', 'The data is not a CMS signature');
}
