import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { DeriveStart } from './contracts';

const heavy = proxyActivities<Activities>({
  taskQueue: 'heavy',
  startToCloseTimeout: '5m',
  retry: { initialInterval: '1s', maximumAttempts: 4, nonRetryableErrorTypes: ['CannotDerive'] },
});

/** Makes one derived file (the PDF with its sheet of signatures) and stores it under its key; the key is the workflow's identity. */
export async function deriveWorkflow(start: DeriveStart): Promise<void> {
  await heavy.makeSignedPdf(start);
}
