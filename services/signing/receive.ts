import { createHash } from 'node:crypto';
import { type Actor, actorKey } from '../../domain/people/roles';
import { signatureProblem } from '../../domain/signing/session';
import { type Purpose, PURPOSES, type SignerReport } from '../../signature';
import { isStored } from '../../storage/command';
import { insertReceived, type SigningSession } from '../../storage/queries/signatures';
import type { Deps } from '../deps';
import { sendToRoute } from '../routes/send';
import { checkReceived } from './check-received';
import type { CheckResult } from './check-signature';

/** A signature as it arrived by any channel, with the session that asked for it. */
export type Arrival = {
  session: SigningSession;
  documentId: string;
  attempt: number;
  by: Actor;
  /** The intention: the same arrival repeated carries the same id and is answered the same. */
  commandId: string;
  /** DER, PEM or base64. */
  signature: Uint8Array;
  /** When it arrived, where that was together with others: one answer of the authority made since then serves for all of them. */
  arrivedAt?: Date;
};

/** What became of it. `pending`: sent to its route, the answer is not known yet; repeating is harmless. `down`: nothing was decided. */
export type Receipt =
  { kind: 'accepted' | 'pending'; name: string | null } | { kind: 'refused'; code: string; name: string | null } | { kind: 'down' };

/** Checks a signature against its session, keeps it, and lets it act on its route. The one way in for every channel. */
export async function receiveSignature(deps: Deps, arrival: Arrival): Promise<Receipt> {
  const checked = await checkArrival(deps, arrival);
  if (checked.kind !== 'good') return checked;
  await keepArrival(deps, arrival, checked);
  return actOnRoute(deps, arrival, checked);
}

/** A signature found good for its session: nothing is kept yet and nothing has happened. */
export type GoodArrival = { kind: 'good'; name: string | null; checked: Extract<CheckResult, { ok: true }>; at: Date };

/** The first step: whether this is the signature its session asked for. */
export async function checkArrival(
  deps: Deps,
  arrival: Arrival,
): Promise<GoodArrival | { kind: 'accepted'; name: string | null } | Extract<Receipt, { kind: 'refused' }>> {
  const { session, commandId } = arrival;
  const of = { actor: actorKey(arrival.by), entityId: arrival.documentId };
  if (await isStored(deps.db, commandId, of)) return { kind: 'accepted', name: null }; // the same click again: done already
  const now = arrival.arrivedAt ?? deps.now();
  const checked = await checkReceived(deps, {
    purpose: purposeOf(session.purpose),
    signature: arrival.signature,
    digests: { sha256: session.sha256, streebog512: session.streebog512 },
    at: now.getTime(),
    receivedAt: now.getTime(),
    isArrival: true,
    onlySigner: true,
  });
  const name = checked.ok ? (checked.report.signers[0]?.name ?? null) : null;
  const problem = problemOf(session, checked, now);
  if (problem === 'signing.session_used' && (await isStored(deps.db, commandId, of))) return { kind: 'accepted', name };
  if (problem || !checked.ok) {
    const code = problem ?? 'signing.unreadable';
    deps.log.info({ code, participantId: session.participantId }, 'signature refused');
    return { kind: 'refused', code, name };
  }
  return { kind: 'good', name, checked, at: now };
}

/** The last step: lets a signature that is kept act on its route. */
export async function actOnRoute(deps: Deps, arrival: Arrival, { name, at }: GoodArrival): Promise<Receipt> {
  const { session, commandId } = arrival;
  const outcome = await sendToRoute(deps, { documentId: arrival.documentId, attempt: arrival.attempt }, commandId, {
    kind: 'sign',
    by: arrival.by,
    participantId: session.participantId,
    signatureId: commandId,
    at: at.getTime(),
  });
  switch (outcome.kind) {
    case 'done':
      deps.proofs.later(commandId);
      return { kind: 'accepted', name };
    case 'unknown':
      return { kind: 'pending', name };
    case 'down':
      return { kind: 'down' };
    case 'closed':
      return { kind: 'refused', code: 'route.ended', name };
    case 'refused':
      return { kind: 'refused', code: outcome.code, name };
  }
}

const purposeOf = (name: string): Purpose => PURPOSES.find((one) => one === name) ?? 'sign';

/** Codes of a verdict that only further answers from outside can settle; the gathering of the proof goes on asking. */
const unsettled: ReadonlySet<string> = new Set(['revocation.missing', 'revocation.stale', 'revocation.early', 'timestamp.missing']);

/** Whether nothing but such an answer is missing. */
const isPending = (signers: readonly SignerReport[]): boolean =>
  signers.every(({ pending, checks }) => pending.length > 0 && checks.every(({ code }) => code === 'ok' || unsettled.has(code)));

function problemOf(session: SigningSession, checked: CheckResult, now: Date): string | null {
  if (!checked.ok) return checked.code;
  const { signers, verdict, code } = checked.report;
  const facts = {
    signers: signers.length,
    verdict,
    code,
    iin: signers[0]?.iin ?? null,
    bin: signers[0]?.bin ?? null,
    isPending: isPending(signers),
  };
  return signatureProblem(
    { iin: session.iin, bin: session.bin, expiresAt: session.expiresAt.getTime(), used: session.usedAt !== null },
    facts,
    now.getTime(),
  );
}

/**
 * The second step: stores the CMS as it came and its report, before any command speaks of it; from here on nobody has to sign again. The
 * key is the digest: the same bytes twice are one object.
 */
export async function keepArrival(deps: Deps, { session, documentId, commandId }: Arrival, { checked, at }: GoodArrival): Promise<void> {
  const signer = checked.report.signers[0];
  if (!signer) throw new Error('a valid report has no signer');
  const sha256 = createHash('sha256').update(checked.der).digest();
  const objectKey = `signatures/${documentId}/${sha256.toString('hex')}.cms`;
  await deps.objects.putBytes(objectKey, checked.der, 'application/pkcs7-signature');
  await insertReceived(deps.db, {
    id: commandId,
    organisationId: session.organisationId,
    documentId,
    routeId: session.routeId,
    participantId: session.participantId,
    fileId: session.fileId,
    sessionId: session.id,
    objectKey,
    sha256,
    verdict: signer.verdict,
    code: signer.code,
    iin: signer.iin,
    bin: signer.bin,
    signerName: (signer.name ?? '').slice(0, 300),
    organisationName: (signer.organisation ?? '').slice(0, 300),
    roles: signer.roles.map(String),
    serial: (signer.serial ?? '').slice(0, 80),
    claimedAt: signer.claimedTime ? new Date(signer.claimedTime) : null,
    bestAt: new Date(signer.bestTime),
    receivedAt: at,
    report: JSON.stringify(signer),
  });
}
