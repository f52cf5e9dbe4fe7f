import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import { checkOnline } from '../integrations/pki/check';
import { describeProblem, fetchList, type PkiProblem } from '../integrations/pki/pki';
import { PkiUnavailable } from '../integrations/pki/transport';
import type { WorkerDeps } from '../services/worker-deps';
import {
  addArchiveTimeStamp,
  addTimeStamp,
  archiveTimeStampImprint,
  type Crl,
  digest,
  embedEvidence,
  evidenceNeeds,
  policyFor,
  proofEnds,
  type Purpose,
  PURPOSES,
  readCrlFile,
  requiredDigests,
  SignatureFormatError,
  type SignerReport,
  type VerificationInput,
  verifyCms,
} from '../signature';
import { appendAudit, type AuditEntry } from '../storage/audit';
import {
  evidenceCase,
  type EvidenceCase,
  type EvidenceFinding,
  overdueEvidence,
  revocationLists,
  revocationListVersions,
  saveEvidence,
  saveRevocationList,
} from '../storage/queries/evidence';
import { queueMails } from '../storage/queries/mail';
import { routeAbout } from '../storage/queries/routes';
import { withPulse } from './pulse';
import type { Tx } from '../storage/db';

/** How long before a proof ends it is renewed: years of service lie ahead of it, and an authority may be away for weeks. Milliseconds. */
const renewBeforeMs = 90 * 86_400_000;
/** A run is taken for lost when its next step is this much overdue. Milliseconds. */
const lostAfterMs = 5 * 60_000;
/** How often a revocation list is fetched anew. Milliseconds. */
const listAgeMs = 3_600_000;
/** Authorities speak in whole seconds. */
const secondMs = 1_000;
/** Runs started again in one round of housekeeping. */
const overdueLimit = 200;

export type GatherInput = {
  signatureId: string;
  /** When the next try will be, if this one does not settle everything; milliseconds from now. */
  waitMs: number;
  /** No further try follows. */
  isLast: boolean;
};

/** `mailsOf` names the command whose mails are to be sent: a signature relied on has turned out to be none. */
export type Gathered = { isFinal: boolean; mailsOf?: string };

/** Activities that make signatures provable for decades. Each may be stopped and run again at any point. */
export function evidenceActivities(deps: WorkerDeps) {
  const lists = listsOf(deps);
  return {
    /** Takes one look at a signature: asks for what its proof lacks, adds it, judges, stores the outcome. */
    gatherEvidence: async ({ signatureId, waitMs, isLast }: GatherInput): Promise<Gathered> => {
      const found = await evidenceCase(deps.db, signatureId);
      if (!found) throw ApplicationFailure.nonRetryable('no such signature', 'CannotProve');
      const finding = await withPulse(() => look(deps, lists.read, found, { waitMs, isLast }));
      const isNews = finding.state !== 'gathering' && (finding.state !== found.state || finding.objectKey !== found.objectKey);
      const commandId = deps.newId();
      await deps.inTx(async (tx) => {
        await saveEvidence(tx, finding);
        if (!isNews) return;
        if (finding.verdict === 'invalid') await queueMails(tx, await mailsAbout(deps, tx, found, commandId), finding.checkedAt);
        await appendAudit(tx, auditEntry(found, finding, commandId));
      });
      return { isFinal: finding.state !== 'gathering', ...(isNews && finding.verdict === 'invalid' ? { mailsOf: commandId } : {}) };
    },

    /** Signatures whose next step is overdue because their run was lost, or because their proof is to be renewed. */
    overdueEvidence: async (): Promise<string[]> => overdueEvidence(deps.db, new Date(deps.now().getTime() - lostAfterMs), overdueLimit),

    /** Fetches the revocation lists that have grown old. A list that cannot be had or read leaves the last one in place. */
    refreshRevocationLists: (): Promise<{ fetched: number }> => lists.refresh(),
  };
}

