import { readFileSync } from 'node:fs';
import { QueryTypes, Sequelize } from 'sequelize';
import type { SecretKeys } from '../domain/secret-keys';
import { giveAuditKeys } from './audit-keys';

/** PEM files of TLS to the database; null: the authorities of the system, no certificate of our own. */
export type DatabaseTls = { caFile: string | null; certFile: string | null; keyFile: string | null };

/**
 * Connection of this process: `url` is mysql://user:password@host:port/database, `poolMax` the most connections held at once. With `tls`
 * a server without it, or whose certificate does not name the host, is refused. `keys` seal the rows of the audit log.
 */
export type DatabaseOptions = {
  url: string;
  poolMax: number;
  tls?: DatabaseTls | null;
  keys?: SecretKeys;
  log?: (sql: string) => void;
};

/**
 * How every session reads and keeps what it is sent, whatever the server's own settings are. Values are escaped by this process with
 * backslashes and in UTF-8: under NO_BACKSLASH_ESCAPES, or in a character set where a backslash can be half of a letter, a value would
 * end its string and become a statement. ANSI_QUOTES and PIPES_AS_CONCAT would change the meaning of statements.
 */
const sqlMode = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
const charset = 'utf8mb4';

/** Opens the pool; nothing is sent before the first query. MariaDB ≥ 10.11 and MySQL ≥ 8.0 are both spoken to as `mysql`. */
export function openDatabase(options: DatabaseOptions): Sequelize {
  const db = new Sequelize(options.url, {
    dialect: 'mysql',
    timezone: '+00:00',
    logging: options.log ?? false,
    pool: { max: options.poolMax, min: 0, acquire: 10_000, idle: 10_000 },
    define: { timestamps: false, charset, collate: 'utf8mb4_unicode_520_ci' },
    dialectOptions: {
      connectTimeout: 5_000,
      supportBigNumbers: true,
      bigNumberStrings: false,
      multipleStatements: false,
      charset,
      ...(options.tls ? { ssl: readTls(options.tls) } : {}),
    },
  });
  if (options.keys) giveAuditKeys(db, options.keys);
  // Once for a connection, not once for a transaction: every round trip of a command is time somebody waits.
  db.addHook('afterConnect', (connection) => prepareSession(connection as RawConnection));
  return db;
}

const readTls = ({ caFile, certFile, keyFile }: DatabaseTls): object => ({
  rejectUnauthorized: true,
  verifyIdentity: true,
  minVersion: 'TLSv1.2',
  ...(caFile ? { ca: readFileSync(caFile) } : {}),
  ...(certFile && keyFile ? { cert: readFileSync(certFile), key: readFileSync(keyFile) } : {}),
});

/** A connection of the driver, before it is in the pool. */
type RawConnection = { query(sql: string, done: (error: Error | null, rows?: unknown) => void): void; destroy(): void };

/** The server would read our statements in another way than we write them. */
export class UnsafeSession extends Error {}

/** Sets how the session reads statements and makes sure that it does; a connection where it does not is closed. */
async function prepareSession(connection: RawConnection): Promise<void> {
  try {
    await statement(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await statement(connection, `SET SESSION sql_mode = '${sqlMode}'`);
    const [session] = (await statement(
      connection,
      'SELECT @@SESSION.sql_mode AS mode, @@SESSION.character_set_client AS client, @@SESSION.character_set_connection AS literals',
    )) as Session[];
    assertSession(session);
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

type Session = { mode: string; client: string; literals: string };

function assertSession(session: Session | undefined): void {
  const modes = session?.mode.split(',') ?? [];
  if (!session || sqlMode.split(',').some((mode) => !modes.includes(mode)) || modes.length !== sqlMode.split(',').length)
    throw new UnsafeSession(`the database does not keep the sql_mode it is given: it is "${session?.mode ?? ''}"`);
  if (session.client !== charset || session.literals !== charset)
    throw new UnsafeSession(
      `the database reads statements as ${session.client} and ${session.literals}, not as ${charset}: remove skip-character-set-client-handshake`,
    );
}

/** Runs one statement on a raw connection of the driver. */
const statement = (connection: RawConnection, sql: string): Promise<unknown> =>
  new Promise((resolve, reject) => connection.query(sql, (error, rows) => (error ? reject(error) : resolve(rows))));

/** Refuses a database that would lose letters: its character set is asserted at start. */
export async function assertDatabase(db: Sequelize): Promise<void> {
  const [row] = await db.query<{ charset: string }>('SELECT @@character_set_database AS charset', { type: QueryTypes.SELECT });
  if (row?.charset !== charset)
    throw new Error(
      `the database must use utf8mb4, it uses ${row?.charset}: CREATE DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci`,
    );
}

/** Rejects when the database does not answer. */
export async function pingDatabase(db: Sequelize): Promise<void> {
  await db.query('SELECT 1', { type: QueryTypes.SELECT });
}
