import { Der, TAG, context } from '../asn1/der';
import { malformed } from '../errors';
import { OID } from '../oids';

/** KeyUsage bits by name, RFC 5280 §4.2.1.3, in bit order. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

export interface Extension {
  readonly critical: boolean;
  /** Content of extnValue, not parsed yet. */
  readonly value: Uint8Array;
}
export type Extensions = ReadonlyMap<string, Extension>;

/** Reads Extensions (RFC 5280 §4.1.2.9); the same extension twice is refused. */
export function readExtensions(element: Der): Extensions {
  const map = new Map<string, Extension>();
  for (const item of element.expect(TAG.SEQUENCE, 'Extensions').children) {
    const fields = item.fields('Extension');
    const oid = fields.next(TAG.OID).oid();
    const critical = fields.optional(TAG.BOOLEAN)?.boolean() ?? false;
    if (map.has(oid)) throw malformed(`extension ${oid} appears twice`);
    map.set(oid, { critical, value: fields.next(TAG.OCTET_STRING).octets() });
  }
  return map;
}

/** The parsed content of an extension, undefined when it is absent. Throws SignatureFormatError. */
export function extensionContent(extensions: Extensions, oid: string): Der | undefined {
  const extension = extensions.get(oid);
  return extension && Der.parse(extension.value);
}

export function readKeyUsage(extensions: Extensions): ReadonlySet<KeyUsage> | undefined {
  const bits = extensionContent(extensions, OID.keyUsage)?.namedBits();
  return bits && new Set(KEY_USAGES.filter((_, i) => bits[i]));
}

export function readExtendedKeyUsage(extensions: Extensions): string[] | undefined {
  return extensionContent(extensions, OID.extendedKeyUsage)?.children.map((item) => item.oid());
}

export function readPolicies(extensions: Extensions): string[] {
  return (
    extensionContent(extensions, OID.certificatePolicies)?.children.map((item) => item.fields('PolicyInformation').next(TAG.OID).oid()) ??
    []
  );
}

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength: number | undefined;
}

export function readBasicConstraints(extensions: Extensions): BasicConstraints | undefined {
  const fields = extensionContent(extensions, OID.basicConstraints)?.fields('BasicConstraints');
  return fields && { ca: fields.optional(TAG.BOOLEAN)?.boolean() ?? false, pathLength: fields.optional(TAG.INTEGER)?.smallInteger() };
}

export function readSubjectKeyIdentifier(extensions: Extensions): Uint8Array | undefined {
  return extensionContent(extensions, OID.subjectKeyIdentifier)?.octets();
}

/** keyIdentifier of AuthorityKeyIdentifier (RFC 5280 §4.2.1.1). */
export function readAuthorityKeyIdentifier(extensions: Extensions): Uint8Array | undefined {
  return extensionContent(extensions, OID.authorityKeyIdentifier)?.fields('AuthorityKeyIdentifier').optional(context(0, false))?.value;
}

/** URIs of CRLDistributionPoints or FreshestCRL. */
export function readDistributionPoints(extensions: Extensions, oid: string): string[] {
  const points = extensionContent(extensions, oid)?.children ?? [];
  return points.flatMap((point) => {
    const name = point.fields('DistributionPoint').optional(context(0));
    return (name?.children ?? []).filter((choice) => choice.tag === context(0)).flatMap((full) => full.children.flatMap(uri));
  });
}

/** URIs of one access method of AuthorityInfoAccess. */
export function readAccessUris(extensions: Extensions, method: string): string[] {
  const items = extensionContent(extensions, OID.authorityInfoAccess)?.children ?? [];
  return items.flatMap((item) => {
    const fields = item.fields('AccessDescription');
    return fields.next(TAG.OID).oid() === method ? uri(fields.next()) : [];
  });
}

function uri(name: Der): string[] {
  return name.tag === context(6, false) ? [Buffer.from(name.value).toString('latin1')] : [];
}
