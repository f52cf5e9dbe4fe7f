import type { Request } from 'express';
import { isUlid } from '../../domain/ids';
import { runsCabinet } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import type { Place } from '../../services/documents/place';
import { documentFor } from '../../storage/queries/documents';
import { attemptsAsked } from '../../storage/queries/routes';
import { memberOf, type WebDeps } from '../kit/context';
import { optionalWholeNumber } from '../kit/input';

/** The document of `/documents/:id` for the signed-in member; 404 unless it is visible. */
export async function memberPlace(deps: WebDeps, req: Request): Promise<Place> {
  const actor = memberOf(req);
  const id = req.params.id;
  const document = isUlid(id) ? await documentFor(deps.db, actor, id) : null;
  if (!document) throw new Refusal('not_found');
  const attempts =
    runsCabinet(actor) || document.initiatorId === actor.personId ? 'all' : await attemptsAsked(deps.db, document.id, actor.personId);
  return { actor, document, base: `/documents/${document.id}`, name: req.kense.session?.person.name ?? '', attempts };
}

/** The attempt a page asks for with `?attempt=`, else the last one the reader may see; 404 for one they may not. */
export const wantedAttempt = (req: Request, { actor, document, attempts }: Place): number => {
  const last = attempts === 'all' ? document.attempt : Math.max(0, ...attempts);
  const asked = optionalWholeNumber(req.query.attempt, last);
  if (actor.kind === 'guest') return last;
  if (attempts !== 'all' && !attempts.includes(asked)) throw new Refusal('not_found');
  return asked >= 1 && asked <= document.attempt ? asked : last;
};
