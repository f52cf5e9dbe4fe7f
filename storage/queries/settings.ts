import type { ZodType } from 'zod';
import { execute, selectOne } from '../sql';
import type { Db, Tx } from '../db';

/** Scope of settings that belong to the whole installation. */
export const installation = '0'.repeat(26);

/** A setting read through its schema; the schema's default when it was never saved or no longer fits. */
export async function readSetting<T>(db: Db, scope: string, name: string, schema: ZodType<T>, fallback: T): Promise<T> {
  const row = await selectOne<{ value: string }>(db, 'SELECT value FROM settings WHERE scope = :scope AND name = :name', { scope, name });
  const parsed = row ? schema.safeParse(JSON.parse(row.value)) : null;
  return parsed?.success ? parsed.data : fallback;
}

/** Saves a setting. */
export async function saveSetting(tx: Tx, scope: string, name: string, value: unknown, now: Date): Promise<void> {
  await execute(
    tx,
    'INSERT INTO settings (scope, name, value, updated_at) VALUES (:scope, :name, :value, :now) ON DUPLICATE KEY UPDATE value = VALUES(value), updated_at = VALUES(updated_at)',
    { scope, name, value: JSON.stringify(value), now },
  );
}
