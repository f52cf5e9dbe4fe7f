import { Der, TAG } from '../asn1/der';
import { equalBytes } from '../bytes';
import { parseSignedData } from '../cms/signed-data';
import { parseTstInfo, type TstInfo } from '../cms/tst-info';
import { DIGEST_OIDS } from '../digests';
import { SignatureFormatError, malformed } from '../errors';
import { OID } from '../oids';
import type { TimeStampRequestOrder } from './request';

/** PKIStatus (RFC 3161 §2.4.2); the position is the code. */
export const PKI_STATUSES = [
  'granted',
  'granted-with-mods',
  'rejection',
  'waiting',
  'revocation-warning',
  'revocation-notification',
] as const;
export type PkiStatus = (typeof PKI_STATUSES)[number];

/** PKIFailureInfo bits by name (RFC 3161 §2.4.2). */
export const PKI_FAILURES = {
  'bad-algorithm': 0,
  'bad-request': 2,
  'bad-data-format': 5,
  'time-not-available': 14,
  'unaccepted-policy': 15,
  'unaccepted-extension': 16,
  'additional-information-not-available': 17,
  'system-failure': 25,
} as const;
export type PkiFailure = keyof typeof PKI_FAILURES;

/** Why no token came out of an answer. */
export const TIME_STAMP_REFUSALS = ['refused', 'imprint-mismatch', 'nonce-mismatch', 'policy-mismatch', 'malformed'] as const;
export type TimeStampRefusal = (typeof TIME_STAMP_REFUSALS)[number];

export type TimeStampResult =
  | { readonly ok: true; readonly token: Uint8Array; readonly info: TstInfo }
  | { readonly ok: false; readonly code: TimeStampRefusal; readonly detail: string };

/**
 * The token out of a TimeStampResp when it answers exactly this request (RFC 3161 §2.4.2); never throws. Whether its signature and its
 * authority are good is found out by verifying the CMS that holds it.
 */
export function readTimeStampResponse(der: Uint8Array, order: TimeStampRequestOrder): TimeStampResult {
  try {
    const fields = Der.parse(der).expect(TAG.SEQUENCE, 'TimeStampResp').fields('TimeStampResp');
    const refusal = readStatus(fields.next(TAG.SEQUENCE));
    if (refusal) return { ok: false, code: 'refused', detail: refusal };
    const token = fields.next(TAG.SEQUENCE).bytes;
    fields.done();
    const cms = parseSignedData(token);
    if (cms.contentType !== OID.tstInfo || !cms.content) throw malformed('the answer holds no time-stamp token');
    const info = parseTstInfo(cms.content);
    const mismatch = mismatchOf(info, order);
    return mismatch ? { ok: false, code: mismatch, detail: 'The token answers another request' } : { ok: true, token, info };
  } catch (error) {
    if (!(error instanceof SignatureFormatError)) throw error;
    return { ok: false, code: 'malformed', detail: error.message };
  }
}

/** What the authority said when it did not grant a token. */
function readStatus(info: Der): string | undefined {
  const fields = info.fields('PKIStatusInfo');
  const status = PKI_STATUSES[fields.next(TAG.INTEGER).smallInteger()];
  if (status === 'granted' || status === 'granted-with-mods') return undefined;
  const text = fields.optional(TAG.SEQUENCE)?.children.map((line) => line.text()) ?? [];
  const bits = fields.optional(TAG.BIT_STRING)?.namedBits() ?? [];
  const failures = Object.entries(PKI_FAILURES).flatMap(([name, bit]) => (bits[bit] ? [name] : []));
  return [status ?? 'unknown status', ...failures, ...text].join(', ');
}

function mismatchOf(info: TstInfo, order: TimeStampRequestOrder): TimeStampRefusal | undefined {
  if (info.imprintAlgorithm !== DIGEST_OIDS[order.algorithm] || !equalBytes(info.imprint, order.imprint)) return 'imprint-mismatch';
  if (order.nonce !== undefined && info.nonce !== order.nonce) return 'nonce-mismatch';
  return order.policy !== undefined && info.policy !== order.policy ? 'policy-mismatch' : undefined;
}
