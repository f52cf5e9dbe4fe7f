import { reasonOf } from '../domain/safe-error';
import { pendingMigrations } from '../storage/migrate';
import type { Deps } from './deps';
import { pingDatabase } from '../storage/db';

type Parts = Pick<Deps, 'db' | 'temporal' | 'objects'>;

/** What must answer before requests make sense, each with `ok` or the reason why it does not. */
export type Readiness = Record<'database' | 'schema' | 'temporal' | 'objects', string>;

export const isReady = (checks: Readiness): boolean => Object.values(checks).every((one) => one === 'ok');

/** How long each is waited for, milliseconds. */
const patienceMs = 2_000;

/** Asks database (with its schema), Temporal and the object store. Never rejects. */
export async function checkReadiness({ db, temporal, objects }: Parts): Promise<Readiness> {
  const within = (work: Promise<unknown>): Promise<string> =>
    Promise.race([
      work.then(
        () => 'ok',
        (error: unknown) => reasonOf(error).slice(0, 200),
      ),
      new Promise<string>((resolve) => setTimeout(() => resolve(`no answer in ${patienceMs / 1_000} s`), patienceMs).unref()),
    ]);
  const migrated = async (): Promise<void> => {
    const missing = await pendingMigrations(db);
    if (missing.length > 0) throw new Error(`migrations are pending: ${missing.join(', ')}`);
  };
  const [database, schema, served, stored] = await Promise.all([
    within(pingDatabase(db)),
    within(migrated()),
    within(temporal.connection.withDeadline(Date.now() + 1_500, () => temporal.connection.ensureConnected())),
    within(objects.ping()),
  ]);
  return { database, schema, temporal: served, objects: stored };
}

/** An answer is good for this long, milliseconds: however many ask, the parts are asked once at a time. */
const answerLifeMs = 500;

/**
 * What `/readyz` says to anybody: whether, and no more. Behind a proxy on the same computer everybody looks local, so the reasons go to
 * the log, whenever they change, and to `kense ready`.
 */
export function readinessGate(deps: Parts & Pick<Deps, 'log'>): () => Promise<boolean> {
  let told = '';
  let latest: Promise<boolean> | null = null;
  const ask = async (): Promise<boolean> => {
    const checks = await checkReadiness(deps);
    const ready = isReady(checks);
    const found = JSON.stringify(checks);
    if (found !== told && ready) deps.log.info('ready');
    if (found !== told && !ready) deps.log.warn({ checks }, 'not ready');
    told = found;
    return ready;
  };
  return () => {
    latest ??= ask().finally(() => setTimeout(() => (latest = null), answerLifeMs).unref());
    return latest;
  };
}
