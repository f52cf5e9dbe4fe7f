import { checkOcsp, type OcspCheck, type OcspFault, type OcspOutcome } from '../ocsp/check';
import { namesCertificate } from '../ocsp/cert-id';
import type { OcspResponse } from '../ocsp/response';
import type { Certificate } from '../x509/certificate';
import type { Crl, CrlReason } from '../x509/crl';
import { checkRevocation as checkLists } from '../x509/revocation';

/** An answer of a responder together with what was asked, so that a wrong answer is not taken for none. */
export interface OcspAnswer {
  readonly response: OcspResponse;
  /** The nonce of the request; without it (kept answers) freshness rests on the times alone. */
  readonly nonce?: Uint8Array;
  /** The certificate that was asked about; without it the answer serves whichever certificate it names. */
  readonly askedAbout?: Certificate;
  /** It came inside a CMS: nobody here asked, so one that cannot be relied on is as good as none. */
  readonly enclosed?: boolean;
}

/** Everything at hand about revocation. */
export interface RevocationEvidence {
  readonly ocsp: readonly OcspAnswer[];
  readonly crls: readonly Crl[];
}

/** Where a fact comes from, to be kept and shown. */
export interface RevocationSource {
  readonly kind: 'ocsp' | 'crl';
  /** The OCSPResponse or the freshest CertificateList as received. */
  readonly der: Uint8Array;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** Of answers only. */
  readonly producedAt: Date | undefined;
  readonly responder: Certificate | undefined;
}

/** What is known about the revocation of one certificate at an instant. */
export type RevocationFact = { readonly certificate: Certificate; readonly issuer: Certificate } & (
  | { readonly status: 'good'; readonly source: RevocationSource; readonly revokedLaterAt?: Date; readonly reason?: CrlReason }
  | { readonly status: 'revoked' | 'on-hold'; readonly source: RevocationSource; readonly revokedAt: Date; readonly reason: CrlReason }
  | { readonly status: 'unknown'; readonly source: RevocationSource; readonly form: 'unknown' | 'extended-revoked' }
  /** Authentic information exists but none of it speaks about the instant. */
  | { readonly status: 'stale'; readonly until: Date | undefined }
  /** A responder answered, but the answer cannot be relied on: no list may hide that. */
  | { readonly status: 'untrusted'; readonly fault: OcspFault; readonly detail: string }
  | { readonly status: 'missing'; readonly detail: string | undefined }
);

/** The instants and tolerances a certificate's revocation is judged with. */
export interface RevocationTimes {
  /** The time of checking. */
  readonly at: Date;
  /** The instant in question. */
  readonly about: Date;
  readonly ocspMaxAgeMs: number;
  readonly clockSkewMs: number;
}

/** True when the fact answers the question for good: later information can only confirm it. */
export function isSettled(fact: RevocationFact): boolean {
  return fact.status === 'good' || fact.status === 'revoked';
}

/**
 * Unites answers and lists into one fact about a certificate: answers first, lists only when no answer is at hand or it is merely too
 * old; an answer that cannot be relied on is a failure and no reason to ask the lists. A revocation counts from its date, one of a
 * compromised key or authority backwards without limit.
 */
export function revocationFact(
  certificate: Certificate,
  issuer: Certificate,
  evidence: RevocationEvidence,
  times: RevocationTimes,
): RevocationFact {
  const subject = { certificate, issuer };
  const answer = answerFact(subject, evidence.ocsp, times);
  if (answer && answer.status !== 'stale') return answer;
  const list = listFact(subject, evidence.crls, times.about);
  return list.status === 'missing' && answer ? answer : list;
}

type Subject = { readonly certificate: Certificate; readonly issuer: Certificate };

