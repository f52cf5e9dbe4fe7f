import type { RouteCommand } from '../../domain/routes/decide';
import type { Outcome } from '../../integrations/temporal/send';
import type { RouteSaved } from '../../workflows/contracts/route';
import type { Deps } from '../deps';
import { sendToRoute as sendWithRecord } from './send';

/** Sends one command to the route of a document, with what the record says in mind. */
export const sendToRoute = (
  deps: Deps,
  route: { documentId: string; attempt: number },
  commandId: string,
  command: RouteCommand,
): Promise<Outcome<RouteSaved>> =>
  sendWithRecord({ db: deps.db, send: deps.send, warn: (facts, text) => deps.log.warn(facts, text) }, route, commandId, command);
