import { actorKey } from '../../domain/people/roles';
import { decide, type RouteCommand } from '../../domain/routes/decide';
import type { Outcome } from '../../integrations/temporal/send';
import { CommandUsed, isStored } from '../../storage/command';
import { routeOfDocument } from '../../storage/queries/routes';
import type { RouteSaved } from '../../workflows/contracts/route';
import type { WorkerDeps } from '../deps';

/**
 * Sends one command to the route of a document. The record is the truth: a live route without a run gets one first, a run that refuses
 * what the record would allow reads the record, and a command that is stored is done whatever the run answers. All three happen when
 * worker and server die just after a command was stored.
 */
export async function sendToRoute(
  deps: Pick<WorkerDeps, 'db' | 'send' | 'log'>,
  route: { documentId: string; attempt: number },
  commandId: string,
  command: RouteCommand,
): Promise<Outcome<RouteSaved>> {
  const of = { actor: actorKey(command.by), entityId: route.documentId };
  try {
    // Asked first: a run answers an id it has seen before with its first answer, whoever sends it.
    await isStored(deps.db, commandId, of);
  } catch (error) {
    if (error instanceof CommandUsed) return { kind: 'refused', code: 'command.used' };
    throw error;
  }
  const outcome = await deps.send.command(route, commandId, command);
  if (outcome.kind !== 'closed' && outcome.kind !== 'refused') return outcome;
  if (await isStored(deps.db, commandId, of)) return { kind: 'done', value: { routeId: '', rev: 0, state: 'active' } };
  const page = await routeOfDocument(deps.db, route.documentId, route.attempt);
  if (outcome.kind === 'refused') {
    if (!outcome.code.startsWith('route.') || !page || !decide(page.route, command).ok) return outcome;
    deps.log.warn({ documentId: route.documentId, code: outcome.code }, 'a run was behind the record; it was told to read it');
    return deps.send.command(route, commandId, command, { isBehind: true });
  }
  if (page?.route.state !== 'active') return { kind: 'refused', code: 'route.ended' };
  deps.log.warn({ documentId: route.documentId }, 'a live route had no run; it was started again from the record');
  await deps.send.resume(route);
  return deps.send.command(route, commandId, command);
}
