import { deliverOutbox } from '../services/mail/outbox';
import type { WorkerDeps } from '../services/deps';
import { withPulse } from './pulse';

/** Activities that send what waits in the outbox. */
export const outboxActivities = (deps: WorkerDeps) => ({
  deliverOutbox: (): Promise<{ nextInMs: number | null }> => withPulse(() => deliverOutbox(deps)),
});
