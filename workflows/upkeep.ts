import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

const io = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '10m',
  heartbeatTimeout: '1m',
  retry: { maximumAttempts: 3 },
});

/** Periodic housekeeping: objects of interrupted uploads, sessions long over, mails nobody sends any more. */
export async function upkeepWorkflow(): Promise<void> {
  await io.sweepUploads();
  await io.sweepSessions();
}