/** How often lists are asked for at most when a signature needs one; one that was away is not asked again for each of a hundred. Milliseconds. */
const listPauseMs = 60_000;

/** The revocation lists: fetched by housekeeping, and when a signature needs one before that. */
function listsOf(deps: WorkerDeps): { refresh: () => Promise<{ fetched: number }>; read: (isNeeded: boolean) => Promise<Crl[]> } {
  let running: Promise<{ fetched: number }> | null = null;
  let asked = -Infinity;
  let parsed: { versions: string; lists: Promise<Crl[]> } | null = null; // megabytes: read and parsed once for each change
  const refresh = (): Promise<{ fetched: number }> => {
    asked = Date.now();
    running ??= refreshLists(deps).finally(() => (running = null));
    return running;
  };
  return {
    refresh,
    read: async (isNeeded) => {
      if (isNeeded && (running || Date.now() - asked > listPauseMs)) await refresh();
      const versions = (await revocationListVersions(deps.db)).join('\n');
      if (parsed?.versions === versions) return parsed.lists;
      const lists = revocationLists(deps.db)
        .then((kept) => kept.map((list) => readCrlFile(list.der)))
        .catch((error: unknown) => {
          parsed = null;
          throw error;
        });
      parsed = { versions, lists };
      return lists;
    },
  };
}

async function refreshLists(deps: WorkerDeps): Promise<{ fetched: number }> {
  const now = deps.now();
  const kept = new Map((await revocationLists(deps.db)).map((list) => [list.url, list]));
  let fetched = 0;
  for (const url of deps.pkiSettings.crlUrls) {
    const last = kept.get(url);
    if (last && now.getTime() - last.fetchedAt.getTime() < listAgeMs && (!last.nextUpdate || last.nextUpdate > now)) continue;
    if (await refreshList(deps, url, now)) fetched++;
  }
  return { fetched };
}

/** The initiator relied on a signature that turns out to be none. */
async function mailsAbout(deps: WorkerDeps, tx: Tx, found: EvidenceCase, commandId: string): Promise<Parameters<typeof queueMails>[1]> {
  const to = await routeAbout(tx, found.routeId);
  if (!to?.initiatorEmail) return [];
  const { organisationId, documentId, routeId } = found;
  const about = { organisationId, commandId, documentId, routeId, participantId: null, personId: to.initiatorId };
  return [{ id: deps.newId(), ...about, recipient: to.initiatorEmail, template: 'disproved', language: to.initiatorLanguage }];
}

const actions = { valid: 'signature.proved', invalid: 'signature.disproved', indeterminate: 'signature.unproved' } as const;

function auditEntry(found: EvidenceCase, finding: EvidenceFinding, commandId: string): AuditEntry {
  return {
    organisationId: found.organisationId,
    at: finding.checkedAt,
    actor: { kind: 'system', id: 'evidence', name: 'Kense' },
    action: actions[finding.verdict],
    entityId: found.documentId,
    commandId,
    details: {
      signature: found.signatureId,
      signer: found.signerName,
      verdict: finding.verdict,
      code: finding.code,
      level: finding.level,
      ...(finding.objectKey ? { cms: /([0-9a-f]{64})/.exec(finding.objectKey)?.[1] } : {}),
    },
  };
}

async function refreshList(deps: WorkerDeps, url: string, now: Date): Promise<boolean> {
  try {
    const crl = readCrlFile(await fetchList(url, deps.pkiSettings));
    await saveRevocationList(deps.db, {
      url,
      der: Buffer.from(crl.der),
      thisUpdate: crl.thisUpdate,
      nextUpdate: crl.nextUpdate ?? null,
      fetchedAt: now,
    });
    return true;
  } catch (error) {
    if (!(error instanceof PkiUnavailable || error instanceof SignatureFormatError)) throw error;
    deps.log.warn({ url, reason: error.message }, 'a revocation list could not be fetched');
    return false;
  }
}

