import type { SecretKeys } from '../domain/secret-keys';
import type { Db } from './db';

// The keys lie beside the pool and each transaction on it, so that nobody who writes an entry has to carry them.
const keysOf = new WeakMap<Db, SecretKeys | null>();

/** Lets entries of the audit log be written and checked through this database or transaction; returns it. */
export function giveAuditKeys<Through extends Db>(db: Through, keys: SecretKeys | null): Through {
  keysOf.set(db, keys);
  return db;
}

/** The keys given to this database or transaction, or null. */
export const keysAtHand = (db: Db): SecretKeys | null => keysOf.get(db) ?? null;

/** The keys of the audit log; throws when the database was opened without. */
export function auditKeysOf(db: Db): SecretKeys {
  const keys = keysAtHand(db);
  if (!keys) throw new Error('this connection was opened without the keys of the audit log');
  return keys;
}
