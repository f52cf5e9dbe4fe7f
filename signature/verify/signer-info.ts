import { TAG, context, type Der } from '../asn1/der';
import { readTime } from '../asn1/time';
import { equalBytes } from '../bytes';
import { findSignerCertificate, type Attribute, type SignedData, type SignerInfo } from '../cms/signed-data';
import { digest, digestByOid, type DigestName } from '../digests';
import { SignatureFormatError } from '../errors';
import { OID } from '../oids';
import { schemeFor, verifySignature, type SignatureScheme } from '../public-key';
import type { Certificate } from '../x509/certificate';
import { Work } from '../work';
import { fail, notChecked, pass, type Finding } from './finding';

/** What a SignerInfo proves by itself, before any question of trust or time. */
export interface SignerInfoFacts {
  /** The signer's certificate, undefined when it was not found or is contradicted. */
  readonly certificate: Certificate | undefined;
  readonly identity: Finding;
  readonly attributes: Finding;
  readonly digest: Finding;
  readonly signature: Finding;
  /** ESS signing-certificate attribute: `pass` binds the certificate, `not checked` without a code means it is absent. */
  readonly ess: Finding;
  readonly scheme: SignatureScheme | undefined;
  /** The signing-time attribute: only what the signer's clock said. */
  readonly claimedTime: Date | undefined;
}

/** Enclosed certificates tried when none is the one named: the answer is only a clearer reason, so the work is bounded. */
const MAX_IMPOSTORS = 2;

/** Gives the digest of the document, undefined when neither the document nor that digest is at hand. */
export type DocumentDigest = (name: DigestName) => Uint8Array | undefined;

/** Checks one SignerInfo against the document (RFC 5652 §5.4–5.6, RFC 5035). */
export function checkSignerInfo(
  signer: SignerInfo,
  cms: SignedData,
  pool: readonly Certificate[],
  documentDigest: DocumentDigest,
  work = new Work(),
): SignerInfoFacts {
  const attributes = new AttributeSet(signer.signedAttributes ?? []);
  const named = findSignerCertificate(signer.sid, [...cms.certificates, ...pool]);
  const impostor = named ? undefined : cms.certificates.slice(0, MAX_IMPOSTORS).find((c) => checkValue(signer, c, work).result === 'pass');
  return {
    certificate: named,
    identity: identityOf(named, impostor, cms),
    attributes: checkAttributes(signer, attributes, cms.contentType),
    digest: checkDigest(signer, attributes, documentDigest),
    signature: named ? checkValue(signer, named, work) : notChecked(),
    ess: named ? checkEss(attributes, named) : notChecked(),
    scheme: named && schemeOf(signer, named),
    claimedTime: claimedTime(attributes),
  };
}

/** An enclosed certificate whose key fits the signature but which the SignerInfo does not name was exchanged or altered. */
function identityOf(named: Certificate | undefined, impostor: Certificate | undefined, cms: SignedData): Finding {
  if (named) return pass();
  if (impostor) return fail('certificate.mismatch');
  return cms.brokenCertificates > 0 ? fail('certificate.malformed') : fail('certificate.missing');
}

/** contentType and messageDigest must be there once, with one value (RFC 5652 §5.3, §11); no other attribute may repeat either. */
function checkAttributes(signer: SignerInfo, attributes: AttributeSet, contentType: string): Finding {
  if (!signer.signedAttributes) return fail('attributes.missing');
  const repeated = attributes.repeated();
  if (repeated) return fail('structure.attributes', `Attribute ${repeated} appears twice`);
  const declared = attributes.single(OID.contentType);
  if (!declared) return fail('structure.attributes', 'The content type attribute is missing or has several values');
  if (declared.tag !== TAG.OID || declared.oid() !== contentType)
    return fail('structure.attributes', 'The content type attribute names another type');
  const stated = attributes.single(OID.messageDigest);
  if (stated?.tag !== TAG.OCTET_STRING)
    return fail('structure.attributes', 'The message digest attribute is missing or has several values');
  return pass();
}

function checkDigest(signer: SignerInfo, attributes: AttributeSet, documentDigest: DocumentDigest): Finding {
  const stated = attributes.single(OID.messageDigest);
  if (stated?.tag !== TAG.OCTET_STRING) return notChecked();
  const name = digestByOid(signer.digestAlgorithm);
  if (!name) return notChecked('algorithm.unknown', `Digest algorithm ${signer.digestAlgorithm}`);
  const computed = documentDigest(name);
  if (!computed) return notChecked('content.missing');
  return equalBytes(stated.value, computed) ? pass(name) : fail('digest.mismatch', name);
}

