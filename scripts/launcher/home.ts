import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PlainFailure } from './failure';

/** The folder one installation of the launcher lives in: data, logs, pid files, secrets. */
export interface Home {
  root: string;
  data: string;
  logs: string;
  run: string;
  tls: string;
  keys: string;
  mail: string;
}

/** Passwords and keys of one home, made once. */
export interface Secrets {
  databaseRoot: string;
  database: string;
  objectStore: string;
  directoryAdmin: string;
  directoryReader: string;
  /** 32 bytes as 64 hex digits: encrypts payloads and signs cookies. */
  application: string;
}

/** Everything the launcher puts into a home; starting over removes these and nothing else. */
export const homeContents = [
  'data',
  'logs',
  'run',
  'tls',
  'keys',
  'mail',
  'secrets.json',
  'ports.json',
  'servers.json',
  'demo.json',
] as const;

const minimumFreeBytes = 700 * 1024 * 1024;

/** The folder of the checkout, the same from sources and from dist/. */
export function repositoryRoot(): string {
  let folder = __dirname;
  while (!fs.existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}

/** The home named by KENSE_HOME, else `.kense` in the checkout. */
export function defaultHomeFolder(): string {
  return path.resolve(process.env['KENSE_HOME'] || path.join(repositoryRoot(), '.kense'));
}

/** Opens (making it when needed) the home at `root`; refuses when its disk has no room for the servers' data. */
export function openHome(root: string): Home {
  const folder = (name: string) => path.join(root, name);
  const home: Home = {
    root,
    data: folder('data'),
    logs: folder('logs'),
    run: folder('run'),
    tls: folder('tls'),
    keys: folder('keys'),
    mail: folder('mail'),
  };
  for (const each of [home.root, home.data, home.logs, home.run, home.tls, home.keys, home.mail])
    fs.mkdirSync(each, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = fs.statfsSync(root);
  const free = bavail * bsize;
  if (free < minimumFreeBytes) {
    throw new PlainFailure(
      `The disk of ${root} has ${Math.floor(free / 1048576)} MB free and 700 MB are needed; free some space or choose another folder with KENSE_HOME.`,
    );
  }
  return home;
}

/** Writes a file only its owner may read, whole or not at all. */
export function writePrivate(file: string, content: string): void {
  const fresh = `${file}.new`;
  fs.writeFileSync(fresh, content, { mode: 0o600 });
  fs.renameSync(fresh, file);
}

export function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}

/** The secrets of a home; those that do not exist yet are made now. */
export function secretsOf(home: Home): Secrets {
  const file = path.join(home.root, 'secrets.json');
  const known = readJson<Partial<Secrets>>(file) ?? {};
  const word = () => randomBytes(18).toString('base64url');
  const secrets: Secrets = {
    databaseRoot: known.databaseRoot ?? word(),
    database: known.database ?? word(),
    objectStore: known.objectStore ?? word(),
    directoryAdmin: known.directoryAdmin ?? word(),
    directoryReader: known.directoryReader ?? word(),
    application: known.application ?? randomBytes(32).toString('hex'),
  };
  if (JSON.stringify(known) !== JSON.stringify(secrets)) writePrivate(file, JSON.stringify(secrets, null, 2));
  return secrets;
}
