import { definiteLengths } from '../asn1/ber';
import { Der, TAG, context } from '../asn1/der';
import { explicit, implicitSetOf, integer, oid, sequence, setOf, tlv } from '../asn1/write';
import { concatBytes, toHex } from '../bytes';
import { OID } from '../oids';

/** One CMS with the signers, certificates and algorithms of several over the same document, for export; SignerInfos are copied octet for octet, a document attached to one is kept. */
export function mergeCms(all: readonly Uint8Array[]): Uint8Array {
  const parts = all.map((cms) => readParts(cms));
  const first = parts[0];
  if (!first) throw new RangeError('nothing to merge');
  const unique = (pick: (part: Parts) => readonly Uint8Array[]): Uint8Array[] => {
    const byHex = new Map(parts.flatMap(pick).map((bytes) => [toHex(bytes), bytes]));
    return [...byHex.values()];
  };
  const body = sequence(
    integer(1),
    setOf(...unique((p) => p.digestAlgorithms)),
    parts.map((p) => p.encapsulated).reduce((a, b) => (b.length > a.length ? b : a), first.encapsulated),
    implicitSetOf(0, ...unique((p) => p.certificates)),
    setOf(...unique((p) => p.signerInfos)),
  );
  return sequence(oid(OID.signedData), explicit(0, body));
}

interface Parts {
  readonly version: Uint8Array;
  readonly digestAlgorithms: readonly Uint8Array[];
  readonly encapsulated: Uint8Array;
  readonly certificates: readonly Uint8Array[];
  readonly crls: Uint8Array | undefined;
  readonly signerInfos: readonly Uint8Array[];
}

function readParts(cms: Uint8Array): Parts {
  const fields = Der.parse(definiteLengths(cms)).children[1]!.children[0]!.fields('SignedData');
  const members = (set: Der | undefined): Uint8Array[] => set?.children.map((c) => c.bytes) ?? [];
  return {
    version: fields.next(TAG.INTEGER).bytes,
    digestAlgorithms: members(fields.next(TAG.SET)),
    encapsulated: fields.next(TAG.SEQUENCE).bytes,
    certificates: members(fields.optional(context(0))),
    crls: fields.optional(context(1))?.bytes,
    signerInfos: members(fields.next(TAG.SET)),
  };
}

/** The CMS with a time-stamp token added to its single signer; nothing that was signed is touched. */
export function addTimeStamp(cms: Uint8Array, token: Uint8Array): Uint8Array {
  const { version, digestAlgorithms, encapsulated, certificates, crls, signerInfos } = readParts(cms);
  const [only, second] = signerInfos;
  if (!only || second) throw new RangeError('a time-stamp is added to a CMS with one signer');
  const fields = Der.parse(only).children;
  const last = fields.at(-1)!;
  const unsigned = last.tag === context(1) ? last.children.map((c) => c.bytes) : [];
  const signed = (last.tag === context(1) ? fields.slice(0, -1) : fields).map((field) => field.bytes);
  const signerInfo = sequence(...signed, implicitSetOf(1, ...unsigned, attribute(OID.signatureTimeStamp, token)));
  const body = sequence(
    version,
    setOf(...digestAlgorithms),
    encapsulated,
    ...(certificates.length > 0 ? [tlv(context(0), concatBytes(certificates))] : []),
    ...(crls ? [crls] : []),
    setOf(signerInfo),
  );
  return sequence(oid(OID.signedData), explicit(0, body));
}

/** Attribute with one value. */
export function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), setOf(value));
}
