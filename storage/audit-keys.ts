import type { Sequelize } from 'sequelize';
import type { SecretKeys } from '../domain/secret-keys';

// The keys lie beside the pool, so that nobody who writes an entry has to carry them, and nobody can write one without.
const keysOfPools = new WeakMap<Sequelize, SecretKeys>();

/** Lets entries of the audit log be written and checked through this pool. */
export function giveAuditKeys(db: Sequelize, keys: SecretKeys): void {
  keysOfPools.set(db, keys);
}

/** The keys of the audit log; throws when the pool was opened without. */
export function auditKeysOf(db: Sequelize): SecretKeys {
  const keys = keysOfPools.get(db);
  if (!keys) throw new Error('this connection was opened without the keys of the audit log');
  return keys;
}
