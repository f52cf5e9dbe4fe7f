import type { Sequelize, Transaction } from 'sequelize';

/** A running transaction; the first argument of every function that writes. */
export type Tx = Transaction;
/** Runs work in one transaction, again from the start when the server rolled it back for reasons of concurrency. */
export type InTx = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

/** Record changed under a snapshot (1020), lock wait timeout (1205), deadlock (1213): the whole transaction may be run again. */
const retryable = new Set([1020, 1205, 1213]);
const attempts = 6;

const errnoOf = (error: unknown): number | undefined => (error as { original?: { errno?: number } } | null)?.original?.errno;

/** True when a unique key refused an insert. */
export const isDuplicate = (error: unknown): boolean => errnoOf(error) === 1062;

/** Builds `inTx`: READ COMMITTED (set on each connection), retried with jitter. Repeating is safe because every command's id is a primary key. */
export function transactions(db: Sequelize): InTx {
  return async (work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await db.transaction(work);
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === undefined || !retryable.has(errno) || attempt === attempts) throw error;
        await new Promise((resolve) => setTimeout(resolve, attempt * 10 + Math.random() * 30));
      }
    }
  };
}
