import type { Request } from 'express';
import { z } from 'zod';
import { isUlid } from '../../domain/ids';
import type { RouteCommand } from '../../domain/routes/decide';
import type { Outcome } from '../../integrations/temporal/send';
import { findCommand } from '../../storage/commands';
import { routeOfDocument } from '../../storage/queries/routes';
import type { RouteSaved } from '../../workflows/contracts';
import { Refusal, type WebDeps } from '../context';

/** The id every form carries; made with the form, so that the same click is the same intention however often it arrives. */
export const commandField = z.string().refine(isUlid);

/** The command id of a posted form; 400 when the form lost it. */
export function commandOf(req: Request): string {
  const given = (req.body as { command?: unknown } | undefined)?.command;
  if (!isUlid(given)) throw new Refusal('bad_request');
  return given;
}

/**
 * Sends one command to the route of a document; a route the record says is live but has no run is started again first. A command that is
 * stored is done whatever the run answers: it may have been stored just before worker and server died, and the run then knows only the
 * state it led to.
 */
export async function sendToRoute(
  deps: WebDeps,
  route: { documentId: string; attempt: number },
  commandId: string,
  command: RouteCommand,
): Promise<Outcome<RouteSaved>> {
  const outcome = await deps.send.command(route, commandId, command);
  if (outcome.kind !== 'closed' && outcome.kind !== 'refused') return outcome;
  if (await findCommand(deps.db, commandId)) return { kind: 'done', value: { routeId: '', rev: 0, state: 'active' } };
  if (outcome.kind === 'refused') return outcome;
  const page = await routeOfDocument(deps.db, route.documentId, route.attempt);
  if (page?.route.state !== 'active') return { kind: 'refused', code: 'route.ended' };
  deps.log.warn({ documentId: route.documentId }, 'a live route had no run; it was started again from the record');
  await deps.send.resume(route);
  return deps.send.command(route, commandId, command);
}

/** Turns an outcome into a value or a refusal; `pending` answers the request itself when the outcome is not known yet. */
export async function settle<T>(outcome: Outcome<T>, pending: () => Promise<void>): Promise<T | null> {
  switch (outcome.kind) {
    case 'done':
      return outcome.value;
    case 'refused':
      throw new Refusal(outcome.code);
    case 'closed':
      throw new Refusal('route.ended');
    case 'down':
      throw new Refusal('temporal_down');
    case 'unknown':
      await pending();
      return null;
  }
}
