import { deliverMails } from '../services/mail/deliver';
import type { WorkerDeps } from '../services/deps';
import { withPulse } from './pulse';

/** Activities that send mail. */
export const mailActivities = (deps: WorkerDeps) => ({
  deliverMails: (input: { commandId: string }): Promise<void> => withPulse(() => deliverMails(deps, input.commandId)),
});
