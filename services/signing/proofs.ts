import type { Logger } from 'pino';
import { reasonOf } from '../../domain/safe-error';
import type { evidenceSender } from '../../integrations/temporal/evidence';

/** Has the proofs of accepted signatures gathered. */
export type Proofs = {
  /** Starts gathering the proof of a signature in a moment. */
  later(signatureId: string): void;
  /** Starts what is still waiting at once. */
  flush(): Promise<void>;
};

/** Runs started at a time. */
const parallel = 4;

/**
 * Starts the gathering of proofs `delayMs` after the signatures came, so that a batch being signed has the machine for itself. The record
 * knows of every proof that is due: one that this process never starts, because it died or Temporal was away, housekeeping starts.
 */
export function openProofs(sender: ReturnType<typeof evidenceSender>, delayMs: number, log: Pick<Logger, 'warn'>): Proofs {
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    timer = null;
    const ids = [...waiting];
    waiting.clear();
    const lane = async (): Promise<void> => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        await sender
          .resume(id)
          .catch((error: unknown) => log.warn({ signatureId: id, reason: reasonOf(error) }, 'a proof could not be started'));
      }
    };
    await Promise.all(Array.from({ length: parallel }, lane));
  };

  return {
    later(signatureId) {
      waiting.add(signatureId);
      timer ??= setTimeout(() => {
        running = start();
      }, delayMs).unref();
    },
    async flush() {
      if (timer) clearTimeout(timer);
      await running;
      await start();
    },
  };
}
