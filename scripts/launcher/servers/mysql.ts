import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PlainFailure } from '../failure';
import { installTree } from '../install';
import { cacheFolder } from '../programs';
import type { Server, ServerContext } from '../server';
import { checkDatabase, commonSettings, writeInitFile } from './mariadb';

const run = promisify(execFile);

// Debian's stable release has no MySQL server. The one of its unstable release is unpacked, with the libraries it was built for, into the
// cache and run from there by its own dynamic loader: nothing is installed.

interface MySql {
  program: string;
  /** What stands before the server's own arguments. */
  before: string[];
}

const treeFolder = (): string => path.join(cacheFolder(), 'mysql');

function fromTree(tree: string): MySql | null {
  const libraries = path.join(tree, 'usr/lib');
  if (!fs.existsSync(path.join(tree, 'usr/sbin/mysqld'))) return null;
  for (const folder of fs.readdirSync(libraries).filter((name) => name.endsWith('-linux-gnu'))) {
    const loader = fs.readdirSync(path.join(libraries, folder)).find((name) => /^ld-linux.*\.so/.test(name));
    if (!loader) continue;
    const share = path.join(tree, 'usr/share/mysql');
    return {
      program: path.join(libraries, folder, loader),
      before: [
        ...['--library-path', path.join(libraries, folder), path.join(tree, 'usr/sbin/mysqld'), '--no-defaults'],
        `--lc-messages-dir=${share}`,
        `--character-sets-dir=${path.join(share, 'charsets')}`,
        `--plugin-dir=${path.join(libraries, 'mysql/plugin')}`,
      ],
    };
  }
  return null;
}

/** The MySQL server to run: the one KENSE_MYSQLD names, else the unpacked one; null when there is none yet. */
function findMySql(): MySql | null {
  const explicit = process.env['KENSE_MYSQLD'];
  return explicit ? { program: explicit, before: ['--no-defaults'] } : fromTree(treeFolder());
}

/** Unpacks the server into the cache when it is not there (about a minute, root needed). */
export async function requireMySql(say: (line: string) => void): Promise<void> {
  if (!findMySql()) await installTree('mysql-server-core', 'sid', treeFolder(), say);
}

const dataFolder = ({ home }: ServerContext): string => path.join(home.data, 'mysql');

function settings(context: ServerContext): string[] {
  return [
    `--datadir=${dataFolder(context)}`,
    `--user=${os.userInfo().username}`,
    '--mysqlx=OFF',
    '--secure-file-priv=NULL',
    ...commonSettings(context),
  ];
}

/** A real MySQL for the suites (KENSE_TEST_DATABASE=mysql): the schema and every query must hold on it as on MariaDB. */
export const mysql: Server = {
  name: 'database',
  title: 'MySQL',
  waitingFor: 'a query to be answered',
  programs: [],
  portNames: ['database'],
  stopGraceMs: 20_000,

  async prepare(context) {
    writeInitFile(context);
    if (fs.existsSync(dataFolder(context))) return;
    const { program, before } = findMySql()!;
    const fresh = `${dataFolder(context)}.new`;
    fs.rmSync(fresh, { recursive: true, force: true });
    const quick = ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--skip-log-bin'];
    try {
      await run(program, [...before, '--initialize-insecure', `--datadir=${fresh}`, `--user=${os.userInfo().username}`, ...quick], {
        timeout: 180_000,
      });
    } catch (error) {
      throw new PlainFailure(
        `MySQL could not make its data: ${String((error as { stderr?: string }).stderr)
          .trim()
          .split('\n')
          .at(-1)}`,
      );
    }
    fs.renameSync(fresh, dataFolder(context));
  },

  launch(context) {
    const { program, before } = findMySql()!;
    return { program, args: [...before, ...settings(context)], marker: `--datadir=${dataFolder(context)} ` };
  },

  check: checkDatabase,
};
