import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { phoneNudgeName, type PhoneStart } from './contracts/phone';

export const phoneNudge = defineSignal(phoneNudgeName);

const io = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

/**
 * One use of the phone, until it is signed, refused or over. The record is the truth and the phone brings the signatures; this run ends
 * the session in its time and finishes what a crash has left between a signature and its route.
 */
export async function phoneWorkflow({ phoneId, expiresAt, policy }: PhoneStart): Promise<void> {
  let isNudged = false;
  setHandler(phoneNudge, () => {
    isNudged = true;
  });
  for (;;) {
    isNudged = false;
    const { state } = await io.advancePhone({ phoneId });
    if (state === 'closed') return;
    const waitMs = state === 'busy' ? policy.busyMs : Math.max(policy.busyMs, expiresAt - Date.now());
    await condition(() => isNudged, waitMs);
  }
}
