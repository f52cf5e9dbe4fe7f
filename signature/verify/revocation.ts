import { checkOcsp, type OcspCheck, type OcspFault, type OcspOutcome } from '../ocsp/check';
import { namesCertificate } from '../ocsp/cert-id';
import type { OcspResponse } from '../ocsp/response';
import type { AlgorithmFamily } from '../public-key';
import { Work } from '../work';
import { familiesOfSigned, refusedFamily } from './algorithms';
import type { Policy } from './policy';
import type { Certificate } from '../x509/certificate';
import type { Crl, CrlReason } from '../x509/crl';
import { checkRevocation as checkLists } from '../x509/revocation';

/** An answer of a responder together with what was asked, so that a wrong answer is not taken for none. */
export interface OcspAnswer {
  readonly response: OcspResponse;
  /** The nonce of the request; without it (kept answers) freshness rests on the times alone. */
  readonly nonce?: Uint8Array;
  /** When it was asked, by our clock; with a nonce that came back the answer is no older, whatever the responder's clock says. */
  readonly askedAt?: Date;
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
  /** A responder said "good" before the instant: a revocation between the two is not in it, so it clears nobody. */
  | { readonly status: 'early'; readonly source: RevocationSource }
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
  /** How old a list may be at that instant to clear; null: until its nextUpdate. */
  readonly crlMaxAgeMs: number | null;
  readonly clockSkewMs: number;
  /** Families of algorithms and until when each clears anybody. */
  readonly algorithms: Policy['algorithms'];
}

/** True when the fact answers the question for good: later information can only confirm it. */
export function isSettled(fact: RevocationFact): boolean {
  return fact.status === 'good' || fact.status === 'revoked';
}

/**
 * Unites answers and lists into one fact about a certificate, whoever brought them:
 * 1. An authentic revocation that counts for the instant wins, whatever else is said. It counts from its date, one of a compromised key
 *    or authority backwards without limit.
 * 2. Of what else speaks about the instant the latest word counts, for a suspension can be lifted; "good" of a responder speaks about it
 *    when it was said at or after it, or after a list that was in force then. Such an older answer enclosed by the signer never does.
 * 3. An answer that cannot be relied on is a failure: no list clears in its place.
 */
export function revocationFact(
  certificate: Certificate,
  issuer: Certificate,
  evidence: RevocationEvidence,
  times: RevocationTimes,
  work = new Work(),
): RevocationFact {
  const subject = { certificate, issuer };
  const answers = answersAbout(subject, evidence.ocsp).map((answer) => statementOf(answer, subject, times, work));
  const list = listFact(subject, evidence.crls, times, work);
  const revoked = [...answers.map(({ fact }) => fact), list].filter(isRevoked);
  if (revoked.length > 0) return revoked.reduce((a, b) => (b.revokedAt < a.revokedAt ? b : a));

  const speaking = answers.filter(
    ({ fact, enclosed, spokenAt }) => hasSource(fact) && (fact.status !== 'early' || isBorneOut(enclosed, spokenAt, list)),
  );
  const untrusted = answers.find(({ fact, enclosed }) => fact.status === 'untrusted' && !enclosed);
  if (speaking.length === 0 && untrusted) return untrusted.fact;
  const words = [...speaking, ...(hasSource(list) ? [{ fact: list, spokenAt: list.source.thisUpdate, enclosed: false }] : [])];
  const [latest] = words.sort((a, b) => b.spokenAt.getTime() - a.spokenAt.getTime() || gravity(b.fact) - gravity(a.fact));
  if (latest && latest.fact.status !== 'good' && latest.fact.status !== 'early') return latest.fact;
  if (latest) return good((words.find(({ fact }) => isOcspGood(fact)) ?? words.find(({ fact }) => isGood(fact)) ?? latest).fact);

  const early = answers.filter(({ fact }) => fact.status === 'early').sort((a, b) => b.spokenAt.getTime() - a.spokenAt.getTime());
  if (early[0]) return early[0].fact;
  const stale = answers.find(({ fact }) => fact.status === 'stale');
  return list.status === 'missing' && stale ? stale.fact : list;
}

type Subject = { readonly certificate: Certificate; readonly issuer: Certificate };

/** What one answer says, and when that was known to be right. */
interface Statement {
  readonly fact: RevocationFact;
  readonly spokenAt: Date;
  readonly enclosed: boolean;
}

/** An answer older than the instant is enough where a list in force at the instant, but older still, says the same. */
function isBorneOut(enclosed: boolean, spokenAt: Date, list: RevocationFact): boolean {
  return !enclosed && list.status === 'good' && list.source.thisUpdate <= spokenAt;
}

type Revoked = Extract<RevocationFact, { status: 'revoked' | 'on-hold' }>;
const isRevoked = (fact: RevocationFact): fact is Revoked => fact.status === 'revoked';
const isGood = ({ status }: RevocationFact): boolean => status === 'good' || status === 'early';
const isOcspGood = (fact: RevocationFact): boolean => isGood(fact) && hasSource(fact) && fact.source.kind === 'ocsp';
/** Of two things said in the same second the worse counts. */
const gravity = ({ status }: RevocationFact): number => (status === 'on-hold' ? 2 : status === 'unknown' ? 1 : 0);