function schemeOf(signer: SignerInfo, certificate: Certificate): SignatureScheme | undefined {
  const name = digestByOid(signer.digestAlgorithm);
  return name && schemeFor(certificate.publicKey, signer.signatureAlgorithm, name);
}

function checkValue(signer: SignerInfo, certificate: Certificate, work: Work): Finding {
  if (!signer.signedOctets) return notChecked();
  const { publicKey } = certificate;
  if (publicKey.kind === 'unknown') return notChecked('algorithm.unknown', `Key ${publicKey.algorithm}: ${publicKey.reason}`);
  const scheme = schemeOf(signer, certificate);
  if (!scheme)
    return notChecked('algorithm.unknown', `Signature algorithm ${signer.signatureAlgorithm} with digest ${signer.digestAlgorithm}`);
  work.operation(signer, certificate.keyFingerprint);
  return verifySignature(publicKey, scheme, signer.signedOctets, signer.signature, work)
    ? pass(scheme.family)
    : fail('signature.bad', scheme.family);
}

/** Every signing-certificate attribute present must name the certificate used (RFC 5035 §3, §4). */
function checkEss(attributes: AttributeSet, certificate: Certificate): Finding {
  const v1 = attributes.all(OID.signingCertificate);
  const v2 = attributes.all(OID.signingCertificateV2);
  if (v1.length + v2.length === 0) return notChecked(undefined, 'The certificate is not bound to the signature');
  try {
    const findings = [
      ...v1.map((value) => essMatches(value, certificate, 'sha1')),
      ...v2.map((value) => essMatches(value, certificate, undefined)),
    ];
    return findings.find((f) => f.result === 'fail') ?? findings.find((f) => f.result === 'not checked') ?? pass();
  } catch (error) {
    if (!(error instanceof SignatureFormatError)) throw error;
    return fail('structure.attributes', 'The signing certificate attribute cannot be read');
  }
}

/** The first ESSCertID names the signer's certificate; version 1 always means SHA-1, version 2 SHA-256 unless it says otherwise. */
function essMatches(value: Der, certificate: Certificate, fixed: DigestName | undefined): Finding {
  const id = value.fields('SigningCertificate').next(TAG.SEQUENCE).children[0]?.fields('ESSCertID');
  if (!id) return fail('structure.attributes', 'The signing certificate attribute is empty');
  const declared = fixed ? undefined : id.optional(TAG.SEQUENCE)?.fields('AlgorithmIdentifier').next(TAG.OID).oid();
  const name = fixed ?? (declared === undefined ? 'sha256' : digestByOid(declared));
  if (!name) return notChecked('algorithm.unknown', `Digest algorithm ${declared}`);
  if (!equalBytes(id.next(TAG.OCTET_STRING).octets(), digest(name, certificate.der))) return fail('ess.mismatch');
  const issuerSerial = id.optional(TAG.SEQUENCE);
  return !issuerSerial || namesCertificate(issuerSerial, certificate) ? pass(name) : fail('ess.mismatch', 'Issuer or serial number differ');
}

/** IssuerSerial: GeneralNames with one directoryName, and the serial number. */
function namesCertificate(issuerSerial: Der, certificate: Certificate): boolean {
  const fields = issuerSerial.fields('IssuerSerial');
  const names = fields.next(TAG.SEQUENCE).children.filter((name) => name.tag === context(4));
  const sameName = names.some((name) => equalBytes(name.value, certificate.issuer.der));
  return sameName && fields.next(TAG.INTEGER).integer() === certificate.serial;
}

function claimedTime(attributes: AttributeSet): Date | undefined {
  const value = attributes.single(OID.signingTime);
  try {
    return value && readTime(value);
  } catch (error) {
    if (error instanceof SignatureFormatError) return undefined; // an unreadable claim is no claim
    throw error;
  }
}

class AttributeSet {
  constructor(private readonly attributes: readonly Attribute[]) {}

  all(type: string): readonly Der[] {
    return this.attributes.filter((a) => a.type === type).flatMap((a) => a.values);
  }

  /** The value of an attribute that is there once and has one value. */
  single(type: string): Der | undefined {
    const values = this.all(type);
    return values.length === 1 ? values[0] : undefined;
  }

  repeated(): string | undefined {
    const types = this.attributes.map((a) => a.type);
    return types.find((type, i) => types.indexOf(type) !== i);
  }
}
