import type { Actor } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { sessionLifeMs } from '../../domain/signing/session';
import type { Document } from '../../storage/queries/documents';
import { participantById, type ParticipantRecord } from '../../storage/queries/routes';
import { insertSigningSession, type SigningSession } from '../../storage/queries/signatures';
import type { Deps } from '../deps';
import { askedParticipant, attemptPage } from '../documents/place';

/** A frozen session with what a page shows about it. */
export type OpenSession = { session: SigningSession; participant: ParticipantRecord; onBehalf: { name: string; bin: string } | null };

/**
 * Freezes what is about to be signed and by whom. Refuses people who are not asked for a signature now; `lifeMs` is how long the answer
 * is waited for.
 */
export async function openSession(
  deps: Deps,
  place: { document: Document; actor: Actor },
  lifeMs: number = sessionLifeMs,
): Promise<OpenSession> {
  const { document, actor } = place;
  const { page } = await attemptPage(deps, { document, attempts: 'all' }, document.attempt);
  const asked = askedParticipant(page?.route ?? null, actor);
  if (!page || !asked) throw new Refusal(page && page.route.state !== 'active' ? 'route.ended' : 'route.not_asked');
  if (asked.stage.kind !== 'sign') throw new Refusal('route.wrong_kind');
  const participant = await participantById(deps.db, asked.participantId);
  const iin = participant?.iin;
  if (!participant || !iin) throw new Refusal('signing.person_without_iin');
  const now = deps.now();
  const onBehalf = actor.kind === 'member' ? { name: document.organisationName, bin: document.organisationBin } : null;
  const session = {
    id: deps.newId(),
    organisationId: document.organisationId,
    routeId: page.route.id,
    participantId: participant.id,
    fileId: document.file.id,
    sha256: document.file.sha256,
    streebog512: document.file.streebog512,
    iin,
    bin: onBehalf?.bin ?? null,
    purpose: 'sign',
    expiresAt: new Date(now.getTime() + lifeMs),
    usedAt: null,
  };
  await insertSigningSession(deps.db, session, now);
  return { session, participant, onBehalf };
}
