import { type Client, isGrpcServiceError } from '@temporalio/client';
import { groupNudgeName, type GroupPolicy, type GroupStart, groupWorkflowId, groupWorkflowName } from '../../workflows/contracts/group';
import { queues } from '../../workflows/contracts/queues';

export const defaultGroupPolicy: GroupPolicy = { busyMs: 5_000, idleMs: 10 * 60_000, maxHistoryEvents: 2_000 };

/** How long a nudge is tried, milliseconds. */
const deadlineMs = 5_000;

/** Tells groups that their record has changed. */
export function groupSender(client: Client, policy: GroupPolicy = defaultGroupPolicy) {
  return {
    /** Wakes the run of a group, starting it when there is none; false when Temporal cannot be reached. Repeating is harmless. */
    async nudge(group: { id: string; expiresAt: Date }): Promise<boolean> {
      const input: GroupStart = { groupId: group.id, expiresAt: group.expiresAt.getTime(), policy };
      try {
        await client.withDeadline(Date.now() + deadlineMs, () =>
          client.workflow.signalWithStart(groupWorkflowName, {
            workflowId: groupWorkflowId(group.id),
            taskQueue: queues.flow,
            args: [input],
            signal: groupNudgeName,
            workflowIdReusePolicy: 'ALLOW_DUPLICATE', // the record is the truth: a run that comes late finds the group closed and ends
          }),
        );
        return true;
      } catch (error) {
        const cause = isGrpcServiceError(error) ? error : (error as Error).cause;
        if (isGrpcServiceError(cause) && [1, 4, 14].includes(Number(cause.code))) return false; // cancelled, too late, unavailable
        throw error;
      }
    },
  };
}

export type GroupSender = ReturnType<typeof groupSender>;