const purposeOf = (name: string): Purpose => PURPOSES.find((one) => one === name) ?? 'sign';

async function look(
  deps: WorkerDeps,
  lists: (isNeeded: boolean) => Promise<Crl[]>,
  found: EvidenceCase,
  plan: { waitMs: number; isLast: boolean },
): Promise<EvidenceFinding> {
  const now = deps.now();
  const digests = { sha256: found.sha256, streebog512: found.streebog512 };
  const input: VerificationInput = {
    digests,
    at: now,
    receivedAt: found.receivedAt,
    trust: deps.trust,
    policy: policyFor(purposeOf(found.purpose), deps.policy),
  };
  const stored = await deps.objects.getBytes(found.objectKey ?? found.cmsKey);
  const stamped = await withTimeStamp(deps, stored, input);
  let checked = await checkOnline(deps.pki, stamped.der, { ...input, lists });
  if (checked.report.signers[0]?.revocation[0]?.source === 'ocsp' && !speaksAfter(checked.report.signers[0])) {
    // An answer of the very second before the stamp: the next second's speaks after it.
    await new Promise((resolve) => setTimeout(resolve, 2 * secondMs));
    checked = await checkOnline(deps.pki, stamped.der, { ...input, lists, since: deps.now() });
  }
  const signer = checked.report.signers[0];
  if (!signer) throw ApplicationFailure.nonRetryable('the signature has no signer', 'CannotProve');
  const problems = [...stamped.problems, ...checked.problems];

  let der = stamped.der;
  const isTimely = speaksAfter(signer);
  if (signer.verdict === 'valid' && isTimely) der = enclose(der, input, checked);
  const wantsRenewal = found.state === 'complete' && endsSoon(der, now);
  if (wantsRenewal) {
    const renewed = await renew(deps, der, input);
    der = renewed.der;
    problems.push(...renewed.problems);
    const again = await checkOnline(deps.pki, der, { ...input, lists, since: now });
    if (again.report.verdict === 'valid') der = enclose(der, input, again);
  }

  // The verdict that counts is the one the enclosed proof gives by itself, without the network; a revocation found outside overrules it.
  const alone = verifyCms(der, input).signers[0] ?? signer;
  const isProved =
    signer.verdict !== 'invalid' && isTimely && alone.verdict === 'valid' && (alone.level === 'CAdES-LT' || alone.level === 'CAdES-LTA');
  const isFinal = isProved || signer.verdict === 'invalid';
  const shown = isProved ? alone : signer;
  const ends = isProved ? (proofEnds(der) ?? null) : null;
  const objectKey = der === stored ? found.objectKey : await keep(deps, found.documentId, der);
  const state = isFinal ? 'complete' : plan.isLast ? 'given-up' : 'gathering';
  const renewAt = ends && new Date(Math.max(ends.getTime() - renewBeforeMs, now.getTime() + (wantsRenewal ? plan.waitMs : 0)));
  return {
    signatureId: found.signatureId,
    state,
    verdict: shown.verdict,
    code: shown.code,
    level: shown.level,
    pending: isFinal ? [] : pendingOf(isTimely ? signer.pending : ['revocation'], problems),
    problem: problems[0] && !isProved ? describeProblem(problems[0]) : '',
    nextAt: state === 'gathering' ? new Date(now.getTime() + plan.waitMs) : renewAt,
    objectKey,
    proofEndsAt: ends,
    report: JSON.stringify(shown),
    checkedAt: now,
  };
}

/**
 * Whether what is known of the signer's certificate was said after the signature was made. A list in force but from before it clears the
 * signer for the moment; a revocation entered since is not in it, so the answer is asked for again.
 */
function speaksAfter({ revocation: [own], bestTime }: SignerReport): boolean {
  return !own?.thisUpdate || Date.parse(own.thisUpdate) + secondMs > Date.parse(bestTime);
}

