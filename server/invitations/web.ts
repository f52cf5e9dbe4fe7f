import { type Request, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Guest } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { findParticipant } from '../../domain/routes/route';
import { noteAccess } from '../../services/documents/access';
import type { Place } from '../../services/documents/place';
import { routeFacts } from '../../services/documents/route-facts';
import { capabilityHash } from '../../storage/capabilities';
import { documentFor, fileById, isInTrash } from '../../storage/queries/documents';
import { type Invitation, invitationByHash, noteOpened } from '../../storage/queries/invitations';
import { personById } from '../../storage/queries/people';
import { participantById, type ParticipantRecord, routeOfDocument, type RoutePage } from '../../storage/queries/routes';
import type { WebDeps } from '../kit/context';
import { presentFile } from '../kit/parts/file';
import { presentRoute } from '../kit/parts/route';
import type { ParticipantRoutes } from '../kit/place';
import type { Responder } from '../kit/respond';
import { lookerOf } from '../kit/visitor';
import type { InvitationPage } from './pages';

type Invited = { invitation: Invitation; participant: ParticipantRecord; page: RoutePage; base: string; isTrashed: boolean };

/** Pages of outside people: each link opens one document for one person, as of the attempt the person was asked in. */
export function invitationRoutes(deps: WebDeps, respond: Responder, participant: ParticipantRoutes): Router {
  const router = Router();
  // 128-bit tokens cannot be guessed; the limit only keeps somebody from trying noisily.
  const misses = new RateLimiterMemory({ points: 30, duration: 300 });

  const invited = async (req: Request): Promise<Invited> => {
    const token = String((req.params as Record<string, string>).token);
    const hash = capabilityHash(token);
    const invitation = hash && (await invitationByHash(deps.db, hash));
    const participant = invitation && (await participantById(deps.db, invitation.participantId));
    const page = participant && (await routeOfDocument(deps.db, participant.documentId, participant.attempt));
    if (!invitation || !participant || !page) {
      await misses.consume(req.ip ?? '').catch(() => Promise.reject(new Refusal('limited')));
      throw new Refusal('not_found');
    }
    const isTrashed = await isInTrash(deps.db, participant.documentId);
    return { invitation, participant, page, base: `/invitations/${token}`, isTrashed };
  };

  // A link ends with its route; only of one that everybody has answered does it still show what was signed, until its own end.
  const isOpen = ({ invitation, participant, page, isTrashed }: Invited): boolean =>
    invitation.revokedAt === null &&
    invitation.expiresAt > deps.now() &&
    !isTrashed &&
    (page.route.state === 'active' || page.route.state === 'signed') &&
    findParticipant(page.route, participant.id)?.participant.state !== 'waiting';

  const find = async (req: Request): Promise<Place> => {
    const found = await invited(req);
    const { participant, page, base, invitation } = found;
    if (!isOpen(found)) throw new Refusal(invitation.revokedAt ? 'invitation.revoked' : 'invitation.expired');
    const actor: Guest = { kind: 'guest', participantId: participant.id, organisationId: participant.organisationId };
    const document = await documentFor(deps.db, actor, participant.documentId);
    if (!document) throw new Refusal('not_found');
    // A later attempt of the document is none of this person's business: they see the file and the route they were asked about.
    const file = document.file.id === page.fileId ? document.file : await fileById(deps.db, document.id, page.fileId);
    if (!file) throw new Refusal('not_found');
    const state = page.route.state === 'active' ? 'in-signing' : page.route.state;
    const { attempt, name } = participant;
    return { actor, document: { ...document, file, attempt, state }, base, name, attempts: [attempt] };
  };

  router.get('/invitations/:token', async (req, res) => {
    const found = await invited(req);
    const place = isOpen(found) ? await find(req) : null;
    if (place) {
      await noteOpened(deps.db, found.participant.id, deps.now());
      await noteAccess(deps, lookerOf(req), place, 'document.viewed');
    }
    res.set('Cache-Control', 'no-store');
    await respond.page(req, res, 'pages/invitations/show', await present(deps, found, place));
  });

  router.use('/invitations/:token', participant(find, 'pages/invitations/decision'));
  return router;
}

async function present(deps: WebDeps, { invitation, participant, page, base }: Invited, place: Place | null): Promise<InvitationPage> {
  const found = findParticipant(page.route, participant.id);
  const card = page.people.get(participant.id);
  const kind = found?.stage.kind ?? 'sign';
  const initiator = await personById(deps.db, page.route.initiatorId);
  const answered = found?.participant.state === 'done' || found?.participant.state === 'refused';
  const state = ((): InvitationPage['state'] => {
    if (answered && place) return 'answered';
    if (invitation.revokedAt) return 'revoked';
    if (!place) return page.route.state === 'active' ? 'expired' : 'closed';
    return found?.participant.state === 'asked' ? 'open' : 'closed';
  })();
  const done = kind === 'sign' ? ('signed' as const) : ('approved' as const);
  return {
    base,
    state,
    action: kind,
    invitee: { name: participant.name, email: participant.email ?? '' },
    sender: { name: initiator?.name ?? '', organisation: place?.document.organisationName ?? '', email: initiator?.email ?? null },
    message: page.message || null,
    expiresAt: invitation.expiresAt.toISOString(),
    answer:
      answered && card?.answeredAt
        ? { kind: found?.participant.state === 'refused' ? 'refused' : done, at: card.answeredAt.toISOString(), remark: card.remark }
        : null,
    document: place && {
      title: place.document.title,
      number: place.document.number || null,
      kind: place.document.kind,
      file: presentFile(place.document, base),
      route: presentRoute(await routeFacts(deps, place.document, page), place.actor, deps.now(), base),
    },
  };
}
