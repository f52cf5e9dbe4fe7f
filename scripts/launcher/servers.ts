import fs from 'node:fs';
import path from 'node:path';
import { type Home, type Secrets, secretsOf, writePrivate } from './home';
import { tlsFilesOf } from './certificates';
import { PlainFailure } from './failure';
import { Ports } from './ports';
import { stopLeftovers, stopProcess } from './processes';
import { findProgram, programs, requirePrograms } from './programs';
import { type Server, type ServerContext, startServer } from './server';
import { directory, directoryAdminDn, directoryBase, directoryReaderDn, directoryUrl } from './servers/directory';
import { mail, mailPageUrl, smtpUrl } from './servers/mail';
import { databaseUrl, mariadb } from './servers/mariadb';
import { mysql, requireMySql } from './servers/mysql';
import { ncalayer, ncalayerUrl, ncalayerWindowUrl } from './servers/ncalayer';
import { authorityOf, nuc, nucEnvironment, nucUrl } from './servers/nuc';
import { minio, seaweedfs, applicationBucket, objectStoreAccessKey, objectStoreEndpoint, objectStoreRegion } from './servers/object-store';
import { phone, phoneEnvironment, phoneWindowUrl } from './servers/phone';
import { temporal, temporalAddress, temporalNamespace } from './servers/temporal';

/** Environment of an application process that uses these servers. */
export type ServerEnvironment = Record<string, string>;

/** What is written to servers.json for tests and people. */
export interface ServersFile {
  env: ServerEnvironment;
  /** Page and JSON interface of the mail sink. */
  mailPage: string;
  /** The NUC simulator; its interface for tests is described in scripts/simulators/nuc/server.ts. */
  nuc: string;
  /** The practice phone. */
  phone: string;
  /** Account that may change the directory. */
  directoryAdmin: { dn: string; password: string };
}

export interface RunningServers extends ServersFile {
  /** Settings of the one web process that expects phones: its door can be opened once. */
  phoneEnv: ServerEnvironment;
  stop(): Promise<void>;
}

export interface StartOptions {
  throwAway: boolean;
  say: (line: string) => void;
}

/** MinIO when it is at hand or asked for (KENSE_OBJECT_STORE=minio), else SeaweedFS; a home keeps the store its objects are in. */
async function chooseObjectStore(home: Home): Promise<Server> {
  if (fs.existsSync(path.join(home.data, 'seaweedfs'))) return seaweedfs;
  if (fs.existsSync(path.join(home.data, 'minio'))) return minio;
  const wish = process.env['KENSE_OBJECT_STORE'];
  if (wish) return wish === 'minio' ? minio : seaweedfs;
  return (await findProgram(programs.minio)) ? minio : seaweedfs;
}

/** MariaDB, or for the suites a real MySQL when KENSE_TEST_DATABASE asks for it. */
async function chooseDatabase({ throwAway, say }: StartOptions): Promise<Server> {
  const wish = process.env['KENSE_TEST_DATABASE'] || 'mariadb';
  if (wish !== 'mariadb' && wish !== 'mysql') throw new PlainFailure(`KENSE_TEST_DATABASE is ${wish}; it may be mariadb or mysql.`);
  if (!throwAway || wish === 'mariadb') return mariadb;
  await requireMySql(say);
  return mysql;
}

