import { sweepOutbox } from '../storage/outbox';
import { sweepSignIns } from '../storage/queries/accounts';
import { sweepChallenges } from '../storage/queries/challenges';
import { forgetUpload, staleUploads } from '../storage/queries/documents';
import { routesWithForgottenMail } from '../storage/queries/mail';
import { sweepPhones } from '../storage/queries/phone';
import { sweepRateLimits, sweepSessions } from '../storage/queries/sessions';
import type { WorkerDeps } from './deps';

/** An upload still running after this long has certainly been interrupted. Milliseconds. */
const uploadPatienceMs = 2 * 3_600_000;

/** A mail nobody has tried to send for this long has been forgotten with its run. Milliseconds. */
const mailPatienceMs = 10 * 60_000;

/** How long it is known which letters went out. Milliseconds. */
const letterKeepMs = 30 * 86_400_000;

/** Forgets sessions that ended a month ago, texts nobody signed, uses of the phone long over, failed sign-ins that no longer count. */
export async function forgetWhatIsOver({ db, now }: Pick<WorkerDeps, 'db' | 'now'>): Promise<void> {
  await sweepSessions(db, now());
  await sweepChallenges(db, now());
  await sweepPhones(db, now());
  await sweepRateLimits(db, now());
  await sweepSignIns(db, now());
  await sweepOutbox(db, new Date(now().getTime() - letterKeepMs));
}

/** Has the routes of forgotten mails read their records: worker and server may have died just after a command was stored. */
export async function wakeForgottenRoutes({ db, now, send }: Pick<WorkerDeps, 'db' | 'now' | 'send'>): Promise<{ woken: number }> {
  const routes = await routesWithForgottenMail(db, new Date(now().getTime() - mailPatienceMs));
  for (const route of routes) await send.look(route);
  return { woken: routes.length };
}

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
