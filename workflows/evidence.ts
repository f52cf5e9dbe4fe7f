import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { evidenceRetryName, type EvidenceStart } from './contracts/evidence';

/** A person asks for the next try now. */
export const evidenceRetry = defineSignal(evidenceRetryName);

const proof = proxyActivities<Activities>({
  taskQueue: 'heavy',
  startToCloseTimeout: '2m',
  heartbeatTimeout: '15s', // a look lost with its worker or with the server is taken again long before the two minutes
  retry: { initialInterval: '2s', maximumInterval: '5m', nonRetryableErrorTypes: ['CannotProve'] },
});

const mail = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '2m',
  heartbeatTimeout: '15s',
  scheduleToCloseTimeout: '3d',
  retry: { initialInterval: '2s', maximumInterval: '10m' },
});

/** Waits between tries, milliseconds; the last one repeats. An authority that is away is usually back soon, or not for hours. */
const waitsMs = [30_000, 120_000, 600_000, 3_600_000, 6 * 3_600_000] as const;

/**
 * Gathers the proof of one signature: revocation answers, time-stamp, the long-term form. "Cannot tell yet" is asked again until it is
 * final; after `patienceMs` the row says that nothing more can be had. Run once more, it renews a proof that is about to end.
 */
export async function evidenceWorkflow({ signatureId, patienceMs, waits }: EvidenceStart): Promise<void> {
  const plan = waits ?? waitsMs;
  let isAsked = false;
  setHandler(evidenceRetry, () => {
    isAsked = true;
  });
  const began = Date.now();
  for (let attempt = 0; ; attempt++) {
    const waitMs = plan[Math.min(attempt, plan.length - 1)] ?? 60_000;
    isAsked = false;
    const { isFinal, mailsOf } = await proof.gatherEvidence({ signatureId, waitMs, isLast: Date.now() - began > patienceMs });
    if (mailsOf) await mail.deliverMails({ commandId: mailsOf }).catch(() => mail.giveUpMails({ commandId: mailsOf }));
    if (isFinal) return;
    await condition(() => isAsked, waitMs);
  }
}
