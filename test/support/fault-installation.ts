import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { applicationEnvironment, runCommand } from '../../scripts/launcher/application';
import { type Home, openHome, repositoryRoot, secretsOf } from '../../scripts/launcher/home';
import { isFree, Ports } from '../../scripts/launcher/ports';
import { killRecorded, outputOf, type RunningProcess, startProcess, stopLeftovers, stopProcess } from '../../scripts/launcher/processes';
import { requirePrograms } from '../../scripts/launcher/programs';
import { type Server, type ServerContext, startServer } from '../../scripts/launcher/server';
import { mail, smtpUrl } from '../../scripts/launcher/servers/mail';
import { databaseUrl, mariadb } from '../../scripts/launcher/servers/mariadb';
import {
  applicationBucket,
  objectStoreAccessKey,
  objectStoreEndpoint,
  objectStoreRegion,
  seaweedfs,
} from '../../scripts/launcher/servers/object-store';
import { temporal, temporalAddress, temporalNamespace } from '../../scripts/launcher/servers/temporal';
import { until } from './until';

/** What the fault test ends without a warning. */
export const victims = ['web', 'worker', 'temporal', 'database'] as const;
export type Victim = (typeof victims)[number];
type Role = 'web' | 'worker' | 'heavy';

const allServers: readonly Server[] = [mariadb, temporal, seaweedfs, mail];
/** Long enough not to spin when a process cannot start at all. Milliseconds. */
const restartPauseMs = 100;
const servers = { temporal, database: mariadb } as const;

/**
 * A whole installation in a home of its own, with data that must survive: servers as the demo runs them (nothing thrown away, the disk
 * waited for) and the built application's processes, each started again at once when it dies.
 */
export class FaultInstallation {
  private constructor(
    private readonly home: Home,
    private readonly base: Omit<ServerContext, 'ports'>,
    private readonly ports: Ports,
    readonly url: string,
    readonly settings: Record<string, string>,
  ) {}

  private readonly processes = new Map<Role, RunningProcess>();
  private readonly restarts = new Map<Victim, Promise<void>>();
  private isOver = false;
  /** Processes of the application that ended without being killed, with how they did. */
  readonly ownEnds: string[] = [];

  /** Starts everything; `trustPem` is the authority whose signatures count, `nucUrl` where its services answer. */
  static async start(trustPem: string, nucUrl: string): Promise<FaultInstallation> {
    const home = openHome(fs.mkdtempSync(path.join(os.tmpdir(), 'kense-faults-')));
    process.on('exit', () => killRecorded(home));
    const programs = await requirePrograms([...new Set(allServers.flatMap((server) => server.programs))], () => undefined);
    const base = { home, secrets: secretsOf(home), programs, throwAway: false };
    const ports = new Ports(home);
    const contexts = new Map(
      await Promise.all(allServers.map(async (server) => [server.name, await startServer(server, base, ports)] as const)),
    );
    const { web } = await ports.claim(['web']);
    const trust = path.join(home.keys, 'authority.pem');
    fs.writeFileSync(trust, trustPem);
    const url = `http://127.0.0.1:${web}`;
    const of = (server: Server) => contexts.get(server.name)!;
    const installation = new FaultInstallation(home, base, ports, url, {
      KENSE_PUBLIC_URL: url,
      KENSE_LISTEN: `127.0.0.1:${web}`,
      KENSE_DATABASE_URL: databaseUrl(of(mariadb)),
      KENSE_TEMPORAL_ADDRESS: temporalAddress(of(temporal)),
      KENSE_TEMPORAL_NAMESPACE: temporalNamespace,
      KENSE_S3_ENDPOINT: objectStoreEndpoint(of(seaweedfs)),
      KENSE_S3_ACCESS_KEY: objectStoreAccessKey,
      KENSE_S3_SECRET_KEY: base.secrets.objectStore,
      KENSE_S3_BUCKET: applicationBucket,
      KENSE_S3_REGION: objectStoreRegion,
      KENSE_SMTP_URL: smtpUrl(of(mail)),
      KENSE_MAIL_FROM: 'Kense <kense@faults.kz>',
      KENSE_SECRET_KEY: base.secrets.application,
      KENSE_TRUST_FILES: trust,
      KENSE_OCSP_URLS: `${nucUrl}/ocsp`,
      KENSE_TSP_URL: `${nucUrl}/tsp`,
      KENSE_CRL_URLS: '',
      KENSE_LOG_LEVEL: 'warn',
      KENSE_TEST: '1',
    });
    await runCommand(home, ['migrate'], installation.environment);
    installation.run('web');
    installation.run('worker');
    installation.run('heavy');
    return installation;
  }

