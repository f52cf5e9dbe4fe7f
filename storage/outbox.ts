import { newId } from './ids';
import { change, insert, select } from './sql';
import type { Db, Tx } from './db';

/** Messages that belong to no route. What they say is frozen when they are decided; delivery only renders it. */
export type OutboxTemplate = 'password-reset' | 'password-changed' | 'iin-elsewhere';
export type Letter = { template: OutboxTemplate; to: string; language: 'ru' | 'kk' | 'en'; data: Record<string, string | number | null> };
export type WaitingLetter = Letter & { id: string; attempts: number };

/** Queues letters in the transaction of what causes them. */
export const queue = (tx: Tx, letters: readonly Letter[], now: Date): Promise<void> =>
  insert(
    tx,
    'outbox',
    letters.map(({ template, to, language, data }) => ({
      id: newId(),
      template,
      recipient: to,
      language,
      data: JSON.stringify(data),
      state: 'queued',
      created_at: now,
      next_at: now,
    })),
  );

/** Letters whose time has come, the oldest first, at most `limit`. */
export async function dueLetters(db: Db, now: Date, limit: number): Promise<WaitingLetter[]> {
  const rows = await select<{
    id: string;
    template: OutboxTemplate;
    to: string;
    language: 'ru' | 'kk' | 'en';
    data: string;
    attempts: number;
  }>(
    db,
    `SELECT id, template, recipient AS \`to\`, language, data, attempts FROM outbox
      WHERE next_at <= :now ORDER BY next_at, id LIMIT :limit`,
    { now, limit },
  );
  return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as Letter['data'] }));
}

/** When the next letter is due, or null when none waits. */
export async function nextDue(db: Db): Promise<Date | null> {
  const [row] = await select<{ at: Date | null }>(db, 'SELECT MIN(next_at) AS at FROM outbox WHERE next_at IS NOT NULL');
  return row?.at ?? null;
}

/** Notes how an attempt ended; `nextAt` null: nobody tries again. */
export const noteLetter = (
  db: Db,
  id: string,
  outcome: { state: 'retrying' | 'sent' | 'refused' | 'failed'; reason: string; nextAt: Date | null },
  now: Date,
): Promise<number> =>
  change(
    db,
    `UPDATE outbox SET state = :state, attempts = attempts + 1, last_error = :reason, next_at = :nextAt,
            done_at = IF(:nextAt IS NULL, :now, NULL) WHERE id = :id`,
    { id, ...outcome, reason: outcome.reason.slice(0, 500), now },
  );

/** Forgets letters that ended before an instant. */
export const sweepOutbox = (db: Db, before: Date): Promise<number> => change(db, 'DELETE FROM outbox WHERE done_at < :before', { before });
