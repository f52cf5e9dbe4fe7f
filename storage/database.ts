import { QueryTypes, Sequelize } from 'sequelize';

/** Connection of this process: `url` is mysql://user:password@host:port/database, `poolMax` the most connections held at once. */
export type DatabaseOptions = { url: string; poolMax: number; log?: (sql: string) => void };

/** Opens the pool; nothing is sent before the first query. MariaDB ≥ 10.11 and MySQL ≥ 8.0 are both spoken to as `mysql`. */
export function openDatabase(options: DatabaseOptions): Sequelize {
  const db = new Sequelize(options.url, {
    dialect: 'mysql',
    timezone: '+00:00',
    logging: options.log ?? false,
    pool: { max: options.poolMax, min: 0, acquire: 10_000, idle: 10_000 },
    define: { timestamps: false, charset: 'utf8mb4', collate: 'utf8mb4_unicode_520_ci' },
    dialectOptions: {
      connectTimeout: 5_000,
      supportBigNumbers: true,
      bigNumberStrings: false,
      multipleStatements: false,
      charset: 'utf8mb4',
    },
  });
  // Once for a connection, not once for a transaction: every round trip of a command is time somebody waits.
  db.addHook('afterConnect', (connection) => statement(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'));
  return db;
}

/** Runs one statement on a raw connection of the driver. */
const statement = (connection: unknown, sql: string): Promise<void> =>
  new Promise((resolve, reject) => {
    (connection as { query(sql: string, done: (error: Error | null) => void): void }).query(sql, (error) =>
      error ? reject(error) : resolve(),
    );
  });

/** Refuses a server that would change data silently: strict mode and the expected default collation are asserted at start. */
export async function assertDatabase(db: Sequelize): Promise<void> {
  const [row] = await db.query<{ mode: string; charset: string }>('SELECT @@sql_mode AS mode, @@character_set_database AS charset', {
    type: QueryTypes.SELECT,
  });
  if (!row?.mode.includes('STRICT_TRANS_TABLES') && !row?.mode.includes('STRICT_ALL_TABLES')) {
    throw new Error(`the database's sql_mode must hold STRICT_TRANS_TABLES, it is "${row?.mode ?? ''}"`);
  }
  if (row.charset !== 'utf8mb4')
    throw new Error(
      `the database must use utf8mb4, it uses ${row.charset}: CREATE DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci`,
    );
}
