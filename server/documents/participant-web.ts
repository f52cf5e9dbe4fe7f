import { type Request, type Response, Router } from 'express';
import { Refusal } from '../../domain/refusals';
import { maxRemarkLength, type RouteCommand } from '../../domain/routes/decide';
import { askedParticipant, attemptPage, participantFor, type Place } from '../../services/documents/place';
import { routeFacts } from '../../services/documents/route-facts';
import { sendToRoute } from '../../services/routes/send';
import { settle } from '../../services/routes/settle';
import { attemptsOf } from '../../storage/queries/routes';
import { commandOf } from '../kit/command';
import type { WebDeps } from '../kit/context';
import { flatten } from '../kit/form';
import { optionalWholeNumber } from '../kit/input';
import { presentRoute } from '../kit/parts/route';
import type { DecisionPage, FindPlace, GuestKey } from '../kit/place';
import type { Responder } from '../kit/respond';
import type { Flash, Pages } from '../kit/views';
import { downloadRoutes } from './downloads-web';
import { wantedAttempt } from './load';
import type { DecisionForm } from './pages';
import { presentCard, presentHead } from './presenters';

/**
 * What anybody asked about a document can do with it: look, download, approve, refuse, sign. Mounted for members under
 * `/documents/:id` and for outside people under `/invitations/:token`; `find` says who asks and refuses what is not theirs, `beside` are the
 * routes of other areas about the same place.
 */
export function participantRoutes(
  deps: WebDeps,
  respond: Responder,
  find: FindPlace,
  decisionPage: DecisionPage,
  { guestKey, beside }: { guestKey: GuestKey; beside: readonly Router[] },
): Router {
  const router = Router({ mergeParams: true });

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
  for (const other of beside) router.use(other);

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
