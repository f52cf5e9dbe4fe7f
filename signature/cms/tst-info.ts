import { readAlgorithm } from '../asn1/algorithm';
import { Der, TAG, context } from '../asn1/der';
import { readTime } from '../asn1/time';

/** TSTInfo of a time-stamp token, RFC 3161 §2.4.2. */
export interface TstInfo {
  readonly policy: string;
  /** OID of the digest of the imprint. */
  readonly imprintAlgorithm: string;
  readonly imprint: Uint8Array;
  readonly serial: bigint;
  readonly genTime: Date;
  readonly nonce: bigint | undefined;
}

/** Parses the content of a time-stamp token. Throws SignatureFormatError. */
export function parseTstInfo(bytes: Uint8Array): TstInfo {
  const fields = Der.parse(bytes).expect(TAG.SEQUENCE, 'TSTInfo').fields('TSTInfo');
  fields.next(TAG.INTEGER);
  const policy = fields.next(TAG.OID).oid();
  const imprint = fields.next(TAG.SEQUENCE).fields('MessageImprint');
  const imprintAlgorithm = readAlgorithm(imprint.next());
  const hash = imprint.next(TAG.OCTET_STRING).octets();
  const serial = fields.next(TAG.INTEGER).integer();
  const genTime = readTime(fields.next(TAG.GENERALIZED_TIME));
  fields.optional(TAG.SEQUENCE); // accuracy
  fields.optional(TAG.BOOLEAN); // ordering
  const nonce = fields.optional(TAG.INTEGER)?.integer();
  fields.optional(context(0)); // tsa
  fields.optional(context(1)); // extensions
  fields.done();
  return { policy, imprintAlgorithm, imprint: hash, serial, genTime, nonce };
}
