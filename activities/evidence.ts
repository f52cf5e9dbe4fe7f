import { gatherEvidence, type Gathered, type GatherInput, lostEvidence } from '../services/evidence/gather';
import { listsOf } from '../services/evidence/lists';
import type { WorkerDeps } from '../services/deps';
import { withPulse } from './pulse';

/** Activities that make signatures provable for decades. Each may be stopped and run again at any point. */
export function evidenceActivities(deps: WorkerDeps) {
  const lists = listsOf(deps);
  return {
    gatherEvidence: (input: GatherInput): Promise<Gathered> => withPulse(() => gatherEvidence(deps, lists.read, input)),
    overdueEvidence: (): Promise<string[]> => lostEvidence(deps),
    refreshRevocationLists: (): Promise<{ fetched: number }> => lists.refresh(),
  };
}
