import { equalBytes } from '../bytes';
import { digest } from '../digests';
import { OID } from '../oids';
import { checkSigned, type Certificate, type SignatureOutcome } from '../x509/certificate';
import { checkIssued } from '../x509/chain';
import { Work } from '../work';
import type { CrlReason } from '../x509/crl';
import { issuerKeyBits, namesCertificate } from './cert-id';
import type { BasicOcspResponse, OcspResponse, SingleResponse } from './response';

/** Why an answer cannot be relied on. */
export const OCSP_FAULTS = [
  /** The responder answered with an error status, such as tryLater. */
  'error-status',
  'wrong-certificate',
  'nonce-mismatch',
  'signature-bad',
  'algorithm-unknown',
  /** Neither the issuer nor a responder the issuer has delegated, or not valid when it answered. */
  'responder-not-authorised',
  'critical-extension',
  'too-old',
  'from-the-future',
] as const;
export type OcspFault = (typeof OCSP_FAULTS)[number];

/** When and by whom an answer was made. */
export interface OcspOrigin {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly producedAt: Date;
  readonly responder: Certificate;
}

/** What an answer proves about a certificate. */
export type OcspOutcome =
  | ({ readonly status: 'good' } & OcspOrigin & { readonly coversExpired: boolean })
  | ({ readonly status: 'revoked' | 'on-hold'; readonly revokedAt: Date; readonly reason: CrlReason } & OcspOrigin)
  /** The responder does not know the certificate: it says so, or in the extended form "revoked, on hold, 1970" (RFC 6960 §2.2). */
  | ({ readonly status: 'unknown'; readonly form: 'unknown' | 'extended-revoked' } & OcspOrigin)
  | { readonly status: 'unusable'; readonly fault: OcspFault; readonly detail: string };

export interface OcspCheck {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  /** The nonce that was sent; without one a replay cannot be told from a fresh answer. */
  readonly nonce?: Uint8Array;
  /** The time of checking: no answer may be later. */
  readonly at: Date;
  /** The instant the answer must speak about; default `at`. An answer made after it always does. */
  readonly about?: Date;
  /** Longest time an answer without nextUpdate serves. */
  readonly maxAgeMs: number;
  readonly clockSkewMs: number;
}

/** Checks an answer completely (RFC 6960 §3.2, §4.2.2) and says what it proves; throws only when the budget is used up. */
export function checkOcsp(response: OcspResponse, check: OcspCheck, work = new Work()): OcspOutcome {
  const { basic } = response;
  if (!basic) return unusable('error-status', response.status);
  const single = worstOf(basic.responses.filter(({ id }) => namesCertificate(id, check.certificate, check.issuer)));
  if (!single) return unusable('wrong-certificate', 'The answer speaks about another certificate');
  if (single.unknownCritical.length > 0) return unusable('critical-extension', single.unknownCritical[0]!);
  if (!isFinal(single) && check.nonce && !(basic.nonce && equalBytes(basic.nonce, check.nonce)))
    return unusable('nonce-mismatch', basic.nonce ? 'Another nonce came back' : 'No nonce came back');
  const signer = findResponder(basic, check.issuer, work);
  if ('status' in signer) return signer;
  const age = ageFault(basic, single, check);
  if (age) return age;
  const { thisUpdate, nextUpdate } = single;
  return outcomeOf(basic, single, check.certificate, { thisUpdate, nextUpdate, producedAt: basic.producedAt, responder: signer.responder });
}

function outcomeOf(basic: BasicOcspResponse, single: SingleResponse, certificate: Certificate, origin: OcspOrigin): OcspOutcome {
  const { status, revokedAt, reason } = single;
  if (status === 'unknown') return { status: 'unknown', form: 'unknown', ...origin };
  if (status === 'good') return { status: 'good', coversExpired: keepsExpired(basic, single, certificate), ...origin };
  if (reason === 'certificateHold')
    return revokedAt!.getTime() === 0
      ? { status: 'unknown', form: 'extended-revoked', ...origin }
      : { status: 'on-hold', revokedAt: revokedAt!, reason, ...origin };
  return { status: 'revoked', revokedAt: revokedAt!, reason, ...origin };
}

/** Whether "good" said after the certificate ended means anything: the responder keeps ended ones, or says "revoked" for unknown ones. */
function keepsExpired(basic: BasicOcspResponse, single: SingleResponse, certificate: Certificate): boolean {
  return basic.extendedRevoke || (single.archiveCutoff !== undefined && single.archiveCutoff <= certificate.notAfter);
}

