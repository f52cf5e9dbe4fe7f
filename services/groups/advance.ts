import { isWorkedOff, needsNoKey, settleAfterMs } from '../../domain/groups/group';
import type { RouteCommand } from '../../domain/routes/decide';
import { sendToRoute } from '../routes/send';
import type { WorkerDeps } from '../deps';
import { appendAudit } from '../../storage/audit';
import { findCommand } from '../../storage/command';
import {
  closeGroup,
  countsOf,
  decideItem,
  groupById,
  type GroupItem,
  isActiveMember,
  isSignatureKept,
  itemsIn,
  markSent,
  markWaiting,
  type SigningGroup,
} from '../../storage/queries/groups';
import type { GroupLook } from '../../workflows/contracts/group';

/** Answers sent side by side: enough to keep the routes busy, few enough to leave room for people at their pages. */
const sideBySide = 6;

/**
 * One look at a group: sends what needs no key, learns from the record what became of answers under way, closes the group when nothing
 * is left. May be stopped and run again at any point; `progress` is called after each answer.
 */
export async function advanceGroup(deps: WorkerDeps, groupId: string, progress: () => void): Promise<GroupLook> {
  const group = await groupById(deps.db, groupId);
  if (group?.state !== 'running') return { state: 'closed' };
  if (!(await isActiveMember(deps.db, group.personId, group.organisationId))) return close(deps, group, 'stopped');
  const open = await itemsIn(deps.db, group.id, ['waiting', 'sent']);
  const isOver = group.expiresAt <= deps.now();
  const settleBefore = deps.now().getTime() - settleAfterMs;
  const sent = open.filter((item) => item.state === 'sent' && (item.sentAt?.getTime() ?? 0) <= settleBefore);
  const keyless = isOver ? [] : open.filter((item) => item.state === 'waiting' && needsNoKey(group.purpose, item.kind));
  await inSlices(sent, async (item) => {
    await settle(deps, group, item);
    progress();
  });
  await inSlices(keyless, async (item) => {
    await markSent(deps.db, [item.id], deps.now());
    await answer(deps, group, item);
    progress();
  });
  const counts = await countsOf(deps.db, group.id);
  if (isWorkedOff(counts)) return close(deps, group, 'done');
  if (isOver && counts.sent === 0) return close(deps, group, 'expired');
  const left = await itemsIn(deps.db, group.id, ['waiting', 'sent']);
  return { state: left.some((item) => item.state === 'sent' || needsNoKey(group.purpose, item.kind)) ? 'busy' : 'idle' };
}

/** Learns what became of an answer that was under way when somebody died; a signature that never arrived is asked for again. */
async function settle(deps: WorkerDeps, group: SigningGroup, item: GroupItem): Promise<void> {
  if (await findCommand(deps.db, item.commandId)) return decideItem(deps.db, item.id, { state: 'done', code: null }, deps.now());
  if (!needsNoKey(group.purpose, item.kind) && !(await isSignatureKept(deps.db, item.commandId))) return markWaiting(deps.db, [item.id]);
  return answer(deps, group, item);
}

/** Sends the answer of one item to its route and writes what it said. */
async function answer(deps: WorkerDeps, group: SigningGroup, item: GroupItem): Promise<void> {
  const route = { documentId: item.documentId, attempt: item.attempt };
  const outcome = await sendToRoute(deps, route, item.commandId, commandOf(group, item, deps.now().getTime()));
  switch (outcome.kind) {
    case 'done':
      return decideItem(deps.db, item.id, { state: 'done', code: null }, deps.now());
    case 'refused':
      return decideItem(deps.db, item.id, { state: 'failed', code: outcome.code }, deps.now());
    case 'closed':
      return decideItem(deps.db, item.id, { state: 'failed', code: 'route.ended' }, deps.now());
    case 'unknown':
      return; // stays sent: the next look learns it from the record
    case 'down':
      throw new Error('Temporal does not answer');
  }
}

function commandOf(group: SigningGroup, item: GroupItem, at: number): RouteCommand {
  const by = { kind: 'member', personId: group.personId, organisationId: group.organisationId, role: 'employee' } as const;
  const { participantId } = item;
  if (group.purpose === 'refuse') return { kind: 'refuse', by, participantId, remark: group.remark ?? '', at };
  if (item.kind === 'approve') return { kind: 'approve', by, participantId, at };
  return { kind: 'sign', by, participantId, signatureId: item.commandId, at };
}

async function close(deps: WorkerDeps, group: SigningGroup, state: 'done' | 'stopped' | 'expired'): Promise<GroupLook> {
  const now = deps.now();
  await deps.inTx(async (tx) => {
    if (!(await closeGroup(tx, group.id, state, now))) return;
    const { total, done, failed } = await countsOf(tx, group.id);
    await appendAudit(tx, {
      organisationId: group.organisationId,
      at: now,
      actor: { kind: 'system', id: 'system', name: 'Kense' },
      action: `group.${state}`,
      entityId: group.id,
      commandId: `group-${state}-${group.id}`,
      details: { purpose: group.purpose, total, done, failed },
    });
  });
  return { state: 'closed' };
}

async function inSlices<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(sideBySide, rest.length) }, worker));
}
