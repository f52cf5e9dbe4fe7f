import type { Request } from 'express';
import { isUlid } from '../../domain/ids';
import { runsCabinet, type Actor } from '../../domain/people/roles';
import { storedCapability } from '../../storage/capabilities';
import { evidenceWithReports } from '../../storage/queries/evidence';
import { documentFor, fileById, type Document } from '../../storage/queries/documents';
import { lastMails } from '../../storage/queries/mail';
import { attemptsAsked, routeOfDocument, type RoutePage } from '../../storage/queries/routes';
import { signaturesOf } from '../../storage/queries/signatures';
import { select } from '../../storage/sql';
import { memberOf, Refusal, type WebDeps } from '../context';
import { optionalWholeNumber } from '../input';
import type { RouteFacts } from './presenters';

/**
 * Whom a request acts for, which document it is about and the address its pages start with. `attempts` are those whose file, route and
 * signatures the reader may see: all for the initiator and whoever runs the cabinet, else those they were asked in.
 */
export type Place = { actor: Actor; document: Document; base: string; name: string; attempts: 'all' | readonly number[] };

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

/** The address of the public check page of a document. */
export const checkPath = (deps: WebDeps, { id, checkHash }: Pick<Document, 'id' | 'checkHash'>): string =>
  `/check/${storedCapability(deps.config.secrets, 'check', id, 1, checkHash)}`;

/** The attempt a page asks for with `?attempt=`, else the last one the reader may see; 404 for one they may not. */
export const wantedAttempt = (req: Request, { actor, document, attempts }: Place): number => {
  const last = attempts === 'all' ? document.attempt : Math.max(0, ...attempts);
  const asked = optionalWholeNumber(req.query.attempt, last);
  if (actor.kind === 'guest') return last;
  if (attempts !== 'all' && !attempts.includes(asked)) throw new Refusal('not_found');
  return asked >= 1 && asked <= document.attempt ? asked : last;
};

/** A document as it stood in one attempt: an older attempt, and whoever sees attempts only, gets the file it was about. */
export async function attemptPage(
  deps: WebDeps,
  { document, attempts }: Pick<Place, 'document' | 'attempts'>,
  attempt: number,
): Promise<{ document: Document; page: RoutePage | null }> {
  const page = attempt > 0 ? await routeOfDocument(deps.db, document.id, attempt) : null;
  const isOlder = page !== null && page.fileId !== document.file.id && (attempt < document.attempt || attempts !== 'all');
  const file = isOlder ? await fileById(deps.db, document.id, page.fileId) : null;
  const state = page && attempt < document.attempt && page.route.state !== 'active' ? page.route.state : document.state;
  return { document: file ? { ...document, file, state } : { ...document, state }, page };
}

/** What the timeline shows beside the route itself. */
export async function routeFacts(deps: WebDeps, document: Document, page: RoutePage): Promise<RouteFacts> {
  const [mails, signatures, links] = await Promise.all([
    lastMails(deps.db, page.route.id),
    signaturesOf(deps.db, page.route.id),
    select<{ id: string; openedAt: Date | null; revokedAt: Date | null }>(
      deps.db,
      `SELECT i.participant_id AS id, i.opened_at AS openedAt, i.revoked_at AS revokedAt
         FROM invitations i JOIN route_participants p ON p.id = i.participant_id WHERE p.route_id = :routeId`,
      { routeId: page.route.id },
    ),
  ]);
  const evidence = await evidenceWithReports(
    deps.db,
    signatures.map((s) => s.id),
  );
  return {
    page,
    mails,
    signatures,
    evidence,
    links: new Map(links.map((link) => [link.id, link])),
    checkUrl: checkPath(deps, document),
  };
}
