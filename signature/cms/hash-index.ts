import { readAlgorithm } from '../asn1/algorithm';
import type { Der } from '../asn1/der';
import { TAG } from '../asn1/der';
import { algorithm, octetString, oid, sequence } from '../asn1/write';
import { concatBytes, toHex } from '../bytes';
import { DIGEST_OIDS, digest, digestByOid, type DigestName } from '../digests';
import { malformed } from '../errors';
import { OID } from '../oids';
import type { Work } from '../work';
import type { SignedData, SignerInfo } from './signed-data';

/** ATSHashIndexV3 (ETSI EN 319 122-1 §5.5.2): digests of everything outside the signature that an archive time-stamp covers. */
export interface HashIndex {
  readonly algorithm: DigestName | undefined;
  /** Lower-case hex of the digests. */
  readonly certificates: ReadonlySet<string>;
  readonly revocationInfo: ReadonlySet<string>;
  readonly unsignedAttributes: ReadonlySet<string>;
  readonly der: Uint8Array;
}

/** DER of the index of a CMS as it stands now, for the signer about to be stamped. */
export function writeHashIndex(cms: SignedData, signer: SignerInfo, name: DigestName): Uint8Array {
  const list = (parts: readonly Uint8Array[]): Uint8Array => sequence(...parts.map((part) => octetString(digest(name, part))));
  return sequence(
    algorithm(DIGEST_OIDS[name]),
    list(cms.certificateChoices.map((c) => c.bytes)),
    list(cms.revocationInfo.map((c) => c.bytes)),
    list(attributeOctets(signer)),
  );
}

/** Reads an index. Throws SignatureFormatError. */
export function readHashIndex(element: Der): HashIndex {
  const fields = element.expect(TAG.SEQUENCE, 'ATSHashIndexV3').fields('ATSHashIndexV3');
  const name = digestByOid(readAlgorithm(fields.next()));
  const list = (): ReadonlySet<string> => new Set(fields.next(TAG.SEQUENCE).children.map((item) => toHex(item.octets())));
  const [certificates, revocationInfo, unsignedAttributes] = [list(), list(), list()];
  fields.done();
  return { algorithm: name, certificates, revocationInfo, unsignedAttributes, der: element.bytes };
}

/**
 * Whether everything the index names is still in the CMS: a digest without its piece means that something covered was altered or
 * removed (§5.5.3). Pieces the index does not name came later and are not covered.
 */
export function indexFits(index: HashIndex, cms: SignedData, signer: SignerInfo, work: Work): boolean {
  const name = index.algorithm;
  if (!name) return false;
  const has = (wanted: ReadonlySet<string>, parts: readonly Uint8Array[]): boolean => {
    const present = new Set(parts.map((part) => toHex(work.digest(name, part))));
    return [...wanted].every((hash) => present.has(hash));
  };
  return (
    has(
      index.certificates,
      cms.certificateChoices.map((c) => c.bytes),
    ) &&
    has(
      index.revocationInfo,
      cms.revocationInfo.map((c) => c.bytes),
    ) &&
    attributesFit(index, signer, work)
  );
}

function attributesFit(index: HashIndex, signer: SignerInfo, work: Work): boolean {
  const present = new Set(
    signer.unsignedAttributes.flatMap(({ type, values }) => values.map((value) => attributeDigest(index.algorithm!, type, value, work))),
  );
  return [...index.unsignedAttributes].every((hash) => present.has(hash));
}

/** Whether the index covers this value of an unsigned attribute. */
export function coversAttribute(index: HashIndex, type: string, value: Der, work: Work): boolean {
  return index.algorithm !== undefined && index.unsignedAttributes.has(attributeDigest(index.algorithm, type, value, work));
}

/** Lower-case hex; of the same value once. */
function attributeDigest(name: DigestName, type: string, value: Der, work: Work): string {
  return work.once(`${name} of ${type}`, value.bytes, () => {
    const octets = attributeValue(type, value);
    work.hash(name, octets.length);
    return toHex(digest(name, octets));
  });
}

/** attrType and one attrValue, each in its DER, for every value of every unsigned attribute. */
function attributeOctets(signer: SignerInfo): Uint8Array[] {
  return signer.unsignedAttributes.flatMap(({ type, values }) => values.map((value) => attributeValue(type, value)));
}

function attributeValue(type: string, value: Der): Uint8Array {
  return concatBytes([oid(type), value.bytes]);
}

/** The index inside an archive time-stamp token. Throws SignatureFormatError when there is not exactly one. */
export function hashIndexOf(token: SignedData): HashIndex {
  const values = token.signers[0]!.unsignedAttributes.filter((a) => a.type === OID.hashIndexV3).flatMap((a) => a.values);
  if (values.length !== 1) throw malformed('the archive time-stamp has no hash index, or several');
  return readHashIndex(values[0]!);
}
