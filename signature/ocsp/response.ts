import { readAlgorithm } from '../asn1/algorithm';
import { Der, TAG, context } from '../asn1/der';
import { readTime } from '../asn1/time';
import { explicit, octetString, oid, sequence, tlv } from '../asn1/write';
import { SignatureFormatError, malformed } from '../errors';
import { OID } from '../oids';
import type { Work } from '../work';
import { readCertificate, type Certificate, type Signed } from '../x509/certificate';
import { CRL_REASONS, type CrlReason } from '../x509/crl';
import { readExtensions, type Extensions } from '../x509/extensions';
import { readName, type Name } from '../x509/name';
import { readCertId, type CertId } from './cert-id';
import { readNonce } from './request';

/** OCSPResponseStatus (RFC 6960 §4.2.1); the position is the code, 4 is not used. */
export const OCSP_STATUSES = [
  'successful',
  'malformed-request',
  'internal-error',
  'try-later',
  'unused',
  'signature-required',
  'unauthorized',
] as const;
export type OcspResponseStatus = (typeof OCSP_STATUSES)[number];

const MAX_SINGLE_RESPONSES = 256;
const MAX_RESPONDER_CERTIFICATES = 16;

/** An answer of a responder as it came; `basic` is there when the status is `successful`. */
export interface OcspResponse {
  /** OCSPResponse as received, or built around a BasicOCSPResponse that was kept alone. */
  readonly der: Uint8Array;
  readonly status: OcspResponseStatus;
  readonly basic: BasicOcspResponse | undefined;
}

/** BasicOCSPResponse (RFC 6960 §4.2.1). */
export interface BasicOcspResponse {
  readonly der: Uint8Array;
  readonly signed: Signed;
  readonly responderId: { readonly name: Name } | { readonly keyHash: Uint8Array };
  readonly producedAt: Date;
  readonly responses: readonly SingleResponse[];
  readonly nonce: Uint8Array | undefined;
  /** The responder says that it answers "revoked" for certificates that were never issued (RFC 6960 §4.4.8). */
  readonly extendedRevoke: boolean;
  readonly certificates: readonly Certificate[];
}

export interface SingleResponse {
  readonly id: CertId;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly revokedAt: Date | undefined;
  readonly reason: CrlReason;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** Oldest expiry for which the responder still keeps revocations (RFC 6960 §4.4.4). */
  readonly archiveCutoff: Date | undefined;
  readonly unknownCritical: readonly string[];
}

const UNDERSTOOD: ReadonlySet<string> = new Set([OID.ocspNonce, OID.ocspArchiveCutoff, OID.ocspExtendedRevoke]);

/** Parses an OCSPResponse, successful or not. Throws SignatureFormatError when it is none. */
export function parseOcspResponse(der: Uint8Array, work?: Work): OcspResponse {
  const fields = Der.parse(der).expect(TAG.SEQUENCE, 'OCSPResponse').fields('OCSPResponse');
  const code = fields.next(TAG.ENUMERATED).value;
  const status = code.length === 1 ? OCSP_STATUSES[code[0]!] : undefined;
  if (!status) throw malformed('OCSPResponse: unknown status');
  const wrapped = fields.optional(context(0));
  fields.done();
  if (status !== 'successful') return { der, status, basic: undefined };
  const bytes = wrapped?.children[0]?.expect(TAG.SEQUENCE, 'ResponseBytes').fields('ResponseBytes');
  if (bytes?.next(TAG.OID).oid() !== OID.ocspBasic) throw malformed('OCSPResponse: not a basic response');
  return { der, status, basic: parseBasicOcspResponse(bytes.next(TAG.OCTET_STRING).octets(), work) };
}

/** The OCSPResponse around a BasicOCSPResponse that was kept alone, as in the revocation-values attribute (RFC 5126 §6.3.4). */
export function ocspResponseOf(basic: Uint8Array, work?: Work): OcspResponse {
  const bytes = sequence(oid(OID.ocspBasic), octetString(basic));
  return {
    der: sequence(tlv(TAG.ENUMERATED, Uint8Array.of(0)), explicit(0, bytes)),
    status: 'successful',
    basic: parseBasicOcspResponse(basic, work),
  };
}