/** Of several things one answer says about a certificate the worst counts. */
function worstOf(singles: readonly SingleResponse[]): SingleResponse | undefined {
  const rank = (single: SingleResponse): number =>
    isFinal(single) ? 0 : single.status === 'revoked' ? 1 : single.status === 'unknown' ? 2 : 3;
  return [...singles].sort((a, b) => rank(a) - rank(b))[0];
}

/**
 * A revocation is never taken back, so it is proof whenever it was said, to whomever, and by whatever clock; only a suspension can be
 * lifted.
 */
function isFinal({ status, reason }: SingleResponse): boolean {
  return status === 'revoked' && reason !== 'certificateHold';
}

function ageFault(basic: BasicOcspResponse, single: SingleResponse, check: OcspCheck): OcspOutcome | undefined {
  const { thisUpdate, nextUpdate } = single;
  const { at, about = at, maxAgeMs, clockSkewMs } = check;
  if (isFinal(single)) return undefined;
  const latest = at.getTime() + clockSkewMs;
  if (thisUpdate.getTime() > latest || basic.producedAt.getTime() > latest)
    return unusable('from-the-future', new Date(Math.max(thisUpdate.getTime(), basic.producedAt.getTime())).toISOString());
  const end = nextUpdate?.getTime() ?? thisUpdate.getTime() + maxAgeMs;
  return about.getTime() > end + clockSkewMs ? unusable('too-old', new Date(end).toISOString()) : undefined;
}

/** The certificate that signed the answer, when it had the right to (RFC 6960 §4.2.2.2): the issuer's, or one the issuer gave OCSPSigning. */
function findResponder(basic: BasicOcspResponse, issuer: Certificate, work: Work): { readonly responder: Certificate } | OcspOutcome {
  const named = [issuer, ...basic.certificates].filter((candidate) => isNamed(basic, candidate));
  if (named.length === 0) return unusable('responder-not-authorised', 'The certificate of the responder was not found');
  let fault: OcspOutcome | undefined;
  for (const responder of named) {
    const signature = signatureOf(basic, responder, work);
    if (signature !== 'good') {
      fault ??= unusable(signature === 'bad' ? 'signature-bad' : 'algorithm-unknown', 'The signature of the answer');
      continue;
    }
    const refusal = responder.fingerprint === issuer.fingerprint ? undefined : delegationFault(responder, issuer, basic.producedAt, work);
    if (!refusal) return { responder };
    fault = unusable('responder-not-authorised', refusal);
  }
  return fault!;
}

function isNamed({ responderId }: BasicOcspResponse, candidate: Certificate): boolean {
  return 'name' in responderId
    ? equalBytes(responderId.name.der, candidate.subject.der)
    : equalBytes(responderId.keyHash, digest('sha1', issuerKeyBits(candidate)));
}

function delegationFault(responder: Certificate, issuer: Certificate, producedAt: Date, work: Work): string | undefined {
  if (!equalBytes(responder.issuer.der, issuer.subject.der)) return 'The responder was certified by another authority';
  if (!responder.extendedKeyUsage?.includes(OID.ocspSigning)) return 'The responder may not sign answers';
  if (responder.unknownCritical.length > 0) return 'The certificate of the responder has a critical extension that is not supported';
  if (producedAt < responder.notBefore || producedAt > responder.notAfter) return 'The certificate of the responder was not valid then';
  return checkIssued(responder, issuer, work) === 'good' ? undefined : 'The authority did not sign the certificate of the responder';
}

/** One answer is looked at several times while a CMS is checked: its signature is computed once per key. */
const outcomes = new WeakMap<BasicOcspResponse, Map<string, SignatureOutcome>>();

function signatureOf(basic: BasicOcspResponse, responder: Certificate, work: Work): SignatureOutcome {
  work.operation(basic, responder.keyFingerprint);
  const known = outcomes.get(basic) ?? new Map<string, SignatureOutcome>();
  outcomes.set(basic, known);
  const outcome = known.get(responder.keyFingerprint) ?? checkSigned(basic.signed, responder.publicKey, work);
  known.set(responder.keyFingerprint, outcome);
  return outcome;
}

function unusable(fault: OcspFault, detail: string): OcspOutcome {
  return { status: 'unusable', fault, detail };
}
