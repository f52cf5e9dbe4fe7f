import { readFileSync } from 'node:fs';
import { CamelCasePlugin, Kysely, MysqlDialect, type MysqlPoolConnection, type Transaction } from 'kysely';
import { createPool, type Pool, type PoolConnection } from 'mysql2';
import type { SecretKeys } from '../domain/secret-keys';
import { giveAuditKeys, keysAtHand } from './audit-keys';
import type { Schema } from './schema';
import { selectOne } from './sql';

/** The database, or a transaction on it: whoever only reads or writes takes either. */
export type Db = Kysely<Schema>;
/** A running transaction; the first argument of every function that must not be half done. */
export type Tx = Transaction<Schema>;
/** Runs work in one transaction, again from the start when the server rolled it back for reasons of concurrency. */
export type InTx = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

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
};

/**
 * How every session reads and keeps what it is sent, whatever the server's own settings are. Values are escaped by this process with
 * backslashes and in UTF-8: under NO_BACKSLASH_ESCAPES, or in a character set where a backslash can be half of a letter, a value would
 * end its string and become a statement. ANSI_QUOTES and PIPES_AS_CONCAT would change the meaning of statements.
 */
const sqlMode = 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
const charset = 'utf8mb4';

/** How long a query waits for a connection of the pool, milliseconds. */
const acquireMs = 10_000;

/** Opens the pool; nothing is sent before the first query. MariaDB ≥ 10.11 and MySQL ≥ 8.0 are both spoken to as `mysql`. */
export function openDatabase(options: DatabaseOptions): Db {
  const pool = createPool({
    uri: options.url,
    connectionLimit: options.poolMax,
    maxIdle: 0,
    idleTimeout: 10_000,
    connectTimeout: 5_000,
    timezone: 'Z',
    dateStrings: ['DATE'], // a civil date is no instant
    supportBigNumbers: true,
    charset,
    flags: ['-FOUND_ROWS'], // a row that is set to its present values was not changed
    ...(options.tls ? { ssl: readTls(options.tls) } : {}),
  });
  const prepared = new PreparedPool(pool);
  const db = new Kysely<Schema>({
    dialect: new MysqlDialect({ pool: prepared }),
    plugins: [new CamelCasePlugin()],
  });
  pools.set(db, prepared);
  if (options.keys) giveAuditKeys(db, options.keys);
  return db;
}

const pools = new WeakMap<Db, PreparedPool>();

/** The connections beneath a database, for a library that brings statements of its own. */
export function connectionsOf(db: Db): PreparedPool {
  const pool = pools.get(db);
  if (!pool) throw new Error('a transaction has no pool');
  return pool;
}

/** The driver's pool, whose connections are handed out only once their sessions read statements as we write them. */
class PreparedPool {
  private readonly ready = new WeakSet<PoolConnection>();
  constructor(private readonly pool: Pool) {}

  getConnection(done: (error: unknown, connection: MysqlPoolConnection & PoolConnection) => void): void {
    this.acquire().then(
      (connection) => done(null, connection as MysqlPoolConnection & PoolConnection),
      (error: unknown) => done(error, undefined as never),
    );
  }

  end(done: (error: unknown) => void): void {
    this.pool.end(done);
  }

  private async acquire(): Promise<PoolConnection> {
    const connection = await this.wait();
    if (this.ready.has(connection)) return connection;
    // Once for a connection, not once for a transaction: every round trip of a command is time somebody waits.
    await prepareSession(connection);
    this.ready.add(connection);
    return connection;
  }

  /** A connection of the pool; one that comes when nobody waits for it any more goes back. */
  private wait(): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        reject(Object.assign(new Error('no connection to the database became free'), { code: 'ETIMEDOUT' }));
      }, acquireMs);
      this.pool.getConnection((error, connection) => {
        clearTimeout(timer);
        if (error) return reject(error);
        return isLate ? connection.release() : resolve(connection);
      });
    });
  }
}

const readTls = ({ caFile, certFile, keyFile }: DatabaseTls): object => ({
  rejectUnauthorized: true,
  verifyIdentity: true,
  minVersion: 'TLSv1.2',
  ...(caFile ? { ca: readFileSync(caFile) } : {}),
  ...(certFile && keyFile ? { cert: readFileSync(certFile), key: readFileSync(keyFile) } : {}),
});

/** The server would read our statements in another way than we write them. */
export class UnsafeSession extends Error {}

/** Sets how the session reads statements and makes sure that it does; a connection where it does not is closed. */
async function prepareSession(connection: PoolConnection): Promise<void> {
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

/** Runs one statement on a raw connection of the driver; a server that took the connection and then says nothing is given up. */
const statement = (connection: PoolConnection, sql: string): Promise<unknown> =>
  new Promise((resolve, reject) =>
    connection.query({ sql, timeout: acquireMs }, (error: Error | null, rows: unknown) => (error ? reject(error) : resolve(rows))),
  );

/** Record changed under a snapshot (1020), lock wait timeout (1205), deadlock (1213): the whole transaction may be run again. */
const retryable = new Set([1020, 1205, 1213]);
const attempts = 6;

/** The server's number of an error, or undefined for an error of somebody else. */
export const errnoOf = (error: unknown): number | undefined => (error as { errno?: number } | null)?.errno;

/** True when a unique key refused an insert. */
export const isDuplicate = (error: unknown): boolean => errnoOf(error) === 1062;

/** Builds `inTx`: READ COMMITTED (set on each connection), retried with jitter. Repeating is safe because every command's id is a primary key. */
export function transactions(db: Db): InTx {
  return async (work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await db.transaction().execute((tx) => work(giveAuditKeys(tx, keysAtHand(db))));
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === undefined || !retryable.has(errno) || attempt === attempts) throw error;
        await new Promise((resolve) => setTimeout(resolve, attempt * 10 + Math.random() * 30));
      }
    }
  };
}

/** The server cannot be reached, does not let us in, or went away in the middle: the same may work again soon. */
export const isDatabaseAway = (error: unknown): boolean => {
  const { fatal, code } = (error ?? {}) as { fatal?: boolean; code?: string };
  return fatal === true || (code !== undefined && awayCodes.has(code));
};

const awayCodes = new Set([
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'EPIPE',
    'ENOTFOUND',
    'EHOSTUNREACH',
    'PROTOCOL_CONNECTION_LOST',
    'PROTOCOL_SEQUENCE_TIMEOUT',
  ],
  ...['ER_CON_COUNT_ERROR', 'ER_SERVER_SHUTDOWN', 'ER_ACCESS_DENIED_ERROR', 'ER_OPTION_PREVENTS_STATEMENT'],
]);

/** Refuses a database that would lose letters: its character set is asserted at start. */
export async function assertDatabase(db: Db): Promise<void> {
  const row = await selectOne<{ charset: string }>(db, 'SELECT @@character_set_database AS charset');
  if (row?.charset !== charset)
    throw new Error(
      `the database must use utf8mb4, it uses ${row?.charset}: CREATE DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci`,
    );
}

/** Rejects when the database does not answer. */
export async function pingDatabase(db: Db): Promise<void> {
  await selectOne(db, 'SELECT 1');
}
