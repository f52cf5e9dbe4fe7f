import { printError } from '../domain/safe-error';
import { ConfigError, readConfig } from '../services/config';
import { Usage } from './usage';

const usage = `kense COMMAND
  web                         serve the pages
  worker | heavy              run workflows and mail | PDF and other heavy work
  migrate                     bring the database to the newest schema
  user create-admin …         make an owner who can sign in without mail or directory
  user disable | enable …     close an account of this installation and end its sessions | open it again
  audit verify [--heads FILE] walk the audit log and its time-stamps, compare it with heads kept outside, name every fault
  audit heads                 print where every audit log stands, one line each, to be kept outside
  reconcile                   start a workflow for every live route that lost its own
  config check                check all settings
  ready                       say whether database, schema, Temporal and object store answer, and why not
  pki check                   ask the responders, the time-stamping authority and the lists for something harmless
  verify [options] FILE       check a signature (kense verify --help)
`;

type Command = (argv: string[]) => Promise<number> | number;

// Each command loads only what it needs: checking a signature wants no database driver.
const admin = () => import('./admin.js');
const commands: Record<string, Command> = {
  web: runWeb,
  worker: () => runWorkers('worker'),
  heavy: () => runWorkers('heavy'),
  migrate: async () => (await admin()).runMigrate(),
  reconcile: async () => (await admin()).runReconcile(),
  'seed-demo': async (argv) => (await import('./seed-demo.js')).runSeedDemo(argv),
  'user create-admin': async (argv) => (await admin()).runCreateAdmin(argv),
  'user disable': async (argv) => (await admin()).runAccountActive(argv, false),
  'user enable': async (argv) => (await admin()).runAccountActive(argv, true),
  'audit verify': async (argv) => (await import('./audit.js')).runAuditVerify(argv),
  'audit heads': async () => (await import('./audit.js')).runAuditHeads(),
  'config check': async () => (await import('./config-check.js')).runConfigCheck(),
  ready: async () => (await import('./ready.js')).runReady(),
  'pki check': async () => (await import('./pki.js')).runPkiCheck(),
  verify: async (argv) =>
    (await import('./verify.js')).runVerify(argv, { stdout: process.stdout, stderr: process.stderr, now: () => new Date() }),
};

async function runWeb(): Promise<number> {
  const { startWeb } = await import('../server/web.js');
  const web = await startWeb(readConfig(process.env));
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await web.stop();
  return 0;
}

async function runWorkers(kind: 'worker' | 'heavy'): Promise<number> {
  const { runWorker } = await import('../activities/worker.js');
  await runWorker(readConfig(process.env), kind);
  return 0;
}

// Node would print such an error with everything that hangs on it: a failed query with all its values.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    process.stderr.write(`${printError(error)}\n`);
    process.exit(1);
  });

/** Finds the command in the arguments and runs it; returns its exit code. */
async function main(argv: string[]): Promise<number> {
  const name = [argv.slice(0, 2).join(' '), argv[0] ?? ''].find((n) => n in commands);
  const command = name === undefined ? undefined : commands[name];
  if (!name || !command) {
    (argv.length === 0 || ['help', '--help'].includes(argv[0] ?? '') ? process.stdout : process.stderr).write(usage);
    return argv.length === 0 || ['help', '--help'].includes(argv[0] ?? '') ? 0 : 2;
  }
  return command(argv.slice(name.split(' ').length));
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    const isExpected = error instanceof ConfigError || error instanceof Usage || (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    process.stderr.write(`${isExpected ? error.message : printError(error)}\n`);
    process.exit(isExpected ? 2 : 1);
  },
);
