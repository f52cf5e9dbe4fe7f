import { newId } from './ids';
import { changes } from './sql';
import type { Db, Tx } from './db';

/** Messages that belong to no route. What they say is frozen when they are decided; delivery only renders it. */
export type OutboxTemplate = 'password-reset' | 'password-changed' | 'iin-elsewhere';
export type Letter = { template: OutboxTemplate; to: string; language: 'ru' | 'kk' | 'en'; data: Record<string, string | number | null> };
export type WaitingLetter = Letter & { id: string; attempts: number };

/** Queues letters in the transaction of what causes them. */
export async function queue(tx: Tx, letters: readonly Letter[], now: Date): Promise<void> {
  if (letters.length === 0) return;
  const rows = letters.map(({ template, to, language, data }) => ({
    id: newId(),
    template,
    recipient: to,
    language,
    data: JSON.stringify(data),
    state: 'queued' as const,
    createdAt: now,
    nextAt: now,
  }));
  await tx.insertInto('outbox').values(rows).execute();
}

/** Letters whose time has come, the oldest first, at most `limit`. */
export async function dueLetters(db: Db, now: Date, limit: number): Promise<WaitingLetter[]> {
  const rows = await db
    .selectFrom('outbox')
    .select(['id', 'template', 'recipient as to', 'language', 'data', 'attempts'])
    .where('nextAt', '<=', now)
    .orderBy('nextAt')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as Letter['data'] }));
}

/** When the next letter is due, or null when none waits. */
export async function nextDue(db: Db): Promise<Date | null> {
  const row = await db
    .selectFrom('outbox')
    .select((eb) => eb.fn.min('nextAt').as('at'))
    .where('nextAt', 'is not', null)
    .executeTakeFirst();
  return row?.at ?? null;
}

/** Notes how an attempt ended; `nextAt` null: nobody tries again. */
export const noteLetter = (
  db: Db,
  id: string,
  { state, reason, nextAt }: { state: 'retrying' | 'sent' | 'refused' | 'failed'; reason: string; nextAt: Date | null },
  now: Date,
): Promise<number> =>
  changes(
    db
      .updateTable('outbox')
      .set((eb) => ({
        state,
        attempts: eb('attempts', '+', 1),
        lastError: reason.slice(0, 500),
        nextAt,
        doneAt: nextAt === null ? now : null,
      }))
      .where('id', '=', id),
  );

/** Forgets letters that ended before an instant. */
export const sweepOutbox = (db: Db, before: Date): Promise<number> => changes(db.deleteFrom('outbox').where('doneAt', '<', before));
