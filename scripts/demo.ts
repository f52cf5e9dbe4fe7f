import fs from 'node:fs';
import path from 'node:path';
import { type DemoPerson, demoOrganisations, fullNameOf } from './demo-data';
import { applicationEnvironment, runCommand, Supervised } from './launcher/application';
import { fail, onInterrupt, say } from './launcher/command';
import { PlainFailure } from './launcher/failure';
import { defaultHomeFolder, type Home, homeContents, openHome, repositoryRoot, writePrivate } from './launcher/home';
import { isFree } from './launcher/ports';
import { stopLeftovers, takeHome } from './launcher/processes';
import { type RunningServers, startServers } from './launcher/servers';
import { table } from './launcher/table';

const defaultPort = 8080;

/** What is written to demo.json for tests, pictures and people. */
interface DemoFile {
  url: string;
  accounts: { login: string; password: string; name: string; organisation: string; role: string }[];
  mailPage: string;
  /** The NCALayer simulator's window; its interface for tests is described in scripts/simulators/ncalayer.ts. */
  ncalayerWindow: string;
  /** The NUC simulator: OCSP, time-stamps, lists; described in scripts/simulators/nuc/server.ts. */
  nuc: string;
  /** The phone simulator; described in scripts/simulators/phone.ts. */
  phone: string;
  env: Record<string, string>;
}

/** Everything that was started, to be stopped in the other direction. */
interface Started {
  servers: RunningServers | null;
  application: Supervised[];
}

function webPort(): number {
  const wish = process.env['KENSE_PORT'];
  const port = wish ? Number(wish) : defaultPort;
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new PlainFailure(`KENSE_PORT is ${wish}, which is not a port number.`);
  return port;
}

async function requireFreePort(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new PlainFailure(`Port ${port} is taken by another program; stop it or choose another port: KENSE_PORT=${port + 1} npm run demo`);
}

/** Throws away data, keys and settings of the home; other files in the folder stay. */
function reset(home: Home): void {
  for (const name of homeContents) fs.rmSync(path.join(home.root, name), { recursive: true, force: true });
  openHome(home.root);
}

const demoFile = (home: Home): string => path.join(home.root, 'demo.json');

function settingsOf(home: Home, servers: RunningServers, port: number): Record<string, string> {
  return {
    ...servers.env,
    ...servers.phoneEnv,
    KENSE_PUBLIC_URL: `http://127.0.0.1:${port}`,
    KENSE_LISTEN: `127.0.0.1:${port}`,
    KENSE_DEMO: '1',
    KENSE_DEMO_ACCOUNTS_FILE: demoFile(home),
    KENSE_LOG_LEVEL: process.env['KENSE_LOG_LEVEL'] || 'info',
    KENSE_HOME: home.root,
  };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  return response.ok;
}

/** Runs a step and says what is waited for and how long it took. */
async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  say(title);
  const began = Date.now();
  const result = await work();
  say(`  done after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

async function start(home: Home, started: Started): Promise<DemoFile> {
  const port = webPort();
  const left = await stopLeftovers(home);
  if (left.length > 0) say(`Stopped what an earlier run had left: ${left.join(', ')}.`);
  await requireFreePort(port);
  started.servers = await step('Starting the servers', () => startServers(home, { throwAway: false, say }));
  const settings = settingsOf(home, started.servers, port);
  const env = applicationEnvironment(settings);
  await step('Bringing the database up to date', () => runCommand(home, ['migrate'], env));
  await step('Filling in the demo organisations', () =>
    runCommand(home, ['seed-demo', path.join(repositoryRoot(), 'scripts/demo-organisations.json')], env),
  );
  await step('Starting the application (web, worker, heavy) and waiting for its own readiness check', async () => {
    started.application = (['web', 'worker', 'heavy'] as const).map((role) => new Supervised(home, role, env, say));
    const [web] = started.application;
    await web!.untilReady(() => answers(`${settings['KENSE_PUBLIC_URL']}/readyz`));
    for (const each of started.application) await each.untilReady(() => Promise.resolve(!each.hasEnded()));
  });
  const account = (person: DemoPerson, organisation: string) => ({
    login: person.login,
    password: person.password,
    name: fullNameOf(person),
    organisation,
    role: person.role,
  });
  return {
    url: settings['KENSE_PUBLIC_URL']!,
    accounts: demoOrganisations.flatMap((organisation) => organisation.people.map((person) => account(person, organisation.name))),
    mailPage: started.servers.mailPage,
    ncalayerWindow: settings['KENSE_NCALAYER_WINDOW_URL']!,
    nuc: started.servers.nuc,
    phone: started.servers.phone,
    env: settings,
  };
}

function announce(file: DemoFile, seconds: number): void {
  say('');
  say(
    table(
      ['Sign in as', 'Password', 'Role', 'Name', 'Organisation'],
      file.accounts.map((each) => [each.login, each.password, each.role, each.name, each.organisation]),
    ),
  );
  say('');
  say(`Kense     ${file.url}`);
  say(`Mail      ${file.mailPage}`);
  say(`NCALayer  ${file.ncalayerWindow} (simulator: choose the key here when a page asks for a signature)`);
  say(`NUC       ${file.nuc} (simulator: OCSP, time-stamps, revocation lists)`);
  say(`Phone     ${file.phone} (simulator of eGov Mobile and eGov Business: reads the QR codes of the pages)`);
  say(`Ready after ${seconds.toFixed(0)} s. Ctrl-C stops everything; the data stay.`);
}

/** Runs the whole demo until interrupted. --reset throws its data away first. */
export async function main(args: string[]): Promise<void> {
  let opened: Home | null = null;
  const started: Started = { servers: null, application: [] };
  const stop = async (home: Home) => {
    await Promise.all(started.application.map((each) => each.stop()));
    await started.servers?.stop();
    // What was still on its way up has a pid file already.
    await stopLeftovers(home);
  };
  try {
    const unknown = args.find((arg) => arg !== '--reset');
    if (unknown) throw new PlainFailure(`npm run demo does not know ${unknown}; it takes --reset.`);
    const began = Date.now();
    const home = openHome(defaultHomeFolder());
    opened = home;
    const release = takeHome(home);
    onInterrupt(async () => {
      say('Stopping …');
      await stop(home);
      release();
      say('Stopped.');
    });
    if (args.includes('--reset')) {
      await stopLeftovers(home);
      reset(home);
      takeHome(home);
    }
    const file = await start(home, started);
    writePrivate(demoFile(home), JSON.stringify(file, null, 2));
    announce(file, (Date.now() - began) / 1000);
    // The children are detached: something must keep this process alive.
    setInterval(() => undefined, 60_000);
  } catch (error) {
    if (opened) await stop(opened);
    fail(error, opened);
  }
}
