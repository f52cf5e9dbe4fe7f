import { heartbeat } from '@temporalio/activity';
import { forgetWhatIsOver, sweepUploads, wakeForgottenRoutes } from '../services/upkeep';
import type { WorkerDeps } from '../services/deps';
import { withPulse } from './pulse';

/** Housekeeping activities; each may be stopped and run again at any point. */
export const upkeepActivities = (deps: WorkerDeps) => ({
  sweepUploads: (): Promise<{ removed: number }> => sweepUploads(deps, heartbeat),
  sweepSessions: (): Promise<void> => forgetWhatIsOver(deps),
  /** Has the letters sent that waited while Temporal was away. */
  wakeOutbox: (): Promise<void> => deps.wakeOutbox(),
  wakeForgottenRoutes: (): Promise<{ woken: number }> => withPulse(() => wakeForgottenRoutes(deps)),
});
