import { Der, TAG, context } from '../asn1/der';
import { explicit, octetString, oid, sequence } from '../asn1/write';
import { malformed } from '../errors';
import { OID } from '../oids';
import type { Certificate } from '../x509/certificate';
import { readExtensions, type Extensions } from '../x509/extensions';
import { readCertId, writeCertId, type CertId } from './cert-id';

/** Most certificates one request may ask about. */
const MAX_REQUESTS = 64;
/** Longest nonce that is answered, RFC 9654 §2.1. */
const MAX_NONCE_BYTES = 128;

export interface OcspRequestOrder {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  /** Random octets the responder must give back; at least 16 for a fresh answer. */
  readonly nonce?: Uint8Array;
}

export interface OcspRequest {
  readonly ids: readonly CertId[];
  readonly nonce: Uint8Array | undefined;
}

/** OCSPRequest DER (RFC 6960 §4.1.1), unsigned, about one certificate: body of a POST with type application/ocsp-request. */
export function makeOcspRequest({ certificate, issuer, nonce }: OcspRequestOrder): Uint8Array {
  const request = sequence(writeCertId(certificate.serial, issuer));
  return sequence(sequence(sequence(request), ...(nonce ? [explicit(2, sequence(nonceExtension(nonce)))] : [])));
}

/** Reads an OCSPRequest, for responders. Throws SignatureFormatError. */
export function parseOcspRequest(der: Uint8Array): OcspRequest {
  const tbs = Der.parse(der).expect(TAG.SEQUENCE, 'OCSPRequest').fields('OCSPRequest').next(TAG.SEQUENCE).fields('TBSRequest');
  tbs.optional(context(0)); // version
  tbs.optional(context(1)); // requestorName
  const requests = tbs.next(TAG.SEQUENCE).children;
  if (requests.length === 0 || requests.length > MAX_REQUESTS) throw malformed('the request asks about no or too many certificates');
  const wrapped = tbs.optional(context(2))?.children[0];
  tbs.done();
  return {
    ids: requests.map((request) => readCertId(request.fields('Request').next(TAG.SEQUENCE))),
    nonce: readNonce(wrapped ? readExtensions(wrapped) : new Map()),
  };
}

/** The nonce extension: an OCTET STRING inside extnValue (RFC 8954 §2.1). */
export function nonceExtension(nonce: Uint8Array): Uint8Array {
  return sequence(oid(OID.ocspNonce), octetString(octetString(nonce)));
}

/** The nonce of a request or an answer, undefined when it has none; old responders leave the OCTET STRING out. Throws SignatureFormatError. */
export function readNonce(extensions: Extensions): Uint8Array | undefined {
  const value = extensions.get(OID.ocspNonce)?.value;
  if (!value) return undefined;
  const wrapped = value[0] === TAG.OCTET_STRING && value[1] === value.length - 2;
  const nonce = wrapped ? value.subarray(2) : value;
  if (nonce.length === 0 || nonce.length > MAX_NONCE_BYTES) throw malformed('the nonce has no proper length');
  return nonce;
}
