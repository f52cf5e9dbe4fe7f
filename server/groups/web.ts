import express, { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { isClosed, isWorkedOff, maxChunkItems, settleAfterMs } from '../../domain/groups/group';
import { isUlid } from '../../domain/ids';
import type { Member } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { maxRemarkLength } from '../../domain/routes/decide';
import { groupSender } from '../../integrations/temporal/groups';
import { openChunk, progressOf } from '../../services/groups/chunk';
import { createGroup } from '../../services/groups/create';
import { receiveChunk } from '../../services/groups/signatures';
import { isModuleOn } from '../../services/settings/modules';
import { perform } from '../../storage/command';
import { documentFor } from '../../storage/queries/documents';
import {
  closeGroup,
  countsOf,
  groupById,
  itemsIn,
  listItems,
  removeItem,
  type SigningGroup,
  startGroup,
} from '../../storage/queries/groups';
import { actOf } from '../kit/act';
import { commandOf } from '../kit/command';
import { memberOf, type WebDeps } from '../kit/context';
import { flatten } from '../kit/form';
import { optionalWholeNumber } from '../kit/input';
import { presentFile } from '../kit/parts/file';
import { groupBase } from '../kit/parts/open-groups';
import type { Responder } from '../kit/respond';
import type { GroupPage, OutcomesJson } from './pages';
import { presentGroup } from './presenters';

/** A hundred signatures with certificates and time-stamps are about a megabyte; old programs enclose more. */
const signaturesLimit = '16mb';

const arrivalSchema = z.object({
  items: z.array(z.string().refine(isUlid)).max(maxChunkItems),
  signatures: z.array(z.string().min(1)).max(maxChunkItems),
  isPartial: z.boolean().default(false),
  unread: z
    .array(z.object({ id: z.string().refine(isUlid), code: z.enum(['group.no_document', 'group.changed']) }))
    .max(maxChunkItems)
    .default([]),
});

/** Many documents answered at once: the list, the work, the summary. Everything here is its maker's alone. */
export function groupRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const groups = groupSender(deps.temporal.client);

  const find = async (req: Request): Promise<{ me: Member; group: SigningGroup }> => {
    const me = memberOf(req);
    const { id } = req.params;
    const group = isUlid(id) ? await groupById(deps.db, id) : null;
    if (group?.personId !== me.personId || group.organisationId !== me.organisationId) throw new Refusal('not_found');
    return { me, group };
  };
  const findRunning = async (req: Request, mayBeDone = false): Promise<{ me: Member; group: SigningGroup }> => {
    const found = await find(req);
    if (mayBeDone && found.group.state === 'done') return found;
    if (isClosed(found.group.state) || found.group.expiresAt <= deps.now()) throw new Refusal('group.ended');
    if (found.group.state !== 'running') throw new Refusal('group.not_started');
    if (!(await isModuleOn(deps, found.me.organisationId, 'group_signing'))) throw new Refusal('group.switched_off');
    return found;
  };
  const present = async (req: Request, group: SigningGroup, form?: Parameters<typeof presentGroup>[5]): Promise<GroupPage> => {
    const { session } = req.kense;
    const items = await listItems(deps.db, group.id);
    const signer = { name: session?.person.name ?? '', iin: session?.person.iin ?? null };
    const organisation = { name: session?.organisation?.name ?? '', bin: session?.organisation?.bin ?? '' };
    return presentGroup(deps, group, items, signer, organisation, form);
  };
  /** The run learns at once what the record already knows: that all is answered, or that an answer hangs. */
  const wakeIfNeeded = async (group: SigningGroup): Promise<void> => {
    if (group.state !== 'running') return;
    const [counts, sent] = await Promise.all([countsOf(deps.db, group.id), itemsIn(deps.db, group.id, ['sent'])]);
    const hangs = sent.some(({ sentAt }) => deps.now().getTime() - (sentAt?.getTime() ?? 0) > settleAfterMs);
    if (isWorkedOff(counts) || hangs) await groups.nudge(group);
  };

  router.post('/groups', async (req, res) => {
    const me = memberOf(req);
    if (!(await isModuleOn(deps, me.organisationId, 'group_signing'))) throw new Refusal('group.switched_off');
    const commandId = commandOf(req);
    const choice = req.body as Record<string, unknown>;
    await createGroup(deps, me, commandId, choice.do === 'refuse' ? 'refuse' : 'answer', choice);
    respond.go(req, res, groupBase(commandId));
  });

  router.get('/groups/:id', async (req, res) => {
    const { group } = await find(req);
    await wakeIfNeeded(group);
    await respond.page(req, res, 'pages/groups/show', await present(req, group), 'to-sign');
  });

  router.get('/groups/:id/work', async (req, res) => {
    const { group } = await find(req);
    await wakeIfNeeded(group);
    if (isClosed(group.state)) res.set('HX-Refresh', 'true');
    respond.fragment(req, res, 'fragments/groups/work', await present(req, group));
  });

  router.get('/groups/:id/items/:item/look', async (req, res) => {
    const { me, group } = await find(req);
    const item = (await listItems(deps.db, group.id)).find(({ id }) => id === req.params.item);
    const document = item ? await documentFor(deps.db, me, item.documentId) : null;
    if (!document) throw new Refusal('not_found');
    const documentHref = `/documents/${document.id}`;
    if (!req.kense.isHtmx) return res.redirect(303, documentHref);
    const data = { base: groupBase(group.id), documentHref, title: document.title, file: presentFile(document) };
    return respond.fragment(req, res, 'fragments/groups/look', data);
  });

  router.post('/groups/:id/items/:item/remove', async (req, res) => {
    const { group } = await find(req);
    const { item } = req.params;
    if (!isUlid(item)) throw new Refusal('not_found');
    if ((await removeItem(deps.db, group.id, item)) === 0 && group.state !== 'listed') throw new Refusal('group.frozen');
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/groups/work', await present(req, group));
    else res.redirect(303, groupBase(group.id));
  });

  router.post('/groups/:id/start', async (req, res) => {
    const found = await find(req);
    const { group } = found;
    const act = actOf(deps, req);
    const remark = (flatten(req.body).remark ?? '').trim();
    if (!(await isModuleOn(deps, group.organisationId, 'group_signing'))) throw new Refusal('group.switched_off');
    if (group.state === 'listed') {
      const isRefusal = group.purpose === 'refuse';
      const problem = isRefusal && remark === '' ? 'route.remark_required' : remark.length > maxRemarkLength ? 'field.too_long' : null;
      if (problem) return showProblem(req, res, group, act.id, remark, problem);
      await perform(deps, act, group, 'group.started', async (tx) => {
        const { total } = await countsOf(tx, group.id);
        if (total === 0) throw new Refusal('group.nothing_chosen');
        if (!(await startGroup(tx, group.id, isRefusal ? remark : null, act.at))) throw new Refusal('group.ended');
        return { details: { purpose: group.purpose, documents: total }, result: null };
      });
    } else if (isClosed(group.state)) throw new Refusal('group.ended');
    // Frozen or not, the run must know of it: pressing again after an outage is how it learns.
    if (!(await groups.nudge(group))) throw new Refusal('temporal_down');
    return respond.go(req, res, groupBase(group.id));
  });
  const showProblem = async (
    req: Request,
    res: Response,
    group: SigningGroup,
    commandId: string,
    remark: string,
    code: string,
  ): Promise<void> => {
    res.status(422);
    const errors = { remark: { code, params: { max: maxRemarkLength } } };
    await respond.page(req, res, 'pages/groups/show', await present(req, group, { command: commandId, remark, errors }), 'to-sign');
  };

  router.post('/groups/:id/stop', async (req, res) => {
    const found = await find(req);
    const { group } = found;
    const act = actOf(deps, req);
    if (!isClosed(group.state))
      await perform(deps, act, group, 'group.stopped', async (tx) => {
        if (!(await closeGroup(tx, group.id, 'stopped', act.at))) throw new Refusal('group.ended');
        const { total, done, failed } = await countsOf(tx, group.id);
        return { details: { purpose: group.purpose, total, done, failed }, result: null };
      });
    if (group.state === 'running') await groups.nudge(group); // its run ends now and not at its next look; an outage does no harm
    respond.go(req, res, group.startedAt ? groupBase(group.id) : '/to-sign');
  });

  router.post('/groups/:id/next', async (req, res) => {
    // Should the last answer have closed the group already, nothing is left to sign, and that is no mistake of whoever asks.
    const { me, group } = await findRunning(req, true);
    await wakeIfNeeded(group);
    const most = optionalWholeNumber(flatten(req.body).max, maxChunkItems, { min: 1 });
    res.set('Cache-Control', 'no-store').json(await openChunk(deps, group, me, most));
  });

  router.post('/groups/:id/signatures', express.json({ limit: signaturesLimit }), async (req, res) => {
    const { me, group } = await findRunning(req);
    const parsed = arrivalSchema.safeParse(req.body);
    if (!parsed.success) throw new Refusal('bad_request');
    const { outcomes, keyProblem } = await receiveChunk(deps, group, me, parsed.data);
    await wakeIfNeeded(group).catch((error: unknown) => req.kense.log.warn({ err: error }, 'the run of a group was not told'));
    const { t } = deps.texts(req.kense.lang);
    const answer: OutcomesJson = {
      outcomes: outcomes.map(({ id, state, code }) => ({ id, state, text: code ? t(`errors.${code}`) : t(`groups.itemState.${state}`) })),
      key: keyProblem ? t(`errors.${keyProblem}`) : null,
      ...(await progressOf(deps, group.id)),
    };
    res.set('Cache-Control', 'no-store').json(answer);
  });

  return router;
}
