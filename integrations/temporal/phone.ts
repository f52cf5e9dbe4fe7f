import { type Client, isGrpcServiceError } from '@temporalio/client';
import { phoneNudgeName, type PhonePolicy, type PhoneStart, phoneWorkflowId, phoneWorkflowName } from '../../workflows/contracts/phone';
import { queues } from '../../workflows/contracts/queues';

export const defaultPhonePolicy: PhonePolicy = { busyMs: 5_000 };

/** How long a nudge is tried, milliseconds. */
const deadlineMs = 5_000;

/** Tells phone sessions that their record has changed. */
export function phoneSender(client: Client, policy: PhonePolicy = defaultPhonePolicy) {
  return {
    /** Wakes the run of a session, starting it when there is none; false when Temporal cannot be reached. Repeating is harmless. */
    async nudge(session: { id: string; expiresAt: Date }): Promise<boolean> {
      const input: PhoneStart = { phoneId: session.id, expiresAt: session.expiresAt.getTime(), policy };
      try {
        await client.withDeadline(Date.now() + deadlineMs, () =>
          client.workflow.signalWithStart(phoneWorkflowName, {
            workflowId: phoneWorkflowId(session.id),
            taskQueue: queues.flow,
            args: [input],
            signal: phoneNudgeName,
            workflowIdReusePolicy: 'ALLOW_DUPLICATE', // the record is the truth: a run that comes late finds the session ended and ends
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

export type PhoneSender = ReturnType<typeof phoneSender>;