function environmentOf(contexts: ReadonlyMap<string, ServerContext>, home: Home, secrets: Secrets): ServerEnvironment {
  const of = (name: string) => contexts.get(name)!;
  return {
    KENSE_DATABASE_URL: databaseUrl(of('database')),
    KENSE_TEMPORAL_ADDRESS: temporalAddress(of('temporal')),
    KENSE_TEMPORAL_NAMESPACE: temporalNamespace,
    KENSE_S3_ENDPOINT: objectStoreEndpoint(of('objects')),
    KENSE_S3_ACCESS_KEY: objectStoreAccessKey,
    KENSE_S3_SECRET_KEY: secrets.objectStore,
    KENSE_S3_BUCKET: applicationBucket,
    KENSE_S3_REGION: objectStoreRegion,
    KENSE_LDAP_URL: directoryUrl(of('directory')),
    KENSE_LDAP_CA_FILE: tlsFilesOf(home).ca,
    KENSE_LDAP_BIND_DN: directoryReaderDn,
    KENSE_LDAP_BIND_PASSWORD: secrets.directoryReader,
    KENSE_LDAP_BASE_DN: directoryBase,
    KENSE_SMTP_URL: smtpUrl(of('mail')),
    KENSE_MAIL_FROM: 'Kense <kense@alatau-servis.kz>',
    KENSE_SECRET_KEY: secrets.application,
    KENSE_TRUST_FILES: authorityOf({ home }).trust,
    ...nucEnvironment(of('nuc')),
    KENSE_NCALAYER_URL: ncalayerUrl(of('ncalayer')),
    KENSE_NCALAYER_WINDOW_URL: ncalayerWindowUrl(of('ncalayer')),
  };
}

// Whoever writes stops before whoever keeps: Temporal's queues first, the database last.
const stopOrder = ['phone', 'ncalayer', 'nuc', 'temporal', 'mail', 'directory', 'objects', 'database'];

/** Starts all servers of a home side by side and waits until each answers its own protocol. On failure what had started is stopped. */
export async function startServers(home: Home, options: StartOptions): Promise<RunningServers> {
  const { throwAway, say } = options;
  const left = await stopLeftovers(home, throwAway ? 0 : undefined);
  if (left.length > 0) say(`Stopped what an earlier run had left: ${left.join(', ')}.`);
  const servers: Server[] = [await chooseDatabase(options), temporal, await chooseObjectStore(home), directory, mail, nuc, ncalayer, phone];
  const found = await requirePrograms([...new Set(servers.flatMap((server) => server.programs))], say);
  const secrets = secretsOf(home);
  tlsFilesOf(home);
  const ports = new Ports(home);
  // The demonstration's certificates name the address of their authority.
  await ports.claim(nuc.portNames);
  authorityOf({ home });
  const stop = async () => {
    for (const name of stopOrder) await stopProcess(home, name, throwAway ? 0 : undefined);
  };
  const waiting = new Map(servers.map((server) => [server.name, server]));
  const reminder = setInterval(() => {
    say(`  waiting for ${[...waiting.values()].map((server) => `${server.title} (${server.waitingFor})`).join(', ')}`);
  }, 5_000);
  const startOne = async (server: Server) => {
    const began = Date.now();
    const context = await startServer(server, { home, secrets, programs: found, throwAway }, ports);
    waiting.delete(server.name);
    say(`  ${server.title.padEnd(26)} ready after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    return [server.name, context] as const;
  };
  try {
    const outcomes = await Promise.allSettled(servers.map(startOne));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    const contexts = new Map(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])));
    return {
      env: environmentOf(contexts, home, secrets),
      mailPage: mailPageUrl(contexts.get('mail')!),
      nuc: nucUrl(contexts.get('nuc')!),
      phone: phoneWindowUrl(contexts.get('phone')!),
      phoneEnv: phoneEnvironment(contexts.get('phone')!),
      directoryAdmin: { dn: directoryAdminDn, password: secrets.directoryAdmin },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearInterval(reminder);
  }
}

/** Writes addresses and secrets of running servers where tests and people look for them. */
export function writeServersFile(
  home: Home,
  { env, mailPage, nuc: nucAddress, phone: phoneAddress, directoryAdmin }: RunningServers,
): string {
  const file = path.join(home.root, 'servers.json');
  writePrivate(
    file,
    JSON.stringify({ env, mailPage, nuc: nucAddress, phone: phoneAddress, directoryAdmin } satisfies ServersFile, null, 2),
  );
  return file;
}