/** The most telling of the answers: a revocation that counts, else the freshest one that can be relied on, else why none can. */
function answerFact(subject: Subject, answers: readonly OcspAnswer[], times: RevocationTimes): RevocationFact | undefined {
  const facts = answers
    .filter((answer) => concerns(answer, subject))
    .map((answer) => ({ fact: factOf(answer, subject, times), enclosed: answer.enclosed ?? false }))
    .filter(({ fact, enclosed }) => !(enclosed && fact.status === 'untrusted'))
    .map(({ fact }) => fact);
  const usable = facts.filter(hasSource).sort((a, b) => b.source.thisUpdate.getTime() - a.source.thisUpdate.getTime());
  return usable.find((fact) => fact.status === 'revoked') ?? usable[0] ?? facts.find((fact) => fact.status === 'untrusted') ?? facts[0];
}

function hasSource(fact: RevocationFact): fact is RevocationFact & { readonly source: RevocationSource } {
  return 'source' in fact;
}

/** An error status is no answer: the responder could as well have been unreachable. */
function concerns({ response, askedAbout }: OcspAnswer, { certificate, issuer }: Subject): boolean {
  if (!response.basic) return false;
  if (askedAbout) return askedAbout.fingerprint === certificate.fingerprint;
  return response.basic.responses.some(({ id }) => namesCertificate(id, certificate, issuer));
}

function factOf({ response, nonce }: OcspAnswer, subject: Subject, times: RevocationTimes): RevocationFact {
  const check: OcspCheck = { ...subject, ...(nonce && { nonce }), ...times, maxAgeMs: times.ocspMaxAgeMs };
  const outcome = checkOcsp(response, check);
  if (outcome.status === 'unusable') {
    return outcome.fault === 'too-old'
      ? { ...subject, status: 'stale', until: new Date(outcome.detail) }
      : { ...subject, status: 'untrusted', fault: outcome.fault, detail: outcome.detail };
  }
  const source = sourceOf(response, outcome);
  switch (outcome.status) {
    case 'good': {
      const saysNothing = outcome.thisUpdate > subject.certificate.notAfter && !outcome.coversExpired;
      return saysNothing ? { ...subject, status: 'stale', until: subject.certificate.notAfter } : { ...subject, status: 'good', source };
    }
    case 'unknown':
      return { ...subject, status: 'unknown', source, form: outcome.form };
    case 'revoked':
    case 'on-hold': {
      const { revokedAt, reason } = outcome;
      return revokedAt <= times.about || isCompromise(reason)
        ? { ...subject, status: outcome.status, source, revokedAt, reason }
        : { ...subject, status: 'good', source, revokedLaterAt: revokedAt, reason };
    }
  }
}

function isCompromise(reason: CrlReason): boolean {
  return reason === 'keyCompromise' || reason === 'cACompromise';
}

function sourceOf(response: OcspResponse, outcome: Exclude<OcspOutcome, { status: 'unusable' }>): RevocationSource {
  const { thisUpdate, nextUpdate, producedAt, responder } = outcome;
  return { kind: 'ocsp', der: response.der, thisUpdate, nextUpdate, producedAt, responder };
}

function listFact(subject: Subject, crls: readonly Crl[], about: Date): RevocationFact {
  const result = checkLists(subject.certificate, subject.issuer, crls, about);
  switch (result.status) {
    case 'missing':
      return { ...subject, status: 'missing', detail: undefined };
    case 'unusable':
      return { ...subject, status: 'missing', detail: result.reason };
    case 'stale':
      return { ...subject, status: 'stale', until: result.nextUpdate };
    case 'good': {
      const later = result.revokedLaterAt && { revokedLaterAt: result.revokedLaterAt };
      return { ...subject, status: 'good', source: listSource(result.list), ...later };
    }
    case 'revoked':
      return { ...subject, status: 'revoked', source: listSource(result.list), revokedAt: result.revokedAt, reason: result.reason };
    case 'on-hold':
      return { ...subject, status: 'on-hold', source: listSource(result.list), revokedAt: result.revokedAt, reason: 'certificateHold' };
  }
}

function listSource({ der, thisUpdate, nextUpdate }: Crl): RevocationSource {
  return { kind: 'crl', der, thisUpdate, nextUpdate, producedAt: undefined, responder: undefined };
}
