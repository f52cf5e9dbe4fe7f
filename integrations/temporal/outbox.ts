import type { Client } from '@temporalio/client';
import { outboxWakeName, outboxWorkflowId, outboxWorkflowName } from '../../workflows/contracts/outbox';
import { queues } from '../../workflows/contracts/queues';

/** Tells the sender of letters that something waits; a run is started when there is none. */
export const wakeOutbox = async (client: Client): Promise<void> => {
  await client.workflow.signalWithStart(outboxWorkflowName, {
    workflowId: outboxWorkflowId,
    taskQueue: queues.flow,
    signal: outboxWakeName,
    args: [],
  });
};
