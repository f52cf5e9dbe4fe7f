import type { Actor } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { mayAnswer } from '../../domain/routes/decide';
import type { Route, Stage } from '../../domain/routes/route';
import { storedCapability } from '../../storage/capabilities';
import { type Document, fileById } from '../../storage/queries/documents';
import { routeOfDocument, type RoutePage } from '../../storage/queries/routes';
import type { Deps } from '../deps';

/**
 * Whom a request acts for, which document it is about and the address its pages start with. `attempts` are those whose file, route and
 * signatures the reader may see: all for the initiator and whoever runs the cabinet, else those they were asked in.
 */
export type Place = { actor: Actor; document: Document; base: string; name: string; attempts: 'all' | readonly number[] };

/** The address of the public check page of a document. */
export const checkPath = (deps: Deps, { id, checkHash }: Pick<Document, 'id' | 'checkHash'>): string =>
  `/check/${storedCapability(deps.config.secrets, 'check', id, 1, checkHash)}`;

/** A document as it stood in one attempt: an older attempt, and whoever sees attempts only, gets the file it was about. */
export async function attemptPage(
  deps: Deps,
  { document, attempts }: Pick<Place, 'document' | 'attempts'>,
  attempt: number,
): Promise<{ document: Document; page: RoutePage | null }> {
  const page = attempt > 0 ? await routeOfDocument(deps.db, document.id, attempt) : null;
  const isOlder = page !== null && page.fileId !== document.file.id && (attempt < document.attempt || attempts !== 'all');
  const file = isOlder ? await fileById(deps.db, document.id, page.fileId) : null;
  const state = page && attempt < document.attempt && page.route.state !== 'active' ? page.route.state : document.state;
  return { document: file ? { ...document, file, state } : { ...document, state }, page };
}

/** The participant this actor answers as now, if the route waits for them. */
export function askedParticipant(route: Route | null, actor: Actor): { participantId: string; stage: Stage } | null {
  if (!route) return null;
  for (const stage of route.stages) {
    for (const p of stage.participants) {
      if (mayAnswer(route, actor, p.id).ok) return { participantId: p.id, stage };
    }
  }
  return null;
}

/** Which place on the route this actor answers for: the one asked now, else one held before, so that the rules can say why not. */
export async function participantFor(deps: Deps, place: Place): Promise<string> {
  const { actor } = place;
  if (actor.kind === 'guest') return actor.participantId;
  const { page } = await attemptPage(deps, place, place.document.attempt);
  const asked = askedParticipant(page?.route ?? null, actor);
  if (asked) return asked.participantId;
  const own = page?.route.stages.flatMap((s) => s.participants).find((p) => p.personId === actor.personId);
  if (!own) throw new Refusal('route.forbidden');
  return own.id;
}
