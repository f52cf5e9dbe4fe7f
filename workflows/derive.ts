import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { DeriveStart } from './contracts/derive';

const heavy = proxyActivities<Activities>({
  taskQueue: 'heavy',
  startToCloseTimeout: '5m',
  retry: { initialInterval: '1s', maximumAttempts: 4, nonRetryableErrorTypes: ['CannotDerive'] },
});

/** Makes one derived file (the PDF with its sheet of signatures, or the card) and stores it under its key; the key is the workflow's identity. */
export async function deriveWorkflow(start: DeriveStart): Promise<void> {
  // runs started before there were cards have no `card`, and replay as they ran
  await (start.card ? heavy.makeCard(start) : heavy.makeSignedPdf(start));
}
