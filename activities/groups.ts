import { heartbeat } from '@temporalio/activity';
import { advanceGroup } from '../services/groups/advance';
import type { WorkerDeps } from '../services/deps';
import type { GroupLook } from '../workflows/contracts/group';

/** What a group needs done without its person's browser. */
export const groupActivities = (deps: WorkerDeps) => ({
  advanceGroup: (input: { groupId: string }): Promise<GroupLook> => advanceGroup(deps, input.groupId, heartbeat),
});
