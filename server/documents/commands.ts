import type { Request } from 'express';
import { z } from 'zod';
import { isUlid } from '../../domain/ids';
import { decide, type RouteCommand } from '../../domain/routes/decide';
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
 * Sends one command to the route of a document. The record is the truth: a live route without a run gets one first, a run that refuses
 * what the record would allow reads the record, and a command that is stored is done whatever the run answers. All three happen when
 * worker and server die just after a command was stored.
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
  const page = await routeOfDocument(deps.db, route.documentId, route.attempt);
  if (outcome.kind === 'refused') {
    if (!page || !decide(page.route, command).ok) return outcome;
    deps.log.warn({ documentId: route.documentId, code: outcome.code }, 'a run was behind the record; it was told to read it');
    return deps.send.command(route, commandId, command, { isBehind: true });
  }
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
