import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { outboxWakeName } from './contracts';

/** Something new waits. */
export const outboxWake = defineSignal(outboxWakeName);

const io = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '10m',
  heartbeatTimeout: '15s',
  retry: { initialInterval: '2s', maximumInterval: '1m' },
});

/** Sends what waits in the outbox, each letter until it has arrived or its patience is over. Ends when nothing waits; the next letter starts it again. */
export async function outboxWorkflow(): Promise<void> {
  let isWoken = false;
  setHandler(outboxWake, () => {
    isWoken = true;
  });
  for (;;) {
    isWoken = false;
    const { nextInMs } = await io.deliverOutbox();
    if (isWoken) continue;
    if (nextInMs === null) return;
    await condition(() => isWoken, nextInMs);
  }
}
