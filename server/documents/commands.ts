import type { Request } from 'express';
import { z } from 'zod';
import { isUlid } from '../../domain/ids';
import { sendToRoute as sendWithRecord } from '../../activities/send-to-route';
import type { RouteCommand } from '../../domain/routes/decide';
import type { Outcome } from '../../integrations/temporal/send';
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

/** Sends one command to the route of a document, with what the record says in mind. */
export const sendToRoute = (
  deps: WebDeps,
  route: { documentId: string; attempt: number },
  commandId: string,
  command: RouteCommand,
): Promise<Outcome<RouteSaved>> =>
  sendWithRecord({ db: deps.db, send: deps.send, warn: (facts, text) => deps.log.warn(facts, text) }, route, commandId, command);

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
