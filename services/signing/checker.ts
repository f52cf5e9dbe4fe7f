import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { niceness } from '../isolation/priority';
import { root } from '../root';
import type { CheckRequest, CheckResult } from './check-signature';
import type { CheckerSettings } from './check-tools';
import { withoutKnown } from './lists';

export type SignatureChecker = {
  /**
   * Checks a signature off the main thread. One that is too costly to check is a result, not an error. Rejects when the checker itself
   * broke or no answer came within a minute.
   */
  check(request: CheckRequest): Promise<CheckResult>;
  /** Starts the checking threads before they are needed: the first signature of the day need not wait for them. */
  start(): void;
  close(): Promise<void>;
};

/**
 * What one check may take: time that its thread computes it, for people who sign and for whoever wants to sign in, and time in all. The
 * dearest signature of people takes a tenth of a second. Milliseconds.
 */
export type CheckerLimits = { signingMs: number; signInMs: number; patienceMs: number };
export const checkerLimits: CheckerLimits = { signingMs: 8_000, signInMs: 4_000, patienceMs: 60_000 };

/** How often the thread's word on what it computes is read. Milliseconds. */
const lookMs = 200;

/** JavaScript heap of a checking thread. MiB. */
const heapMib = 256;

/** A check that was under way in so many threads that ended is not tried in another one, unless it is known that it was not to blame. */
const triesAtMost = 2;

type Waiting = {
  request: CheckRequest;
  resolve: (result: CheckResult) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
  /** Looks at which this check was what the thread computed. */
  looks: number;
  /** Ends of threads it was under way in, without being known to be innocent. */
  suspicions: number;
};

/** The built program, also under a test runner. */
const usualProgram = path.join(root, 'dist', 'services', 'signing', 'checker-thread.js');

/** Signing and signing in are checked in a thread each, so that a stranger at the door never delays a person who signs. */
export function openSignatureChecker(
  settings: CheckerSettings,
  limits: CheckerLimits = checkerLimits,
  program = usualProgram,
): SignatureChecker {
  const lane = (workMs: number, nice: number): SignatureChecker =>
    openLane(program, settings, { workMs, patienceMs: limits.patienceMs }, nice);
  const people = lane(limits.signingMs, niceness.signing);
  const door = lane(limits.signInMs, niceness.signIn);
  return {
    check: (request) => (request.purpose === 'sign-in' ? door : people).check(request),
    start() {
      people.start();
      door.start();
    },
    async close() {
      await Promise.all([people.close(), door.close()]);
    },
  };
}

/**
 * One checking thread, started when first needed and again whenever it ends. A check that computes beyond its limit is ended with its
 * thread, and it alone: what else was under way goes on in a fresh one.
 */
function openLane(
  program: string,
  settings: CheckerSettings,
  { workMs, patienceMs }: { workMs: number; patienceMs: number },
  nice: number,
): SignatureChecker {
  const waiting = new Map<number, Waiting>();
  let thread: { worker: Worker; computing: Int32Array } | null = null;
  let watch: NodeJS.Timeout | null = null;
  let next = 1;

  const take = (id: number): Waiting | undefined => {
    const one = waiting.get(id);
    if (!one) return undefined;
    waiting.delete(id);
    clearTimeout(one.timer);
    return one;
  };

  const start = (): Worker => {
    const marker = new SharedArrayBuffer(4);
    const worker = new Worker(program, { workerData: { settings, marker, nice }, resourceLimits: { maxOldGenerationSizeMb: heapMib } });
    const started = { worker, computing: new Int32Array(marker) };
    thread = started;
    const over = (error: Error): void => {
      if (thread === started) resume(Atomics.load(started.computing, 0), error);
    };
    worker.on('message', ({ id, result, failure }: { id: number; result?: CheckResult; failure?: string }) => {
      const one = take(id);
      if (result) one?.resolve(result);
      else one?.reject(new Error(failure ?? 'the signature checker gave no answer'));
    });
    worker.on('error', over);
    worker.on('exit', () => over(new Error('the signature checker stopped')));
    worker.unref();
    return worker;
  };

  /** The thread is gone. The check it was computing is to blame; where none is known, each may have been. The others begin anew. */
  const resume = (offender: number, error: Error | null): void => {
    thread = null;
    const blamed = take(offender);
    blamed?.resolve({ ok: false, code: 'signing.too_costly' });
    for (const [id, one] of waiting) {
      if (!blamed && error && ++one.suspicions >= triesAtMost) {
        take(id)?.reject(error);
        continue;
      }
      one.looks = 0;
      send(id, one.request);
    }
  };

  /** Ends the thread that computes one check for too long; it need not be awaited any more by anybody. */
  const look = (): void => {
    if (waiting.size === 0 && watch && (!thread || Atomics.load(thread.computing, 0) === 0)) {
      clearInterval(watch);
      watch = null;
      return;
    }
    if (!thread) return;
    const id = Atomics.load(thread.computing, 0);
    const looks = id === 0 ? 0 : count(id);
    if (looks * lookMs < workMs) return;
    const { worker } = thread;
    lost.delete(id);
    resume(id, null);
    void worker.terminate();
  };

  /** Looks of checks that nobody waits for any more. */
  const lost = new Map<number, number>();
  const count = (id: number): number => {
    const one = waiting.get(id);
    if (one) return ++one.looks;
    const looks = (lost.get(id) ?? 0) + 1;
    lost.set(id, looks);
    return looks;
  };

  const send = (id: number, request: CheckRequest): void => {
    const worker = thread?.worker ?? start();
    worker.postMessage({ id, request: { ...request, lists: withoutKnown(worker, request.lists ?? []) } });
  };

  return {
    check(request) {
      const id = next++;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => take(id)?.reject(new Error('the signature checker took too long')), patienceMs);
        waiting.set(id, { request, resolve, reject, timer, looks: 0, suspicions: 0 });
        watch ??= setInterval(look, lookMs);
        watch.unref();
        send(id, request);
      });
    },
    start() {
      if (!thread) start();
    },
    async close() {
      if (watch) clearInterval(watch);
      const ending = thread?.worker;
      thread = null;
      await ending?.terminate();
      for (const id of [...waiting.keys()]) take(id)?.reject(new Error('the signature checker is closed'));
    },
  };
}
