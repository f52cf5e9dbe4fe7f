import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { isDiskFull, PlainFailure } from '../failure';
import { writePrivate } from '../home';
import type { Server, ServerContext } from '../server';

const run = promisify(execFile);

const dataFolder = ({ home }: ServerContext) => path.join(home.data, 'mariadb');
const initFile = ({ home }: ServerContext) => path.join(home.run, 'mariadb-init.sql');

/** mysql:// address of the application's database in this home. */
export function databaseUrl({ secrets, ports }: ServerContext, database = 'kense'): string {
  return `mysql://kense:${secrets.database}@127.0.0.1:${ports['database']}/${database}`;
}

/** Statements run at every start before the first connection is let in: no moment passes with an open root account. */
function initSql({ secrets, throwAway }: ServerContext): string {
  // The suites make a database for each test file, so there the account reaches all of them.
  const scope = throwAway ? '*.*' : 'kense.*';
  return [
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${secrets.databaseRoot}';`,
    'CREATE DATABASE IF NOT EXISTS kense CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;',
    `CREATE USER IF NOT EXISTS 'kense'@'127.0.0.1' IDENTIFIED BY '${secrets.database}';`,
    `ALTER USER 'kense'@'127.0.0.1' IDENTIFIED BY '${secrets.database}';`,
    `GRANT ALL PRIVILEGES ON ${scope} TO 'kense'@'127.0.0.1';`,
    '',
  ].join('\n');
}

/** Where a server keeps its temporary tables: what starts later in the same folder removes them as leftovers of its own. */
const temporaryFolder = ({ home }: ServerContext) => path.join(home.run, 'tmp');

/** Settings shared by MariaDB and MySQL; relative paths are taken from the data folder, whose own may be too long for a socket. */
export function commonSettings(context: ServerContext): string[] {
  const durability = context.throwAway ? ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0'] : [];
  return [
    '--bind-address=127.0.0.1',
    `--port=${context.ports['database']}`,
    '--socket=server.sock',
    '--pid-file=server.pid',
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_unicode_520_ci',
    '--default-time-zone=+00:00',
    '--skip-name-resolve',
    '--skip-log-bin',
    '--innodb-buffer-pool-size=96M',
    '--max-connections=200',
    '--table-open-cache=400',
    '--performance-schema=OFF',
    `--init-file=${initFile(context)}`,
    `--tmpdir=${temporaryFolder(context)}`,
    ...durability,
  ];
}

/** Writes what a start needs beside the data. */
export function writeInitFile(context: ServerContext): void {
  fs.mkdirSync(temporaryFolder(context), { recursive: true, mode: 0o700 });
  writePrivate(initFile(context), initSql(context));
}

/** One query through the application's own account. */
export async function checkDatabase(context: ServerContext): Promise<void> {
  const connection = await createConnection({ uri: databaseUrl(context), connectTimeout: 2_000 });
  try {
    await connection.query('SELECT 1');
  } finally {
    await connection.end();
  }
}

/** The lines of a program's output that say what went wrong, else the last one. */
function errorsIn(output: string): string {
  const lines = output.trim().split('\n');
  const errors = lines.filter((line) => /error/i.test(line));
  return (errors.length > 0 ? errors : lines.slice(-1)).slice(0, 3).join('; ');
}

export const mariadb: Server = {
  name: 'database',
  title: 'MariaDB',
  waitingFor: 'a query to be answered',
  programs: ['mariadbd', 'mariadbInstallDb'],
  portNames: ['database'],
  stopGraceMs: 20_000,

  async prepare(context) {
    writeInitFile(context);
    const data = dataFolder(context);
    if (fs.existsSync(data)) return;
    const fresh = `${data}.new`;
    fs.rmSync(fresh, { recursive: true, force: true });
    const args = [
      '--no-defaults',
      `--datadir=${fresh}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      `--user=${os.userInfo().username}`,
    ];
    if (context.throwAway) args.push('--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0');
    try {
      const env = { ...process.env, TMPDIR: temporaryFolder(context) };
      await run(context.programs.get('mariadbInstallDb')!, args, { timeout: 120_000, env });
    } catch (error) {
      const output = String((error as { stdout?: string }).stdout ?? '') + String((error as { stderr?: string }).stderr ?? '');
      if (isDiskFull(context.home.root, output))
        throw new PlainFailure('MariaDB could not make its data: the disk is full; free some space and start again.');
      throw new PlainFailure(`MariaDB could not make its data: ${errorsIn(output) || (error as Error).message}`);
    }
    fs.renameSync(fresh, data);
  },

  launch(context) {
    const data = dataFolder(context);
    const args = [
      '--no-defaults',
      `--datadir=${data}`,
      `--user=${os.userInfo().username}`,
      ...commonSettings(context),
      '--innodb-log-file-size=48M',
      '--aria-pagecache-buffer-size=8M',
      '--key-buffer-size=1M',
    ];
    return { program: context.programs.get('mariadbd')!, args, marker: `--datadir=${data} ` };
  },

  check: checkDatabase,
};
