import { patched, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { startEvidence } from './lib/evidence';

const io = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '10m',
  heartbeatTimeout: '1m',
  retry: { maximumAttempts: 3 },
});

/** The authority may be away for hours; the next day's stamp covers what this one missed. */
const stamping = proxyActivities<Activities>({
  taskQueue: 'io',
  startToCloseTimeout: '10m',
  scheduleToCloseTimeout: '20h',
  retry: { initialInterval: '30s', maximumInterval: '30m' },
});

/**
 * Periodic housekeeping: objects of interrupted uploads, sessions long over, revocation lists grown old, proofs whose run was lost or
 * that are to be renewed, mails forgotten with their run.
 */
export async function upkeepWorkflow(): Promise<void> {
  await io.sweepUploads();
  await io.sweepSessions();
  if (!patched('evidence')) return;
  await io.refreshRevocationLists();
  for (const signatureId of await io.overdueEvidence()) await startEvidence(signatureId);
  if (patched('forgotten-mail')) await io.wakeForgottenRoutes();
  if (patched('outbox')) await io.wakeOutbox();
}

/**
 * Once a day: the head of every audit log is time-stamped, kept in the object store and mailed to the owners, so that nobody can write
 * yesterday anew. One way that is closed for the night does not hold up the others.
 */
export async function auditStampWorkflow(): Promise<void> {
  if (!patched('heads-away')) return void (await stamping.stampAuditHeads());
  const ways = await Promise.allSettled([stamping.stampAuditHeads(), stamping.keepAuditHeads(), stamping.mailAuditHeads()]);
  for (const way of ways) if (way.status === 'rejected') throw way.reason;
}
