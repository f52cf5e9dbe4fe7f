import { type Request, type Response, Router } from 'express';
import { civilDateOf } from '../../domain/calendar/working-days';
import { mayDocument } from '../../domain/documents/document';
import { fileTypes } from '../../domain/documents/file-type';
import { runsCabinet } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { maxRemarkLength, type RouteCommand } from '../../domain/routes/decide';
import { endOfDay } from '../../domain/routes/draft';
import { currentStage } from '../../domain/routes/route';
import { noteAccess } from '../../services/documents/access';
import { keepNewVersion, makeDraft, moveToTrash, revokeLink } from '../../services/documents/commands';
import { attemptPage, type Place } from '../../services/documents/place';
import type { UploadOutcome } from '../../services/documents/upload';
import { sendToRoute } from '../../services/routes/send';
import { settle } from '../../services/routes/settle';
import { auditOf } from '../../storage/audit';
import { verifyEntity } from '../../storage/audit-verify';
import { findCommand } from '../../storage/command';
import { type Document, lockDocument, saveDraft } from '../../storage/queries/documents';
import { actOf } from '../kit/act';
import { commandOf } from '../kit/command';
import { memberOf, type WebDeps } from '../kit/context';
import { flatten, type Posted } from '../kit/form';
import { optionalWholeNumber, requireWholeNumber } from '../kit/input';
import type { ParticipantRoutes } from '../kit/place';
import { statusOf } from '../kit/refusals';
import type { Responder } from '../kit/respond';
import type { Flash } from '../kit/views';
import { lookerOf } from '../kit/visitor';
import { type EditorState, presentEditor, press, sendingErrors, stateOf, suggestions } from './editor';
import { readAct, readCard, readPerson, readRoute } from './forms';
import { isOfAttempts, presentHistory } from './history';
import { memberPlace } from './load';
import type { EditorForm, UploadRow } from './pages';
import { answerForm, decisionForm, presentDocumentPage } from './participant-web';
import { receiveFiles } from './receive';

const accepts = fileTypes.map((t) => `.${t.extension}`);