/** An older answer that a list bears out is as good as any. */
function good(fact: RevocationFact): RevocationFact {
  return fact.status === 'early' ? { certificate: fact.certificate, issuer: fact.issuer, status: 'good', source: fact.source } : fact;
}

function hasSource(fact: RevocationFact): fact is RevocationFact & { readonly source: RevocationSource } {
  return 'source' in fact;
}

/** Found once for each certificate: a CMS may enclose many answers, and the same authorities are asked about for each signer. */
const concerning = new WeakMap<readonly OcspAnswer[], Map<string, readonly OcspAnswer[]>>();

function answersAbout(subject: Subject, answers: readonly OcspAnswer[]): readonly OcspAnswer[] {
  const known = concerning.get(answers) ?? new Map<string, readonly OcspAnswer[]>();
  concerning.set(answers, known);
  const key = `${subject.certificate.fingerprint} ${subject.issuer.fingerprint}`;
  const found = known.get(key) ?? answers.filter((answer) => concerns(answer, subject));
  known.set(key, found);
  return found;
}

/** An error status is no answer: the responder could as well have been unreachable. What was said about another certificate counts too. */
function concerns({ response, askedAbout }: OcspAnswer, { certificate, issuer }: Subject): boolean {
  if (!response.basic) return false;
  if (askedAbout?.fingerprint === certificate.fingerprint) return true;
  return response.basic.responses.some(({ id }) => namesCertificate(id, certificate, issuer));
}

/** OCSP speaks in whole seconds. */
const secondMs = 1_000;

function statementOf(answer: OcspAnswer, subject: Subject, times: RevocationTimes, work: Work): Statement {
  const { response, nonce, askedAt, enclosed = false } = answer;
  const check: OcspCheck = { ...subject, ...(nonce && { nonce }), ...times, maxAgeMs: times.ocspMaxAgeMs };
  const outcome = checkOcsp(response, check, work);
  if (outcome.status === 'unusable') return { fact: unusableFact(outcome, subject), spokenAt: new Date(0), enclosed };
  const { thisUpdate, producedAt } = outcome;
  const refused =
    outcome.status === 'revoked' ? undefined : refusedFamily(answerFamilies(response, outcome.responder, subject), producedAt, times);
  if (refused)
    return { fact: { ...subject, status: 'untrusted', fault: 'algorithm-unknown', detail: refused }, spokenAt: new Date(0), enclosed };
  // With our nonce in it an answer was made after the question: our own clock says when, should the responder's be behind.
  const asked = nonce && askedAt ? askedAt.getTime() - Math.max(0, producedAt.getTime() - thisUpdate.getTime()) : -Infinity;
  const spokenAt = new Date(Math.max(thisUpdate.getTime(), asked));
  return { fact: factOf(outcome, spokenAt, sourceOf(response, outcome), subject, times), spokenAt, enclosed };
}

/** Of the answer and, where its signer was delegated, of the certificate that delegates. */
function answerFamilies({ basic }: OcspResponse, responder: Certificate, { issuer }: Subject): AlgorithmFamily[] {
  const delegation = responder.fingerprint === issuer.fingerprint ? [] : familiesOfSigned(issuer.publicKey, responder.signed.algorithm);
  return [...(basic ? familiesOfSigned(responder.publicKey, basic.signed.algorithm) : []), ...delegation];
}

function unusableFact({ fault, detail }: Extract<OcspOutcome, { status: 'unusable' }>, subject: Subject): RevocationFact {
  return fault === 'too-old'
    ? { ...subject, status: 'stale', until: new Date(detail) }
    : { ...subject, status: 'untrusted', fault, detail };
}

function factOf(
  outcome: Exclude<OcspOutcome, { status: 'unusable' }>,
  spokenAt: Date,
  source: RevocationSource,
  subject: Subject,
  { about }: RevocationTimes,
): RevocationFact {
  const isEarly = spokenAt.getTime() + secondMs <= about.getTime();
  switch (outcome.status) {
    case 'good': {
      const saysNothing = outcome.thisUpdate > subject.certificate.notAfter && !outcome.coversExpired;
      if (saysNothing) return { ...subject, status: 'stale', until: subject.certificate.notAfter };
      return { ...subject, status: isEarly ? 'early' : 'good', source };
    }
    case 'unknown':
      return { ...subject, status: 'unknown', source, form: outcome.form };
    case 'revoked':
    case 'on-hold': {
      const { revokedAt, reason } = outcome;
      if (revokedAt <= about || isCompromise(reason)) return { ...subject, status: outcome.status, source, revokedAt, reason };
      return isEarly ? { ...subject, status: 'early', source } : { ...subject, status: 'good', source, revokedLaterAt: revokedAt, reason };
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

function listFact(subject: Subject, crls: readonly Crl[], times: RevocationTimes, work: Work): RevocationFact {
  const result = checkLists(subject.certificate, subject.issuer, crls, times.about, times.crlMaxAgeMs, work);
  if (result.status === 'good' || result.status === 'on-hold') {
    const { signed, thisUpdate } = result.list;
    const refused = refusedFamily(familiesOfSigned(subject.issuer.publicKey, signed.algorithm), thisUpdate, times);
    if (refused) return { ...subject, status: 'missing', detail: `The algorithm of the list: ${refused}` };
  }
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