/** What is awaited, for people: what the check names, else what the services failed to give. */
function pendingOf(named: readonly string[], problems: readonly PkiProblem[]): string[] {
  if (named.length > 0) return [...named];
  return [...new Set(problems.map(({ service }) => (service === 'tsp' ? 'time-stamp' : 'revocation')))];
}

type Upgraded = { der: Uint8Array; problems: PkiProblem[] };

/** The CMS with a signature time-stamp, when it has no good one. A token that does not prove anything is not kept. */
async function withTimeStamp(deps: WorkerDeps, der: Uint8Array, input: VerificationInput): Promise<Upgraded> {
  const [wanted] = evidenceNeeds(der, input).timeStamps;
  if (!wanted) return { der, problems: [] };
  const algorithm = requiredDigests(der)[0] ?? 'streebog512';
  const answer = await deps.pki.timeStamp({ algorithm, imprint: digest(algorithm, wanted.octets) });
  if (!answer.ok) return { der, problems: [answer.problem] };
  const stamped = addTimeStamp(der, answer.token);
  const isGood = evidenceNeeds(stamped, { ...input, at: deps.now() }).timeStamps.length === 0;
  return isGood ? { der: stamped, problems: [] } : { der, problems: [untrusted(deps)] };
}

/** The CMS with a new archive time-stamp over everything it holds. */
async function renew(deps: WorkerDeps, der: Uint8Array, input: VerificationInput): Promise<Upgraded> {
  const algorithm = requiredDigests(der)[0] ?? 'streebog512';
  const imprint = archiveTimeStampImprint(der, algorithm, input.digests?.[algorithm]);
  const answer = await deps.pki.timeStamp({ algorithm, imprint: imprint.imprint });
  if (!answer.ok) return { der, problems: [answer.problem] };
  const renewed = addArchiveTimeStamp(der, answer.token, imprint);
  const signer = verifyCms(renewed, { ...input, at: deps.now() }).signers[0];
  const isGood = signer?.timeStamps.some((stamp) => stamp.kind === 'archive' && stamp.result !== 'fail') ?? false;
  return isGood ? { der: renewed, problems: [] } : { der, problems: [untrusted(deps)] };
}

const untrusted = (deps: WorkerDeps): PkiProblem => ({
  service: 'tsp',
  url: deps.pkiSettings.tspUrl ?? '',
  failure: 'signature-bad',
  detail: 'the token does not verify',
});

/** The CMS with the answers, lists and certificates its paths lack; the bytes themselves when it lacks nothing. */
function enclose(der: Uint8Array, input: VerificationInput, checked: Awaited<ReturnType<typeof checkOnline>>): Uint8Array {
  const needs = evidenceNeeds(der, input);
  if (needs.statuses.length === 0 && needs.certificates.length === 0) return der;
  const answered = embedEvidence(der, { certificates: needs.certificates, ocsp: checked.ocsp.map((answer) => answer.response), crls: [] });
  // Lists are megabytes long: only those of authorities whose responder has not answered.
  const issuers = evidenceNeeds(answered, input).statuses.map(({ certificate }) => Buffer.from(certificate.issuer.der).toString('hex'));
  const crls = checked.crls.filter((crl) => issuers.includes(Buffer.from(crl.issuer.der).toString('hex')));
  return crls.length > 0 ? embedEvidence(answered, { certificates: [], ocsp: [], crls }) : answered;
}

const endsSoon = (der: Uint8Array, now: Date): boolean => (proofEnds(der)?.getTime() ?? Infinity) - renewBeforeMs < now.getTime();

/** Stores an upgraded CMS under its digest: earlier forms stay, nothing is overwritten. */
async function keep(deps: WorkerDeps, documentId: string, der: Uint8Array): Promise<string> {
  const key = `signatures/${documentId}/${createHash('sha256').update(der).digest('hex')}.proof.cms`;
  await deps.objects.putBytes(key, der, 'application/pkcs7-signature');
  return key;
}