/** Documents for members: upload, the draft's editor, the page, and what its initiator may do. */
export function documentRoutes(deps: WebDeps, respond: Responder, participant: ParticipantRoutes): Router {
  const router = Router();
  const place = (req: Request) => memberPlace(deps, req);

  router.get('/documents/new', async (req, res) => {
    memberOf(req);
    await respond.page(
      req,
      res,
      'pages/documents/new',
      { command: deps.newId(), maxBytes: deps.config.uploadMaxBytes, accepts, results: [] },
      'new',
    );
  });

  router.post('/uploads', async (req, res) => {
    const me = memberOf(req);
    const { command, outcomes } = await receiveFiles(deps, req, me);
    const rows: UploadRow[] = [];
    for (const [index, outcome] of outcomes.entries())
      rows.push(await keepUpload(deps, req, outcome, index === 0 ? command : `${command}-${index}`));
    if (rows.length === 0) rows.push({ command, fileName: '', sizeBytes: null, draftHref: null, error: { code: 'upload.none' } });
    const failed = rows.find((r) => r.error);
    const onlyRow = rows[0];
    if (failed && rows.length === 1) res.status(statusOf(failed.error?.code ?? ''));
    if (req.kense.isHtmx && onlyRow) return respond.fragment(req, res, 'fragments/upload-row', onlyRow);
    if (rows.length === 1 && onlyRow?.draftHref) return res.redirect(303, onlyRow.draftHref);
    await respond.page(
      req,
      res,
      'pages/documents/new',
      { command: deps.newId(), maxBytes: deps.config.uploadMaxBytes, accepts, results: rows },
      'new',
    );
  });

  router.get('/people/suggest', async (req, res) => {
    const me = memberOf(req);
    const stage = requireWholeNumber(req.query.stage);
    const text = typeof req.query.q === 'string' ? req.query.q : req.query[`stage.${stage}.search`];
    const q = typeof text === 'string' ? text.trim().slice(0, 100) : '';
    const taken = Object.entries(flatten(req.query)).flatMap(([name, value]) =>
      name.startsWith(`stage.${stage}.person.`) ? [readPerson(value)] : [],
    );
    const people =
      q === ''
        ? []
        : await suggestions(
            deps,
            me.organisationId,
            q,
            taken.filter((p) => p !== null),
          );
    respond.fragment(req, res, 'fragments/documents/suggest', { stage, q, people });
  });

  router.get('/documents/:id', async (req, res) => {
    const here = await place(req);
    const data = await presentDocumentPage(deps, req, here);
    await noteAccess(deps, lookerOf(req), here, 'document.viewed');
    if (!data) return res.redirect(303, `${here.base}/edit`);
    await respond.page(req, res, 'pages/documents/show', data, data.head.asked ? 'to-sign' : 'documents');
  });

  router.get('/documents/:id/edit', async (req, res) => {
    const { document, actor, base } = await place(req);
    if (!mayDocument(actor, 'edit-route', document)) return res.redirect(303, document.attempt > 0 ? base : '/documents');
    const form = await presentEditor(deps, document, stateOf(document), {
      command: deps.newId(),
      canDelete: mayDocument(actor, 'trash', document),
    });
    await respond.page(req, res, 'pages/documents/edit', { form }, 'documents');
  });

  router.post('/documents/:id/edit', async (req, res) => edit(deps, respond, req, res));

  router.get('/documents/:id/history', async (req, res) => {
    const { document, attempts } = await place(req);
    const after = optionalWholeNumber(req.query.after, 0);
    const rows = await auditOf(deps.db, document.organisationId, document.id, 200, after);
    const chain = await verifyEntity(deps.db, document.organisationId, document.id);
    await respond.page(
      req,
      res,
      'pages/documents/history',
      presentHistory(
        document,
        rows.filter((row) => isOfAttempts(row, attempts)),
        chain,
        deps.now(),
      ),
      'documents',
    );
  });

  const initiatorCommand = (kind: 'withdraw' | 'remind') => async (req: Request, res: Response) => {
    const here = await place(req);
    const { document, actor, base } = here;
    const commandId = commandOf(req);
    const remark = (flatten(req.body).remark ?? '').trim();
    if (remark.length > maxRemarkLength) {
      res.status(422);
      return answerForm(respond, req, res, 'pages/documents/decision', {
        ...decisionForm(here, 'withdraw', commandId),
        remark,
        errors: { remark: { code: 'field.too_long', params: { max: maxRemarkLength } } },
      });
    }
    const command: RouteCommand = { kind, by: actor, at: deps.now().getTime(), ...(kind === 'withdraw' ? { remark } : {}) };
    const outcome = await sendToRoute(deps, { documentId: document.id, attempt: document.attempt }, commandId, command);
    const saved = await settle(outcome, () => respond.pending(req, res, commandId, base));
    if (saved) await respond.done(req, res, base, { tone: 'ok', key: kind === 'withdraw' ? 'flash.withdrawn' : 'flash.reminded' });
  };
  router.post('/documents/:id/withdraw', initiatorCommand('withdraw'));
  router.post('/documents/:id/remind', initiatorCommand('remind'));

  router.get('/documents/:id/extend', async (req, res) => {
    const here = await place(req);
    const stage = await stageAsked(deps, here);
    const due = stage.dueAt === null ? ('' as const) : civilDateOf(stage.dueAt);
    await answerForm(respond, req, res, 'pages/documents/decision', { ...decisionForm(here, 'extend', deps.newId()), due });
  });

  router.post('/documents/:id/extend', async (req, res) => {
    const here = await place(req);
    const commandId = commandOf(req);
    const due = (flatten(req.body).due ?? '').trim();
    const dueAt = due === '' ? null : endOfDay(due);
    const at = deps.now().getTime();
    const { position } = await stageAsked(deps, here);
    const problem = dueAt === null ? null : Number.isNaN(dueAt) ? 'draft.bad_due' : dueAt <= at ? 'route.due_in_past' : null;
    if (problem) {
      res.status(422);
      return answerForm(respond, req, res, 'pages/documents/decision', {
        ...decisionForm(here, 'extend', commandId),
        due,
        errors: { due: { code: problem } },
      });
    }
    const command: RouteCommand = { kind: 'extend', by: here.actor, position, dueAt, at };
    const outcome = await sendToRoute(deps, { documentId: here.document.id, attempt: here.document.attempt }, commandId, command);
    const saved = await settle(outcome, () => respond.pending(req, res, commandId, here.base));
    if (saved) await respond.done(req, res, here.base, { tone: 'ok', key: 'flash.extended' });
  });

  router.post('/documents/:id/links/:participant/revoke', async (req, res) => {
    const here = await place(req);
    await revokeLink(deps, actOf(deps, req), here, (req.params as Record<string, string>).participant);
    await respond.done(req, res, here.base, { tone: 'ok', key: 'flash.link_revoked' });
  });

  for (const kind of ['withdraw', 'delete', 'reupload'] as const) {
    router.get(`/documents/:id/${kind}`, async (req, res) => {
      const here = await place(req);
      const form = decisionForm(here, kind, deps.newId());
      await answerForm(
        respond,
        req,
        res,
        'pages/documents/decision',
        kind === 'reupload' ? { ...form, accepts, maxBytes: deps.config.uploadMaxBytes } : form,
      );
    });
  }

  router.post('/documents/:id/delete', async (req, res) => {
    const here = await place(req);
    await moveToTrash(deps, actOf(deps, req), memberOf(req), here.document.id, true);
    respond.go(req, res, '/documents', { tone: 'ok', key: 'flash.deleted' });
  });

  router.post('/documents/:id/restore', async (req, res) => {
    const here = await place(req);
    await moveToTrash(deps, actOf(deps, req), memberOf(req), here.document.id, false);
    respond.go(req, res, here.document.attempt > 0 ? here.base : `${here.base}/edit`, { tone: 'ok', key: 'flash.restored' });
  });

  router.post('/documents/:id/reupload', async (req, res) => {
    const here = await place(req);
    const me = memberOf(req);
    if (!mayDocument(here.actor, 'replace-file', here.document)) throw new Refusal('document.wrong_state');
    const { command, outcomes } = await receiveFiles(deps, req, me);
    const outcome = outcomes[0];
    if (!outcome || 'failure' in outcome) {
      const error = outcome ? { code: outcome.failure, ...(outcome.params ? { params: outcome.params } : {}) } : { code: 'upload.none' };
      res.status(422);
      return answerForm(respond, req, res, 'pages/documents/decision', {
        ...decisionForm(here, 'reupload', command),
        accepts,
        maxBytes: deps.config.uploadMaxBytes,
        errors: { file: error },
      });
    }
    await keepNewVersion(deps, actOf(deps, req, command), me, here.document, outcome.file);
    respond.go(req, res, `${here.base}/edit`, { tone: 'ok', key: 'flash.reuploaded' });
  });

  router.use('/documents/:id', participant(place, 'pages/documents/decision'));
  return router;
}

