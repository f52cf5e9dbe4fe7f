import { readAlgorithm } from '../asn1/algorithm';
import { Der, TAG, context } from '../asn1/der';
import { algorithm, boolean, integer, octetString, oid, sequence } from '../asn1/write';
import { malformed } from '../errors';
import { DIGEST_OIDS, type DigestName } from '../digests';

export interface TimeStampRequestOrder {
  /** Digest of the imprint; NUC RK stamps Streebog-512 and SHA-256. */
  readonly algorithm: DigestName;
  /** Digest of the octets to be stamped. */
  readonly imprint: Uint8Array;
  /** Random number the authority must give back. */
  readonly nonce?: bigint;
  /** Wanted policy; the authority's own choice without one. */
  readonly policy?: string;
}

export interface TimeStampRequest {
  /** OID of the digest of the imprint. */
  readonly imprintAlgorithm: string;
  readonly imprint: Uint8Array;
  readonly policy: string | undefined;
  readonly nonce: bigint | undefined;
  readonly certificateWanted: boolean;
  readonly hasExtensions: boolean;
}

/** TimeStampReq DER (RFC 3161 §2.4.1) that asks for the authority's certificate: body of a POST with type application/timestamp-query. */
export function makeTimeStampRequest(order: TimeStampRequestOrder): Uint8Array {
  return sequence(
    integer(1),
    sequence(algorithm(DIGEST_OIDS[order.algorithm]), octetString(order.imprint)),
    ...(order.policy === undefined ? [] : [oid(order.policy)]),
    ...(order.nonce === undefined ? [] : [integer(order.nonce)]),
    boolean(true),
  );
}

/** Reads a TimeStampReq, for authorities. Throws SignatureFormatError. */
export function parseTimeStampRequest(der: Uint8Array): TimeStampRequest {
  const fields = Der.parse(der).expect(TAG.SEQUENCE, 'TimeStampReq').fields('TimeStampReq');
  if (fields.next(TAG.INTEGER).integer() !== 1n) throw malformed('TimeStampReq: unknown version');
  const imprint = fields.next(TAG.SEQUENCE).fields('MessageImprint');
  const imprintAlgorithm = readAlgorithm(imprint.next());
  const hash = imprint.next(TAG.OCTET_STRING).octets();
  const policy = fields.optional(TAG.OID)?.oid();
  const nonce = fields.optional(TAG.INTEGER)?.integer();
  const certificateWanted = fields.optional(TAG.BOOLEAN)?.boolean() ?? false;
  const hasExtensions = fields.optional(context(0)) !== undefined;
  fields.done();
  return { imprintAlgorithm, imprint: hash, policy, nonce, certificateWanted, hasExtensions };
}