/** Parses a BasicOCSPResponse. Throws SignatureFormatError. */
export function parseBasicOcspResponse(der: Uint8Array, work?: Work): BasicOcspResponse {
  work?.spend('structureBytes', der.length);
  const outer = Der.parse(der).expect(TAG.SEQUENCE, 'BasicOCSPResponse').fields('BasicOCSPResponse');
  const tbs = outer.next(TAG.SEQUENCE);
  const algorithm = readAlgorithm(outer.next());
  const signature = outer.next(TAG.BIT_STRING).bitOctets();
  const enclosed = outer.optional(context(0))?.children[0]?.expect(TAG.SEQUENCE, 'certs').children ?? [];
  outer.done();
  if (enclosed.length > MAX_RESPONDER_CERTIFICATES)
    throw new SignatureFormatError('structure.too_large', 'Too many responder certificates');
  const fields = tbs.fields('ResponseData');
  fields.optional(context(0)); // version
  const responderId = readResponderId(fields.next());
  const producedAt = readTime(fields.next(TAG.GENERALIZED_TIME));
  const responses = fields.next(TAG.SEQUENCE).children;
  const wrapped = fields.optional(context(1))?.children[0];
  fields.done();
  if (responses.length > MAX_SINGLE_RESPONSES) throw new SignatureFormatError('structure.too_large', 'Too many answers in one response');
  const extensions: Extensions = wrapped ? readExtensions(wrapped) : new Map();
  return {
    der,
    signed: { tbs: tbs.bytes, algorithm, signature },
    responderId,
    producedAt,
    responses: responses.map((response) => readSingle(response, criticalUnknown(extensions))),
    nonce: readNonce(extensions),
    extendedRevoke: extensions.has(OID.ocspExtendedRevoke),
    certificates: enclosed.map((certificate) => readCertificate(certificate, work)),
  };
}

function readResponderId(element: Der): BasicOcspResponse['responderId'] {
  const inner = element.children[0];
  if (element.tag === context(1) && inner) return { name: readName(inner) };
  if (element.tag === context(2) && inner) return { keyHash: inner.octets() };
  throw malformed('ResponderID is neither a name nor a key hash');
}

function readSingle(element: Der, outerCritical: readonly string[]): SingleResponse {
  const fields = element.expect(TAG.SEQUENCE, 'SingleResponse').fields('SingleResponse');
  const id = readCertId(fields.next());
  const status = readStatus(fields.next());
  const thisUpdate = readTime(fields.next(TAG.GENERALIZED_TIME));
  const next = fields.optional(context(0))?.children[0];
  const wrapped = fields.optional(context(1))?.children[0];
  fields.done();
  const extensions: Extensions = wrapped ? readExtensions(wrapped) : new Map();
  const cutoff = extensions.get(OID.ocspArchiveCutoff);
  return {
    id,
    ...status,
    thisUpdate,
    nextUpdate: next && readTime(next),
    archiveCutoff: cutoff && readTime(Der.parse(cutoff.value)),
    unknownCritical: [...outerCritical, ...criticalUnknown(extensions)],
  };
}

function readStatus(element: Der): Pick<SingleResponse, 'status' | 'revokedAt' | 'reason'> {
  if (element.tag === context(0, false)) return { status: 'good', revokedAt: undefined, reason: 'unspecified' };
  if (element.tag === context(2, false)) return { status: 'unknown', revokedAt: undefined, reason: 'unspecified' };
  const fields = element.expect(context(1), 'CertStatus').fields('RevokedInfo');
  const revokedAt = readTime(fields.next(TAG.GENERALIZED_TIME));
  const code = fields.optional(context(0))?.children[0]?.expect(TAG.ENUMERATED, 'CRLReason').value[0] ?? 0;
  return { status: 'revoked', revokedAt, reason: CRL_REASONS[code] ?? 'unspecified' };
}

function criticalUnknown(extensions: Extensions): string[] {
  return [...extensions].filter(([oid, { critical }]) => critical && !UNDERSTOOD.has(oid)).map(([oid]) => oid);
}
