import { Umzug, type UmzugStorage } from 'umzug';
import type { Db } from './db';
import { createPeople } from './migrations/0001-create-people';
import { createDocuments } from './migrations/0002-create-documents';
import { createRoutes } from './migrations/0003-create-routes';
import { createSignatures } from './migrations/0004-create-signatures';
import { createCommands } from './migrations/0005-create-commands';
import { createGroups } from './migrations/0006-create-groups';
import { createEvidence } from './migrations/0007-create-evidence';
import { createChallenges } from './migrations/0008-create-challenges';
import { createPhone } from './migrations/0009-create-phone';
import { separateIdentities } from './migrations/0010-separate-identities';
import { countUploads } from './migrations/0011-count-uploads';
import { keyAudit } from './migrations/0012-key-audit';
import type { SchemaFacts } from './migrations/lib';
import { execute, select, selectOne } from './sql';

/** One forward step of the schema. It may be run again after a crash: DDL commits by itself, so every statement must be repeatable. */
export type Migration = {
  name: string;
  up(sql: (statement: string) => Promise<void>, facts: SchemaFacts): Promise<void>;
  /** What wants more than statements, done once they have run; it must be repeatable too. */
  after?(db: Db): Promise<void>;
};

/** All migrations in order; a released one is never edited. */
export const migrations: readonly Migration[] = [
  createPeople,
  createDocuments,
  createRoutes,
  createSignatures,
  createCommands,
  createGroups,
  createEvidence,
  createChallenges,
  createPhone,
  separateIdentities,
  countUploads,
  keyAudit,
];

const lockName = 'kense-migrate';

class AppliedMigrations implements UmzugStorage<unknown> {
  constructor(private readonly db: Db) {}
  async logMigration({ name }: { name: string }): Promise<void> {
    await execute(this.db, 'INSERT INTO migrations (name, applied_at) VALUES (:name, UTC_TIMESTAMP(3))', { name });
  }
  unlogMigration(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
  async executed(): Promise<string[]> {
    const rows = await select<{ name: string }>(this.db, 'SELECT name FROM migrations ORDER BY name');
    return rows.map((row) => row.name);
  }
}

/** Reads the schema of the connected database. */
function schemaFacts(db: Db): SchemaFacts {
  const exists = async (
    what: 'COLUMNS' | 'STATISTICS',
    key: 'COLUMN_NAME' | 'INDEX_NAME',
    table: string,
    name: string,
  ): Promise<boolean> => {
    const found = await selectOne(
      db,
      `SELECT 1 FROM information_schema.${what} WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :table AND ${key} = :name LIMIT 1`,
      { table, name },
    );
    return found !== null;
  };
  return {
    hasColumn: (table, column) => exists('COLUMNS', 'COLUMN_NAME', table, column),
    hasIndex: (table, index) => exists('STATISTICS', 'INDEX_NAME', table, index),
  };
}

/**
 * Brings the schema to the newest version, or to the one named, and returns the names applied now. A named server lock keeps two migrators apart;
 * throws when another holds it for a minute.
 */
export async function migrate(db: Db, to?: string): Promise<string[]> {
  return db.connection().execute(async (held) => {
    const lock = await selectOne<{ got: number | null }>(held, 'SELECT GET_LOCK(:lockName, 60) AS got', { lockName });
    if (lock?.got !== 1) throw new Error('another process is migrating this database; try again when it has finished');
    try {
      await execute(db, 'CREATE TABLE IF NOT EXISTS migrations (name VARCHAR(100) NOT NULL PRIMARY KEY, applied_at DATETIME(3) NOT NULL)');
      const umzug = new Umzug({
        migrations: migrations.map((m) => ({
          name: m.name,
          up: async () => {
            await m.up((statement) => execute(db, statement), schemaFacts(db));
            await m.after?.(db);
          },
        })),
        storage: new AppliedMigrations(db),
        logger: undefined,
      });
      return (await umzug.up(to === undefined ? {} : { to })).map((m) => m.name);
    } finally {
      await selectOne(held, 'SELECT RELEASE_LOCK(:lockName)', { lockName });
    }
  });
}

/** Names of migrations the database still lacks; empty when it is current. */
export async function pendingMigrations(db: Db): Promise<string[]> {
  const applied = await new AppliedMigrations(db).executed().catch(() => [] as string[]);
  return migrations.map((m) => m.name).filter((name) => !applied.includes(name));
}
