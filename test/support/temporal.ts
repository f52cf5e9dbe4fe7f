import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { serverEnv } from './servers';

/** A namespace of its own: applications under test that use the same task queues do not take each other's work. */
export async function freshNamespace(): Promise<string> {
  const name = `t-${randomBytes(8).toString('hex')}`;
  const connection = await Connection.connect({ address: serverEnv()['KENSE_TEMPORAL_ADDRESS']! });
  try {
    await connection.workflowService.registerNamespace({ namespace: name, workflowExecutionRetentionPeriod: { seconds: 86_400 as never } });
    const deadline = Date.now() + 20_000;
    // The frontend learns of a new namespace with its next refresh.
    for (;;) {
      try {
        await connection.workflowService.listWorkflowExecutions({ namespace: name, pageSize: 1 });
        return name;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(50);
      }
    }
  } finally {
    await connection.close();
  }
}
