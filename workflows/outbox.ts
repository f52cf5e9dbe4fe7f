import { condition, continueAsNew, defineSignal, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { type OutboxStart, outboxWakeName } from './contracts/outbox';

/** Something new waits. */
export const outboxWake = defineSignal(outboxWakeName);

const io = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '10m',
  heartbeatTimeout: '15s',
  retry: { initialInterval: '2s', maximumInterval: '1m' },
});

/** History length after which the sender goes on in a new run: while a mail server is away, letters may come for a day. */
const usualHistory = 5_000;

/** Sends what waits in the outbox, each letter until it has arrived or its patience is over. Ends when nothing waits; the next letter starts it again. */
export async function outboxWorkflow({ maxHistoryEvents = usualHistory }: OutboxStart = {}): Promise<void> {
  let isWoken = false;
  setHandler(outboxWake, () => {
    isWoken = true;
  });
  for (;;) {
    isWoken = false;
    const { nextInMs } = await io.deliverOutbox();
    if (isWoken) continue;
    if (nextInMs === null) return;
    // The new run looks at once, so that nothing that comes meanwhile is forgotten.
    if (workflowInfo().historyLength > maxHistoryEvents) await continueAsNew<typeof outboxWorkflow>({ maxHistoryEvents });
    await condition(() => isWoken, nextInMs);
  }
}
