import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

const io = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '10m',
  heartbeatTimeout: '1m',
  scheduleToCloseTimeout: '50m', // the next hour asks again
  retry: { initialInterval: '10s', maximumInterval: '10m' },
});

/** Every hour: who has left the directory, or was switched off in it, leaves Kense too. */
export async function directorySyncWorkflow(): Promise<void> {
  await io.syncDirectory();
}