/** The stage whose deadline the initiator may move: the one asked now. */
async function stageAsked(deps: WebDeps, place: Place): Promise<{ position: number; dueAt: number | null }> {
  const { document, actor } = place;
  const { page } = await attemptPage(deps, place, document.attempt);
  if (actor.kind !== 'member' || (actor.personId !== document.initiatorId && !runsCabinet(actor))) throw new Refusal('route.forbidden');
  const stage = page ? currentStage(page.route) : null;
  if (!page || !stage) throw new Refusal('route.ended');
  return { position: page.route.current, dueAt: stage.dueAt };
}

/** What the page says of one file of an upload: the draft it became, or why it became none. */
async function keepUpload(deps: WebDeps, req: Request, outcome: UploadOutcome, command: string): Promise<UploadRow> {
  const shared = { command, fileName: outcome.fileName, sizeBytes: outcome.sizeBytes };
  if ('failure' in outcome)
    return { ...shared, draftHref: null, error: { code: outcome.failure, ...(outcome.params ? { params: outcome.params } : {}) } };
  const made = await makeDraft(deps, actOf(deps, req, command), memberOf(req), outcome.file);
  if (made === null) return { ...shared, draftHref: null, error: { code: 'upload.form_used' } };
  return { ...shared, draftHref: `/documents/${made}/edit`, error: null };
}

