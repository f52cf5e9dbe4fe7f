import type { WorkerDeps } from '../services/deps';
import { auditActivities } from './audit';
import { deriveActivities } from './derive';
import { directoryActivities } from './directory';
import { evidenceActivities } from './evidence';
import { groupActivities } from './groups';
import { mailActivities } from './mail';
import { outboxActivities } from './outbox';
import { phoneActivities } from './phone';
import { routeActivities } from './routes';
import { upkeepActivities } from './upkeep';

export type { WorkerDeps } from '../services/deps';

/** All activities under the names workflows and stored histories know; a name stays until no open run can call it. */
export const createActivities = (deps: WorkerDeps) => ({
  ...routeActivities(deps),
  ...mailActivities(deps),
  ...upkeepActivities(deps),
  ...deriveActivities(deps),
  ...evidenceActivities(deps),
  ...groupActivities(deps),
  ...phoneActivities(deps),
  ...directoryActivities(deps),
  ...outboxActivities(deps),
  ...auditActivities(deps),
});

export type Activities = ReturnType<typeof createActivities>;
