import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { secretKeysOf } from '../../domain/secret-keys';
import { migrate } from '../../storage/migrate';
import { serverEnv } from './servers';
import { type Db, openDatabase } from '../../storage/db';

export interface TestDatabase {
  /** For KENSE_DATABASE_URL. */
  url: string;
  db: Db;
  /** Closes the pool and drops the database. */
  drop(): Promise<void>;
}

async function statement(sql: string): Promise<void> {
  const connection = await createConnection({ uri: serverEnv()['KENSE_DATABASE_URL']! });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

/** An empty database of its own, without tables: for tests of the migrations themselves. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await statement(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci`);
  const url = serverEnv()['KENSE_DATABASE_URL']!.replace(/\/kense$/, `/${name}`);
  const db = openDatabase({ url, poolMax: 10, keys: secretKeysOf(serverEnv()['KENSE_SECRET_KEY']!) });
  const drop = async () => {
    await db.destroy();
    await statement(`DROP DATABASE IF EXISTS ${name}`);
  };
  return { url, db, drop };
}

/** A database of its own for a test file, brought to the newest schema by the migrations. */
export async function freshDatabase(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  await migrate(database.db);
  return database;
}
