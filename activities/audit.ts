import { keepHeads, mailHeads, stampHeads } from '../services/audit/nightly';
import type { WorkerDeps } from '../services/deps';
import { withPulse } from './pulse';

/** Nightly activities that let nobody write the audit log anew, not even who writes the database. Each may be repeated at any point. */
export const auditActivities = (deps: WorkerDeps) => ({
  stampAuditHeads: (): Promise<{ stamped: number }> => stampHeads(deps),
  keepAuditHeads: (): Promise<{ isLocked: boolean }> => keepHeads(deps),
  mailAuditHeads: (): Promise<{ mailed: number }> => withPulse(() => mailHeads(deps)),
});
