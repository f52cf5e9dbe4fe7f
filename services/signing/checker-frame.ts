import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { printError } from '../../domain/safe-error';
import { takePlace } from '../isolation/priority';
import type { CheckRequest, CheckResult } from './check-signature';
import type { CheckerSettings } from './check-tools';

/**
 * Serves checks in a thread. Many are under way at once, most of them waiting for responders; the number of the one that computes is
 * written down for the thread outside, which cannot ask a thread that is busy.
 */
export function serveChecks(open: (settings: CheckerSettings) => (request: CheckRequest) => Promise<CheckResult>): void {
  const { settings, marker, nice } = workerData as { settings: CheckerSettings; marker: SharedArrayBuffer; nice: number };
  takePlace(nice);
  const check = open(settings);
  const computing = new Int32Array(marker);
  const current = new AsyncLocalStorage<number>();
  createHook({
    before: () => void Atomics.store(computing, 0, current.getStore() ?? 0),
    after: () => void Atomics.store(computing, 0, 0),
  }).enable();
  parentPort?.on('message', ({ id, request }: { id: number; request: CheckRequest }) => {
    current.run(id, () => {
      Atomics.store(computing, 0, id);
      check(request).then(
        (result) => parentPort?.postMessage({ id, result }),
        (error: unknown) => parentPort?.postMessage({ id, failure: printError(error) }),
      );
    });
  });
}
