import { randomBytes } from 'node:crypto';
import {
  checkOcsp,
  makeOcspRequest,
  makeTimeStampRequest,
  parseOcspResponse,
  readTimeStampResponse,
  SignatureFormatError,
  type Certificate,
  type DigestName,
  type OcspAnswer,
  type OcspFault,
  type TimeStampRefusal,
} from '../../signature';
import { exchange, PkiUnavailable, type PkiFailure } from './transport';

export type PkiSettings = { ocspUrls: readonly string[]; tspUrl: string | null; timeoutMs: number; proxyUrl: string | null };
/** Why a service of the public-key infrastructure did not help; `failure` is for people and logs, nothing follows from it. */
export type PkiProblem = {
  service: 'ocsp' | 'tsp' | 'crl';
  url: string;
  failure: PkiFailure | OcspFault | TimeStampRefusal | 'malformed' | 'not-configured';
  detail: string;
};
/** A certificate whose status is wanted, with the one that issued it; an answer must have been asked for at or after `about`. */
export type StatusWanted = { certificate: Certificate; issuer: Certificate; about?: Date };
/** Answers as verification takes them, the untrustworthy ones too: a wrong answer must not pass for none. */
export type Statuses = { ocsp: OcspAnswer[]; problems: PkiProblem[] };

export type Pki = {
  /**
   * Asks the responders about each certificate, all at once. An answer serves again for a minute, but never for an instant after it was
   * asked for: a key may have been revoked since. `since` wants later ones. Never rejects.
   */
  statuses(wanted: readonly StatusWanted[], options?: { since?: Date; timeoutMs?: number }): Promise<Statuses>;
  /** A time-stamp token over a digest, or why there is none. Never rejects. */
  timeStamp(imprint: {
    algorithm: DigestName;
    imprint: Uint8Array;
    policy?: string;
  }): Promise<{ ok: true; token: Uint8Array } | { ok: false; problem: PkiProblem }>;
};

const ocspLimit = 64 * 1024;
const tspLimit = 64 * 1024;
/** A revocation list of a national authority is some megabytes long. */
const listLimit = 64 * 1024 * 1024;
/** How long an answer serves for further signatures of the same key. Milliseconds. */
const reuseMs = 60_000;
/** How long a responder's word that it does not answer for a certificate is remembered; lists answer for authorities. Milliseconds. */
const refusalMs = 60_000;
/** A service that did not answer is left alone this long: a batch of a hundred signatures waits once, not a hundred times. Milliseconds. */
const pauseMs = 10_000;
/** How far a responder's clock may be off, and how old an answer without nextUpdate may be, when it arrives. Milliseconds. */
const skewMs = 5 * 60_000;
const maxAgeMs = 86_400_000;

type Kept = { answer: OcspAnswer; askedAt: Date; fetchedAt: number };
type Answer = { ok: true; kept: Kept } | { ok: false; problem: PkiProblem; untrusted?: OcspAnswer };

