import type { ZodType } from 'zod';
import type { Db, Tx } from '../db';

/** Scope of settings that belong to the whole installation. */
export const installation = '0'.repeat(26);

/** A setting read through its schema; the schema's default when it was never saved or no longer fits. */
export async function readSetting<T>(db: Db, scope: string, name: string, schema: ZodType<T>, fallback: T): Promise<T> {
  const row = await db.selectFrom('settings').select('value').where('scope', '=', scope).where('name', '=', name).executeTakeFirst();
  const parsed = row ? schema.safeParse(JSON.parse(row.value)) : null;
  return parsed?.success ? parsed.data : fallback;
}

/** Saves a setting. */
export async function saveSetting(tx: Tx, scope: string, name: string, value: unknown, now: Date): Promise<void> {
  const saved = { value: JSON.stringify(value), updatedAt: now };
  await tx
    .insertInto('settings')
    .values({ scope, name, ...saved })
    .onDuplicateKeyUpdate(saved)
    .execute();
}
