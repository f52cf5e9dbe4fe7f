import { loadStored, storeApplied, storeOpened, type StoredRoute } from '../services/routes/store';
import { giveUpMails } from '../services/mail/deliver';
import type { WorkerDeps } from '../services/deps';
import type { Applied, ApplyRoute, OpenRoute } from '../workflows/contracts/route';

/** Activities that write a route: each is one transaction, harmless to repeat. */
export const routeActivities = (deps: WorkerDeps) => ({
  openRoute: (input: OpenRoute): Promise<Applied> => storeOpened(deps, input),
  applyRoute: (input: ApplyRoute): Promise<Applied> => storeApplied(deps, input),
  loadRoute: (input: { documentId: string; attempt: number }): Promise<StoredRoute> => loadStored(deps, input),
  giveUpMails: (input: { commandId: string }): Promise<void> => giveUpMails(deps, input.commandId),
});