/** Opens the outside services of the public-key infrastructure. `now` is the clock answers are judged by. */
export function openPki(settings: PkiSettings, now: () => Date): Pki {
  const answers = new Map<string, Kept>();
  const refusals = new Map<string, { until: number; answer: Answer }>();
  const asking = new Map<string, Promise<Answer>>();
  const pauses = new Map<string, { until: number; problem: PkiProblem }>();

  const askOne = async (url: string, wanted: StatusWanted, timeoutMs: number): Promise<Answer> => {
    const problem = (failure: PkiProblem['failure'], detail: string) =>
      ({ ok: false, problem: { service: 'ocsp', url, failure, detail } }) as const;
    const paused = pauses.get(url);
    if (paused && paused.until > Date.now()) return { ok: false, problem: paused.problem };
    const nonce = randomBytes(16);
    const askedAt = now();
    try {
      const body = { type: 'application/ocsp-request', bytes: makeOcspRequest({ ...wanted, nonce }) };
      const der = await exchange(url, {
        body,
        accept: 'application/ocsp-response',
        timeoutMs,
        maxBytes: ocspLimit,
        proxyUrl: settings.proxyUrl,
      });
      pauses.delete(url);
      const response = parseOcspResponse(der);
      const answer: OcspAnswer = { response, nonce, askedAt, askedAbout: wanted.certificate };
      const outcome = checkOcsp(response, { ...wanted, nonce, at: now(), maxAgeMs, clockSkewMs: skewMs });
      if (outcome.status === 'unusable') return { ...problem(outcome.fault, outcome.detail), untrusted: answer };
      return { ok: true, kept: { answer, askedAt, fetchedAt: Date.now() } };
    } catch (error) {
      if (error instanceof SignatureFormatError) return problem('malformed', error.message);
      if (!(error instanceof PkiUnavailable)) throw error;
      const failed = problem(error.failure, error.detail);
      if (error.failure === 'unreachable' || error.failure === 'too-slow')
        pauses.set(url, { until: Date.now() + pauseMs, problem: failed.problem });
      return failed;
    }
  };

  /** The first responder that gives a usable answer; else what the first of them failed with. */
  const ask = async (wanted: StatusWanted, timeoutMs: number): Promise<Answer> => {
    let first: Answer | undefined;
    for (const url of settings.ocspUrls) {
      const answer = await askOne(url, wanted, timeoutMs);
      if (answer.ok) {
        answers.set(wanted.certificate.fingerprint, answer.kept);
        return answer;
      }
      first ??= answer;
    }
    if (first && !first.ok && first.problem.failure === 'error-status')
      refusals.set(wanted.certificate.fingerprint, { until: Date.now() + refusalMs, answer: first });
    return first ?? { ok: false, problem: { service: 'ocsp', url: '', failure: 'not-configured', detail: 'KENSE_OCSP_URLS is empty' } };
  };

  const statusOf = (wanted: StatusWanted, since: Date | undefined, timeoutMs: number): Promise<Answer> => {
    const key = wanted.certificate.fingerprint;
    const kept = answers.get(key);
    const earliest = Math.max(since?.getTime() ?? -Infinity, wanted.about?.getTime() ?? -Infinity);
    const serves = (one: Kept): boolean => Date.now() - one.fetchedAt < reuseMs && one.askedAt.getTime() >= earliest;
    if (kept && serves(kept)) return Promise.resolve({ ok: true, kept });
    const refused = refusals.get(key);
    if (refused && refused.until > Date.now()) return Promise.resolve(refused.answer);
    const running = asking.get(key);
    if (running) return running.then((answer) => (answer.ok && !serves(answer.kept) ? statusOf(wanted, since, timeoutMs) : answer));
    const asked = ask(wanted, timeoutMs).finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  };

  return {
    async statuses(wanted, { since, timeoutMs = settings.timeoutMs } = {}) {
      for (const [key, { fetchedAt }] of answers) if (Date.now() - fetchedAt > reuseMs) answers.delete(key);
      for (const [key, { until }] of refusals) if (until < Date.now()) refusals.delete(key);
      const found = await Promise.all(wanted.map((one) => statusOf(one, since, timeoutMs)));
      return {
        ocsp: found.flatMap((answer) => (answer.ok ? [answer.kept.answer] : (answer.untrusted ?? []))),
        problems: found.flatMap((answer) => (answer.ok ? [] : [answer.problem])),
      };
    },

    async timeStamp({ algorithm, imprint, policy }) {
      const url = settings.tspUrl;
      const fail = (failure: PkiProblem['failure'], detail: string) =>
        ({ ok: false, problem: { service: 'tsp', url: url ?? '', failure, detail } }) as const;
      if (!url) return fail('not-configured', 'KENSE_TSP_URL is empty');
      const order = { algorithm, imprint, nonce: randomBytes(8).readBigUInt64BE() >> 1n, ...(policy ? { policy } : {}) };
      try {
        const body = { type: 'application/timestamp-query', bytes: makeTimeStampRequest(order) };
        const der = await exchange(url, {
          body,
          accept: 'application/timestamp-reply',
          timeoutMs: settings.timeoutMs,
          maxBytes: tspLimit,
          proxyUrl: settings.proxyUrl,
        });
        const read = readTimeStampResponse(der, order);
        return read.ok ? { ok: true, token: read.token } : fail(read.code, read.detail);
      } catch (error) {
        if (!(error instanceof PkiUnavailable)) throw error;
        return fail(error.failure, error.detail);
      }
    },
  };
}

/** Fetches one revocation list. Rejects with PkiUnavailable. */
export const fetchList = (url: string, { timeoutMs, proxyUrl }: Pick<PkiSettings, 'timeoutMs' | 'proxyUrl'>): Promise<Uint8Array> =>
  exchange(url, { timeoutMs, proxyUrl, maxBytes: listLimit });

/** One line for a log or a page: which service, what happened. */
export const describeProblem = ({ service, url, failure, detail }: PkiProblem): string =>
  `${service.toUpperCase()} ${url}: ${failure}${detail ? ` (${detail})` : ''}`;