  private get environment(): NodeJS.ProcessEnv {
    return applicationEnvironment(this.settings);
  }

  /** Waits until the web process finds everything it needs and the worker has said that it runs. */
  async untilReady(): Promise<void> {
    await Promise.all(this.restarts.values());
    await until('the application to be ready', async () => (await fetch(`${this.url}/readyz`).catch(() => null))?.ok, 60_000);
  }

  /** What an administrator does after a bad day: starts what the record says is live and nobody works on. */
  async reconcile(): Promise<void> {
    await runCommand(this.home, ['reconcile'], this.environment);
  }

  /** Ends one of them at once (SIGKILL) and starts it again with the same data at the same address; resolves when that is done. */
  kill(victim: Victim): Promise<void> {
    const before = this.restarts.get(victim) ?? Promise.resolve();
    const restarted = before.then(() => (victim === 'web' || victim === 'worker' ? this.killProcess(victim) : this.killServer(victim)));
    this.restarts.set(victim, restarted);
    return restarted;
  }

  /** Ends everything and removes the data. What the application's processes logged is given back for a failed test to show. */
  async stop(): Promise<string> {
    this.isOver = true;
    await Promise.allSettled(this.restarts.values());
    const logs = [...this.processes.values()].map((running) => `--- ${running.name}\n${outputOf(running).slice(-4_000)}`).join('\n');
    await stopLeftovers(this.home, 0);
    fs.rmSync(this.home.root, { recursive: true, force: true });
    return logs;
  }

  private run(role: Role): void {
    const entry = path.join(repositoryRoot(), 'dist/cli/main.js');
    const running = startProcess(this.home, {
      name: role,
      program: process.execPath,
      args: ['--enable-source-maps', entry, role],
      env: this.environment,
      cwd: repositoryRoot(),
      marker: `${entry} ${role}`,
      graceMs: 0,
    });
    this.processes.set(role, running);
    void running.ended.then(async (how) => {
      if (how !== 'ended by SIGKILL') this.ownEnds.push(`${role} ${how}`);
      await sleep(restartPauseMs);
      if (!this.isOver) this.run(role);
    });
  }

  private async killProcess(role: Role): Promise<void> {
    const running = this.processes.get(role)!;
    process.kill(running.pid, 'SIGKILL');
    await until(`${role} to start again`, () => this.processes.get(role) !== running);
  }

  private async killServer(victim: keyof typeof servers): Promise<void> {
    const server = servers[victim];
    await stopProcess(this.home, server.name, 0);
    const before = this.settings[victim === 'temporal' ? 'KENSE_TEMPORAL_ADDRESS' : 'KENSE_DATABASE_URL']!;
    const port = Number(/:(\d+)(\/|$)/.exec(before)?.[1]);
    // A killed process counts as dead when its first thread is gone; the last one closes the port a moment later.
    await until(`the port of ${server.title} to be free`, () => isFree(port));
    const context = await startServer(server, this.base, this.ports);
    const after = victim === 'temporal' ? temporalAddress(context) : databaseUrl(context);
    if (after !== before) throw new Error(`${server.title} came back at another address`);
  }
}
