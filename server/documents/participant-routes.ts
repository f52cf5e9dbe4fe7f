import { Router, type Request, type Response } from 'express';
import { maxRemarkLength, type RouteCommand } from '../../domain/routes/decide';
import { attemptsOf } from '../../storage/queries/routes';
import { Refusal, type WebDeps } from '../context';
import { evidenceRoutes } from '../evidence/routes';
import { optionalWholeNumber } from '../input';
import { phoneSigningRoutes } from '../phone/sign-routes';
import type { Responder } from '../respond';
import { signingRoutes } from '../signing/routes';
import type { DecisionForm, Flash, Pages } from '../views';
import { commandOf, sendToRoute, settle } from './commands';
import { guestKeyProof } from './guest-key';
import { downloadRoutes } from './downloads';
import { flatten } from './forms';
import { attemptPage, routeFacts, wantedAttempt, type Place } from './load';
import { askedParticipant, presentCard, presentHead, presentRoute } from './presenters';

export type FindPlace = (req: Request) => Promise<Place>;
type DecisionPage = Extract<keyof Pages, `pages/${string}/decision`>;

/**
 * What anybody asked about a document can do with it: look, download, approve, refuse, sign. Mounted for members under
 * `/documents/:id` and for outside people under `/invitations/:token`; `find` says who asks and refuses what is not theirs.
 */
export function participantRoutes(deps: WebDeps, respond: Responder, find: FindPlace, decisionPage: DecisionPage): Router {
  const router = Router({ mergeParams: true });
  const guestKey = guestKeyProof(deps, respond);

  router.get('/head', async (req, res) => {
    const place = await find(req);
    const { document, page } = await attemptPage(deps, place, wantedAttempt(req, place));
    const signatures = page ? (await routeFacts(deps, document, page)).signatures.length : 0;
    respond.fragment(req, res, 'fragments/documents/head', presentHead(document, page, place.actor, deps.now(), place.base, signatures));
  });

  router.get('/route', async (req, res) => {
    const place = await find(req);
    const { document, page } = await attemptPage(deps, place, wantedAttempt(req, place));
    if (!page) throw new Refusal('not_found');
    const facts = await routeFacts(deps, document, page);
    const view = presentRoute(facts, place.actor, deps.now(), place.base);
    if (optionalWholeNumber(req.query.rev, view.rev) !== view.rev) res.set('HX-Trigger', 'document-head');
    respond.fragment(req, res, 'fragments/documents/route', view);
  });

  router.use(downloadRoutes(deps, find));
  router.use(evidenceRoutes(deps, respond, find));
  router.use(signingRoutes(deps, respond, find));
  router.use(phoneSigningRoutes(deps, respond, find));

  for (const kind of ['approve', 'refuse'] as const) {
    router.get(`/${kind}`, async (req, res) => {
      const place = await find(req);
      await mustBeAsked(deps, place, kind);
      await answerForm(respond, req, res, decisionPage, decisionForm(place, kind, deps.newId()));
    });

    router.post(`/${kind}`, async (req, res) => {
      const place = await find(req);
      const commandId = commandOf(req);
      const participantId = await participantFor(deps, place);
      const remark = (flatten(req.body).remark ?? '').trim();
      const problem =
        kind === 'refuse' && remark === '' ? 'route.remark_required' : remark.length > maxRemarkLength ? 'field.too_long' : null;
      if (problem) {
        res.status(422);
        const form = {
          ...decisionForm(place, kind, commandId),
          remark,
          errors: { remark: { code: problem, params: { max: maxRemarkLength } } },
        };
        return answerForm(respond, req, res, decisionPage, form);
      }
      if (kind === 'approve' && !(await guestKey(req, res, place))) return;
      const at = deps.now().getTime();
      const command: RouteCommand = { kind, by: place.actor, participantId, remark, at };
      const outcome = await sendToRoute(deps, { documentId: place.document.id, attempt: place.document.attempt }, commandId, command);
      const saved = await settle(outcome, () => respond.pending(req, res, commandId, place.base));
      const flash: Flash = { tone: 'ok', key: kind === 'approve' ? 'flash.approved' : 'flash.refused' };
      if (saved) await respond.done(req, res, place.base, flash);
    });
  }

  return router;
}

/** A dialog for htmx, a page of its own otherwise. */
export async function answerForm(respond: Responder, req: Request, res: Response, page: DecisionPage, form: DecisionForm): Promise<void> {
  if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/documents/decision', form);
  else await respond.page(req, res, page, form, page === 'pages/documents/decision' ? 'documents' : null);
}

/** An empty form of one decision. */
export const decisionForm = (place: Place, kind: DecisionForm['kind'], command: string): DecisionForm => ({
  kind,
  base: place.base,
  title: place.document.title,
  rev: place.document.rev,
  command,
  remark: '',
  errors: {},
});

async function mustBeAsked(deps: WebDeps, place: Place, kind: 'approve' | 'refuse'): Promise<void> {
  const { page } = await attemptPage(deps, place, place.document.attempt);
  const asked = askedParticipant(page?.route ?? null, place.actor);
  if (!asked) throw new Refusal(page && page.route.state !== 'active' ? 'route.ended' : 'route.not_asked');
  if (kind === 'approve' && asked.stage.kind !== 'approve') throw new Refusal('route.wrong_kind');
}

/** Which place on the route this actor answers for: the one asked now, else one held before, so that the rules can say why not. */
export async function participantFor(deps: WebDeps, place: Place): Promise<string> {
  const { actor } = place;
  if (actor.kind === 'guest') return actor.participantId;
  const { page } = await attemptPage(deps, place, place.document.attempt);
  const asked = askedParticipant(page?.route ?? null, actor);
  if (asked) return asked.participantId;
  const own = page?.route.stages.flatMap((s) => s.participants).find((p) => p.personId === actor.personId);
  if (!own) throw new Refusal('route.forbidden');
  return own.id;
}

/** The page of a document with its card, viewer and route. */
export async function presentDocumentPage(deps: WebDeps, req: Request, place: Place): Promise<Pages['pages/documents/show'] | null> {
  const { document, page } = await attemptPage(deps, place, wantedAttempt(req, place));
  if (!page) return null;
  const [facts, attempts] = await Promise.all([routeFacts(deps, document, page), attemptsOf(deps.db, document.id)]);
  const now = deps.now();
  return {
    head: presentHead(document, page, place.actor, now, place.base, facts.signatures.length),
    card: presentCard(
      document,
      page,
      attempts.filter(({ attempt }) => place.attempts === 'all' || place.attempts.includes(attempt)),
      place.base,
    ),
    route: presentRoute(facts, place.actor, now, place.base),
  };
}
