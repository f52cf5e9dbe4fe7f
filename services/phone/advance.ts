import type { Actor } from '../../domain/people/roles';
import { decidePhone, settleAfterMs } from '../../domain/phone/session';
import type { RouteCommand } from '../../domain/routes/decide';
import { sendToRoute } from '../routes/send';
import type { WorkerDeps } from '../deps';
import { findCommand } from '../../storage/command';
import { isSignatureKept } from '../../storage/queries/groups';
import { decidePhoneItem, movePhone, phoneById, type PhoneItem, phoneItems, type PhoneSession } from '../../storage/queries/phone';
import type { PhoneLook } from '../../workflows/contracts/phone';

type Needed = Pick<WorkerDeps, 'db' | 'send' | 'now' | 'log'>;

/** One look at a session: ends it in its time, learns what became of signatures under way. May be stopped and run again at any point. */
export async function advancePhone(deps: Needed, phoneId: string): Promise<PhoneLook> {
  const session = await phoneById(deps.db, phoneId);
  if (!session) return { state: 'closed' };
  const now = deps.now();
  const facts = {
    state: session.state,
    expiresAt: session.expiresAt.getTime(),
    codeExpiresAt: session.codeExpiresAt.getTime(),
    checkingAt: session.checkingAt?.getTime() ?? null,
  };
  if (session.state === 'checking') return settle(deps, session);
  const decision = decidePhone(facts, { kind: 'expire' }, now.getTime());
  if (!decision.ok) return { state: 'idle' };
  if (decision.again) return { state: 'closed' };
  const isMoved = await movePhone(deps.db, session.id, [session.state], decision.next, now);
  return { state: isMoved ? 'closed' : 'busy' };
}

/**
 * Learns what became of signatures whose request did not live to write it down. Nothing kept: the phone may send them again, while there
 * is time. A signature that is kept goes to its route.
 */
async function settle(deps: Needed, session: PhoneSession): Promise<PhoneLook> {
  const now = deps.now();
  if ((session.checkingAt?.getTime() ?? 0) + settleAfterMs > now.getTime()) return { state: 'busy' };
  const items = await phoneItems(deps.db, session.id);
  for (const item of items.filter(({ state }) => state === 'waiting' || state === 'sent')) await settleItem(deps, session, item);
  const after = await phoneItems(deps.db, session.id);
  const isOpen = after.some(({ state }) => state === 'sent');
  if (isOpen) return { state: 'busy' };
  if (after.some(({ state }) => state === 'done')) {
    for (const item of after.filter(({ state }) => state === 'waiting'))
      await decidePhoneItem(deps.db, item.id, { state: 'failed', code: 'phone.lost' }, now);
    await movePhone(deps.db, session.id, ['checking'], 'signed', now);
    return { state: 'closed' };
  }
  const refused = after.find(({ state }) => state === 'failed');
  if (refused) {
    await movePhone(deps.db, session.id, ['checking'], 'refused', now, refused.code);
    return { state: 'closed' };
  }
  const isOver = session.expiresAt <= now;
  await movePhone(deps.db, session.id, ['checking'], isOver ? 'expired' : 'given', now);
  return { state: isOver ? 'closed' : 'idle' };
}

async function settleItem(deps: Needed, session: PhoneSession, item: PhoneItem): Promise<void> {
  const done = (): Promise<void> => decidePhoneItem(deps.db, item.id, { state: 'done', code: null }, deps.now());
  if (await findCommand(deps.db, item.commandId)) return done();
  if (!(await isSignatureKept(deps.db, item.commandId))) return;
  const route = { documentId: item.documentId, attempt: item.attempt };
  const organisationId = session.organisationId ?? '';
  const by: Actor = session.personId
    ? { kind: 'member', personId: session.personId, organisationId, role: 'employee' }
    : { kind: 'guest', participantId: item.participantId, organisationId };
  const { participantId, commandId: signatureId } = item;
  const command: RouteCommand = { kind: 'sign', by, participantId, signatureId, at: deps.now().getTime() };
  const outcome = await sendToRoute(deps, route, item.commandId, command);
  switch (outcome.kind) {
    case 'done':
      return done();
    case 'refused':
      return decidePhoneItem(deps.db, item.id, { state: 'failed', code: outcome.code }, deps.now());
    case 'closed':
      return decidePhoneItem(deps.db, item.id, { state: 'failed', code: 'route.ended' }, deps.now());
    case 'unknown':
      return; // the next look learns it from the record
    case 'down':
      throw new Error('Temporal does not answer');
  }
}
