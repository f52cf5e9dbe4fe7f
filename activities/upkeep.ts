import { heartbeat } from '@temporalio/activity';
import type { WorkerDeps } from '../services/worker-deps';
import { sweepOutbox } from '../storage/outbox';
import { sweepSignIns } from '../storage/queries/accounts';
import { sweepChallenges } from '../storage/queries/challenges';
import { forgetUpload, staleUploads } from '../storage/queries/documents';
import { routesWithForgottenMail } from '../storage/queries/mail';
import { sweepPhones } from '../storage/queries/phone';
import { sweepRateLimits, sweepSessions } from '../storage/queries/sessions';
import { withPulse } from './pulse';

/** An upload still running after this long has certainly been interrupted. Milliseconds. */
const uploadPatienceMs = 2 * 3_600_000;

/** A mail nobody has tried to send for this long has been forgotten with its run. Milliseconds. */
const mailPatienceMs = 10 * 60_000;

/** How long it is known which letters went out. */
const letterKeepMs = 30 * 86_400_000;

/** Housekeeping activities; each may be stopped and run again at any point. */
export const upkeepActivities = (deps: WorkerDeps) => ({
  /** Removes the objects of uploads that never became a file. */
  sweepUploads: (): Promise<{ removed: number }> => sweepUploads(deps, heartbeat),

  /** Forgets sessions that ended a month ago, texts nobody signed, uses of the phone long over, and failed sign-ins that no longer count. */
  sweepSessions: async (): Promise<void> => {
    await sweepSessions(deps.db, deps.now());
    await sweepChallenges(deps.db, deps.now());
    await sweepPhones(deps.db, deps.now());
    await sweepRateLimits(deps.db, deps.now());
    await sweepSignIns(deps.db, deps.now());
    await sweepOutbox(deps.db, new Date(deps.now().getTime() - letterKeepMs));
  },

  /** Has the letters sent that waited while Temporal was away. */
  wakeOutbox: (): Promise<void> => deps.wakeOutbox(),

  /** Has the routes of forgotten mails read their records: worker and server may have died just after a command was stored. */
  wakeForgottenRoutes: async (): Promise<{ woken: number }> => {
    const routes = await routesWithForgottenMail(deps.db, new Date(deps.now().getTime() - mailPatienceMs));
    await withPulse(async () => {
      for (const route of routes) await deps.send.look(route);
    });
    return { woken: routes.length };
  },
});

/** Removes objects of uploads begun long ago that never became a file, telling `progress` how many so far. */
export async function sweepUploads(
  deps: Pick<WorkerDeps, 'db' | 'objects' | 'now'>,
  progress: (removed: number) => void,
): Promise<{ removed: number }> {
  const before = new Date(deps.now().getTime() - uploadPatienceMs);
  let removed = 0;
  for (let page = await staleUploads(deps.db, before, 100); page.length > 0; page = await staleUploads(deps.db, before, 100)) {
    for (const { objectKey } of page) {
      await deps.objects.remove(objectKey);
      await forgetUpload(deps.db, objectKey);
      removed++;
      progress(removed);
    }
  }
  return { removed };
}
