import { condition, continueAsNew, defineSignal, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { groupNudgeName, type GroupStart } from './contracts/group';

export const groupNudge = defineSignal(groupNudgeName);

const io = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '3m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

/**
 * A group of documents answered together, until every document has its outcome or its time is over. The record is the truth and the
 * browser brings the signatures; this run answers what needs no key, finishes what a crash has left between a signature and its route,
 * and closes the group.
 */
export async function groupWorkflow(start: GroupStart): Promise<void> {
  const { groupId, expiresAt, policy } = start;
  let isNudged = false;
  setHandler(groupNudge, () => {
    isNudged = true;
  });
  for (;;) {
    isNudged = false;
    const { state } = await io.advanceGroup({ groupId });
    if (state === 'closed') return;
    if (workflowInfo().historyLength > policy.maxHistoryEvents) return continueAsNew<typeof groupWorkflow>(start);
    const waitMs = state === 'busy' ? policy.busyMs : Math.min(policy.idleMs, Math.max(policy.busyMs, expiresAt - Date.now()));
    await condition(() => isNudged, waitMs);
  }
}
