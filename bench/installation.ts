import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { applicationEnvironment, type Role, runCommand, Supervised } from '../scripts/launcher/application';
import { type Home, openHome } from '../scripts/launcher/home';
import { Ports } from '../scripts/launcher/ports';
import { killRecorded, startProcess, stopLeftovers } from '../scripts/launcher/processes';
import { startServers } from '../scripts/launcher/servers';

/** A throw-away installation with the demo's settings: every commit waits for the disk. */
export type BenchInstallation = { home: Home; settings: Record<string, string>; url: string; stop(): Promise<void> };

/** A home that goes with this process. */
export function throwAwayHome(): Home {
  const home = openHome(fs.mkdtempSync(path.join(os.tmpdir(), 'kense-bench-')));
  process.on('exit', () => {
    killRecorded(home);
    fs.rmSync(home.root, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  return home;
}

/**
 * Starts the servers, the processes of these roles and the worker of the bare workflow; resolves when web is ready. `choose` gives
 * settings beside the usual ones, seeing those of the servers.
 */
export async function startInstallation(
  choose: (servers: Readonly<Record<string, string>>) => Record<string, string> = () => ({}),
  roles: readonly Role[] = ['web', 'worker'],
): Promise<BenchInstallation> {
  const home = throwAwayHome();
  const servers = await startServers(home, { throwAway: false, say: () => undefined });
  const { web } = await new Ports(home).claim(['web']);
  const url = `http://127.0.0.1:${web}`;
  const settings = {
    ...servers.env,
    KENSE_PUBLIC_URL: url,
    KENSE_LISTEN: `127.0.0.1:${web}`,
    KENSE_LOG_LEVEL: 'warn',
    KENSE_TRUST_FILES: '',
    ...choose(servers.env),
  };
  const env = applicationEnvironment(settings);
  await runCommand(home, ['migrate'], env);
  const processes = roles.map((role) => new Supervised(home, role, env, console.error));
  await processes[0]?.untilReady(async () => (await fetch(`${url}/readyz`)).ok);
  const script = path.join(__dirname, 'bare-worker.js');
  startProcess(home, { name: 'bare-worker', program: process.execPath, args: [script], env, marker: script, graceMs: 0 });
  return {
    home,
    settings,
    url,
    async stop() {
      await Promise.all(processes.map((each) => each.stop()));
      await stopLeftovers(home, 0);
      fs.rmSync(home.root, { recursive: true, force: true });
    },
  };
}
