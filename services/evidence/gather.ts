import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { checkOnline } from '../../integrations/pki/check';
import { describeProblem, type PkiProblem } from '../../integrations/pki/pki';
import type { WorkerDeps } from '../deps';
import {
  type Crl,
  policyFor,
  proofEnds,
  type Purpose,
  PURPOSES,
  type SignerReport,
  type VerificationInput,
  verifyCms,
} from '../../signature';
import { appendAudit, type AuditEntry } from '../../storage/audit';
import { evidenceCase, type EvidenceCase, type EvidenceFinding, overdueEvidence, saveEvidence } from '../../storage/queries/evidence';
import { queueMails } from '../../storage/queries/mail';
import { routeAbout } from '../../storage/queries/routes';
import type { Tx } from '../../storage/db';
import { endsSoon, enclose, renew, renewBeforeMs, withTimeStamp } from './upgrade';

/** A run is taken for lost when its next step is this much overdue. Milliseconds. */
const lostAfterMs = 5 * 60_000;
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

/** Takes one look at a signature: asks for what its proof lacks, adds it, judges, stores the outcome. May be stopped and run again at any point. */
export async function gatherEvidence(
  deps: WorkerDeps,
  lists: (isNeeded: boolean) => Promise<Crl[]>,
  { signatureId, ...plan }: GatherInput,
): Promise<Gathered> {
  const found = await evidenceCase(deps.db, signatureId);
  if (!found) throw ApplicationFailure.nonRetryable('no such signature', 'CannotProve');
  const finding = await look(deps, lists, found, plan);
  const isNews = finding.state !== 'gathering' && (finding.state !== found.state || finding.objectKey !== found.objectKey);
  const commandId = deps.newId();
  await deps.inTx(async (tx) => {
    await saveEvidence(tx, finding);
    if (!isNews) return;
    if (finding.verdict === 'invalid') await queueMails(tx, await mailsAbout(deps, tx, found, commandId), finding.checkedAt);
    await appendAudit(tx, auditEntry(found, finding, commandId));
  });
  return { isFinal: finding.state !== 'gathering', ...(isNews && finding.verdict === 'invalid' ? { mailsOf: commandId } : {}) };
}

/** Signatures whose next step is overdue because their run was lost, or because their proof is to be renewed. */
export const lostEvidence = (deps: WorkerDeps): Promise<string[]> =>
  overdueEvidence(deps.db, new Date(deps.now().getTime() - lostAfterMs), overdueLimit);

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

/** Stores an upgraded CMS under its digest: earlier forms stay, nothing is overwritten. */
async function keep(deps: WorkerDeps, documentId: string, der: Uint8Array): Promise<string> {
  const key = `signatures/${documentId}/${createHash('sha256').update(der).digest('hex')}.proof.cms`;
  await deps.objects.putBytes(key, der, 'application/pkcs7-signature');
  return key;
}
