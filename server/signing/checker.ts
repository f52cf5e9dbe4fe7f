import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PkiSettings } from '../../integrations/pki/pki';
import { root } from '../root';
import type { CheckRequest, CheckResult } from './check-signature';

/** What a checking thread opens its tools with. */
export type CheckerSettings = { trustFiles: readonly string[]; policyFile: string | null; pki: PkiSettings };

export type SignatureChecker = {
  /** Checks a signature off the main thread. Rejects when the checker itself broke or took longer than a minute. */
  check(request: CheckRequest): Promise<CheckResult>;
  /** Starts the checking thread before it is needed: the first signature of the day need not wait for it. */
  start(): void;
  close(): Promise<void>;
};

const patienceMs = 60_000;
type Waiting = { resolve: (result: CheckResult) => void; reject: (error: Error) => void; timer: NodeJS.Timeout };

/** Starts the checking thread when first needed, and again should it ever die. Always runs the built program, also under a test runner. */
export function openSignatureChecker(settings: CheckerSettings): SignatureChecker {
  const program = path.join(root, 'dist', 'server', 'signing', 'checker-thread.js');
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  let next = 0;

  const failAll = (error: Error): void => {
    thread = null;
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    waiting.clear();
  };
  const start = (): Worker => {
    const started = new Worker(program, { workerData: settings });
    started.on('message', ({ id, result, failure }: { id: number; result?: CheckResult; failure?: string }) => {
      const one = waiting.get(id);
      if (!one) return;
      waiting.delete(id);
      clearTimeout(one.timer);
      if (result) one.resolve(result);
      else one.reject(new Error(failure ?? 'the signature checker gave no answer'));
    });
    started.on('error', failAll);
    started.on('exit', () => failAll(new Error('the signature checker stopped')));
    started.unref();
    return started;
  };

  return {
    check(request) {
      thread ??= start();
      const id = next++;
      const used = thread;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(id);
          void used.terminate();
          reject(new Error('the signature checker took too long'));
        }, patienceMs);
        waiting.set(id, { resolve, reject, timer });
        used.postMessage({ id, request });
      });
    },
    start() {
      thread ??= start();
    },
    async close() {
      await thread?.terminate();
    },
  };
}
