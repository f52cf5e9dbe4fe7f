import { definiteLengths } from '../asn1/ber';
import { Der, TAG, context } from '../asn1/der';
import { explicit, implicitSetOf, integer, oid, sequence, setOf, tlv } from '../asn1/write';
import { concatBytes, toHex } from '../bytes';
import { malformed } from '../errors';
import { OID } from '../oids';
import type { OcspResponse } from '../ocsp/response';
import type { Certificate } from '../x509/certificate';
import type { Crl } from '../x509/crl';

/** One CMS with the signers, certificates, revocation values and algorithms of several over the same document, for export; SignerInfos are copied octet for octet, a document attached to one is kept. */
export function mergeCms(all: readonly Uint8Array[]): Uint8Array {
  const parts = all.map((cms) => readParts(cms));
  const first = parts[0];
  if (!first) throw new RangeError('nothing to merge');
  const crls = unique(parts.flatMap((p) => p.crls));
  return writeParts({
    version: integer(versionFor(1n, crls)),
    digestAlgorithms: unique(parts.flatMap((p) => p.digestAlgorithms)),
    encapsulated: parts.map((p) => p.encapsulated).reduce((a, b) => (b.length > a.length ? b : a), first.encapsulated),
    certificates: unique(parts.flatMap((p) => p.certificates)),
    crls,
    signerInfos: unique(parts.flatMap((p) => p.signerInfos)),
  });
}

/** The fields of SignedData, each as it stands. */
interface Parts {
  readonly version: Uint8Array;
  readonly digestAlgorithms: readonly Uint8Array[];
  readonly encapsulated: Uint8Array;
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly signerInfos: readonly Uint8Array[];
}

function readParts(cms: Uint8Array): Parts {
  const signedData = Der.parse(definiteLengths(cms)).children[1]?.children[0];
  if (!signedData) throw malformed('ContentInfo has no content');
  const fields = signedData.fields('SignedData');
  const members = (set: Der | undefined): Uint8Array[] => set?.children.map((c) => c.bytes) ?? [];
  return {
    version: fields.next(TAG.INTEGER).bytes,
    digestAlgorithms: members(fields.next(TAG.SET)),
    encapsulated: fields.next(TAG.SEQUENCE).bytes,
    certificates: members(fields.optional(context(0))),
    crls: members(fields.optional(context(1))),
    signerInfos: members(fields.next(TAG.SET)),
  };
}

/** Members keep their order: whoever reads by position finds the signer's certificate where it was. */
function writeParts({ version, digestAlgorithms, encapsulated, certificates, crls, signerInfos }: Parts): Uint8Array {
  const body = sequence(
    version,
    setOf(...digestAlgorithms),
    encapsulated,
    ...(certificates.length > 0 ? [tlv(context(0), concatBytes(certificates))] : []),
    ...(crls.length > 0 ? [tlv(context(1), concatBytes(crls))] : []),
    tlv(TAG.SET, concatBytes(signerInfos)),
  );
  return sequence(oid(OID.signedData), explicit(0, body));
}

function unique(members: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(members.map((bytes) => [toHex(bytes), bytes])).values()];
}

/** RFC 5652 §5.1: revocation values of another format than CRL make it version 5. */
function versionFor(present: bigint, crls: readonly Uint8Array[]): bigint {
  return crls.some((crl) => crl[0] === context(1)) ? 5n : present;
}

/** What is embedded for the long term. */
export interface Evidence {
  readonly certificates: readonly Certificate[];
  readonly ocsp: readonly OcspResponse[];
  readonly crls: readonly Crl[];
}

/**
 * The CMS with certificates, OCSP answers and lists in SignedData.certificates and .crls: where ETSI EN 319 122-1 §6.3 wants them from
 * level B-LT on (the certificate-values and revocation-values attributes belong to the older XL form), where OpenSSL and DSS look, and
 * what archive-time-stamp-v3 covers. Answers are whole OCSPResponses (RFC 5940). Pieces already there are not repeated; nothing signed is
 * touched.
 */
export function embedEvidence(cms: Uint8Array, { certificates, ocsp, crls }: Evidence): Uint8Array {
  const parts = readParts(cms);
  const answers = ocsp.filter((response) => response.basic).map(({ der }) => tlv(context(1), oid(OID.ocspResponseInfo), der));
  const revocation = unique([...parts.crls, ...crls.map((crl) => crl.der), ...answers]);
  const version = Der.parse(parts.version).integer();
  return writeParts({
    ...parts,
    version: integer(versionFor(version, revocation)),
    certificates: unique([...parts.certificates, ...certificates.map((certificate) => certificate.der)]),
    crls: revocation,
  });
}

/** The CMS with a time-stamp token added to its single signer; nothing that was signed is touched. */
export function addTimeStamp(cms: Uint8Array, token: Uint8Array): Uint8Array {
  return addUnsignedAttribute(cms, OID.signatureTimeStamp, token);
}

/** The CMS (or token) with an unsigned attribute more at its single signer, every other octet as it was. Throws RangeError. */
export function addUnsignedAttribute(cms: Uint8Array, type: string, value: Uint8Array): Uint8Array {
  const parts = readParts(cms);
  const [only, second] = parts.signerInfos;
  if (!only || second) throw new RangeError('an attribute is added to a CMS with one signer');
  const fields = Der.parse(only).children;
  const last = fields.at(-1)!;
  const unsigned = last.tag === context(1) ? last.children.map((c) => c.bytes) : [];
  const signed = (last.tag === context(1) ? fields.slice(0, -1) : fields).map((field) => field.bytes);
  return writeParts({ ...parts, signerInfos: [sequence(...signed, implicitSetOf(1, ...unsigned, attribute(type, value)))] });
}

/** Attribute with one value. */
export function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), setOf(value));
}
