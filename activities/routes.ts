import { ApplicationFailure } from '@temporalio/activity';
import type { Route } from '../domain/routes/route';
import { storeApplied, storeOpened } from '../services/routes/store';
import type { WorkerDeps } from '../services/worker-deps';
import { giveUpOn, unsentCommands } from '../storage/queries/mail';
import { routeOfDocument } from '../storage/queries/routes';
import type { Applied, ApplyRoute, OpenRoute } from '../workflows/contracts/route';

/** Activities that write a route: each is one transaction, harmless to repeat. */
export const routeActivities = (deps: WorkerDeps) => ({
  /** Sends a document: makes its route and asks the first stage. */
  openRoute: (input: OpenRoute): Promise<Applied> => storeOpened(deps, input),

  /** Stores one decided command. */
  applyRoute: (input: ApplyRoute): Promise<Applied> => storeApplied(deps, input),

  /** The stored state of a route, with the commands whose mails still wait; for a run started from the record. */
  loadRoute: async (input: { documentId: string; attempt: number }): Promise<{ route: Route; unsent: string[] }> => {
    const page = await routeOfDocument(deps.db, input.documentId, input.attempt);
    if (!page) throw ApplicationFailure.nonRetryable('no such route', 'RouteMissing');
    return { route: page.route, unsent: await unsentCommands(deps.db, page.route.id) };
  },

  /** Marks the mails of a command as failed once the patience has run out. */
  giveUpMails: async (input: { commandId: string }): Promise<void> => {
    await giveUpOn(deps.db, input.commandId, deps.now());
  },
});
