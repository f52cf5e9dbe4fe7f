import { syncDirectory } from '../services/people/directory-sync';
import type { WorkerDeps } from '../services/deps';
import { withPulse } from './pulse';

/** Activities that follow the organisation's directory. */
export const directoryActivities = (deps: WorkerDeps) => ({
  /** Ends the memberships of people the directory no longer vouches for, in every organisation that has mapped its groups. */
  syncDirectory: (): Promise<void> => withPulse(() => syncDirectory(deps)),
});
