import type { Client } from '@temporalio/client';
import { outboxWakeName, outboxWorkflowId, outboxWorkflowName, queues } from '../../workflows/contracts';

/** Tells the sender of letters that something waits; a run is started when there is none. */
export const wakeOutbox = async (client: Client): Promise<void> => {
  await client.workflow.signalWithStart(outboxWorkflowName, {
    workflowId: outboxWorkflowId,
    taskQueue: queues.flow,
    signal: outboxWakeName,
    args: [],
  });
};