/** One press of any button of the editor. */
async function edit(deps: WebDeps, respond: Responder, req: Request, res: Response): Promise<void> {
  const { document, actor, base } = await memberPlace(deps, req);
  const posted = flatten(req.body);
  const commandId = commandOf(req);
  const done = await findCommand(deps.db, commandId);
  if (done && (done.entityId !== document.id || (actor.kind === 'member' && done.actor !== actor.personId)))
    throw new Refusal('command.used');
  if (done) return respond.go(req, res, base); // sent already by the same click
  if (!mayDocument(actor, 'edit-route', document)) throw new Refusal('document.wrong_state');
  const { state, act } = readEditor(posted);
  const show = async (
    next: EditorState,
    extra: { status?: number; document?: Document; justSaved?: boolean; command?: string } = {},
  ): Promise<void> => {
    if (extra.status) res.status(extra.status);
    const form: EditorForm = await presentEditor(deps, extra.document ?? document, next, {
      command: extra.command ?? commandId,
      justSaved: extra.justSaved ?? false,
      canDelete: mayDocument(actor, 'trash', document),
    });
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/documents/editor', form);
    else await respond.page(req, res, 'pages/documents/edit', { form }, 'documents');
  };

  if (act.do !== 'save' && act.do !== 'send') {
    const next = press(state, act);
    return show(next, { status: Object.keys(next.errors).length > 0 ? 422 : 200 });
  }
  const errors =
    act.do === 'send' ? { ...(await sendingErrors(deps, document.organisationId, state.draft)), ...state.errors } : state.errors;
  if (Object.keys(errors).length > 0) return show({ ...state, errors, focus: 'editor-errors' }, { status: 422 });
  const saved = await save(deps, document, state, requireWholeNumber(posted.rev));
  if (!saved) return show({ ...state, errors: { form: { code: 'document.stale' } }, focus: 'editor-errors' }, { status: 409 });
  if (act.do === 'save') return show({ ...state, focus: null }, { document: saved, justSaved: true, command: deps.newId() });

  const open = {
    kind: 'open' as const,
    commandId,
    documentId: document.id,
    attempt: document.attempt + 1,
    rev: saved.rev,
    by: actor,
    at: deps.now().getTime(),
  };
  const outcome = await deps.send.open(open);
  if (outcome.kind === 'refused' && outcome.code === 'draft.not_ready')
    return show(
      { ...state, errors: await sendingErrors(deps, document.organisationId, state.draft), focus: 'editor-errors' },
      { status: 422, document: saved },
    );
  if (outcome.kind === 'down')
    return show({ ...state, errors: { form: { code: 'temporal_down' } }, focus: 'editor-errors' }, { status: 503, document: saved });
  const sent = await settle(outcome, () => respond.pending(req, res, commandId, base));
  const flash: Flash = { tone: 'ok', key: 'flash.sent' };
  if (sent) respond.go(req, res, base, flash);
}

function readEditor(posted: Posted): { state: EditorState; act: ReturnType<typeof readAct> } {
  const { card, errors: cardErrors } = readCard(posted);
  const { draft, inputs, errors } = readRoute(posted);
  return {
    state: {
      card,
      draft,
      inputs,
      errors: { ...cardErrors, ...errors },
      remindDays: posted.remind_days ?? '',
      focus: null,
      suggestFor: null,
    },
    act: readAct(posted, inputs),
  };
}

/** Saves the card and the route; the document as it stands after, or null when somebody else saved in between. Saving the same twice is fine. */
async function save(deps: WebDeps, document: Document, state: EditorState, rev: number): Promise<Document | null> {
  if (holds(document, state)) return document;
  return deps.inTx(async (tx) => {
    const changed = await saveDraft(tx, document.id, rev, state.card, state.draft, deps.now());
    const stored = await lockDocument(tx, document.id);
    return changed > 0 || (stored && holds(stored, state)) ? stored : null;
  });
}

/** Whether the stored draft is what the form says: then a second click of the same button has nothing to save. */
const holds = (document: Document, { card, draft }: EditorState): boolean =>
  JSON.stringify(draft) === JSON.stringify(document.routeDraft) && cardFields.every((field) => card[field] === document[field]);
const cardFields = ['title', 'kind', 'number', 'date', 'direction', 'counterpartyName', 'counterpartyBin'] as const;
