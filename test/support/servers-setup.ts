import fs from 'node:fs';
import path from 'node:path';
import { build } from '../../scripts/build';
import { openHome, repositoryRoot } from '../../scripts/launcher/home';
import { holderOf, killRecorded, stopLeftovers, takeHome } from '../../scripts/launcher/processes';
import { startServers, writeServersFile } from '../../scripts/launcher/servers';
import { requireTestTools } from '../../scripts/launcher/test-tools';
import { plainly, say } from './report';

const homesFolder = () => path.join(repositoryRoot(), '.kense');

/** Ends and removes what runs that were killed have left. */
async function sweep(): Promise<void> {
  if (!fs.existsSync(homesFolder())) return;
  for (const name of fs.readdirSync(homesFolder()).filter((each) => /^test-\d+$/.test(each))) {
    const home = openHome(path.join(homesFolder(), name));
    if (holderOf(home) !== null) continue;
    await stopLeftovers(home, 0);
    fs.rmSync(home.root, { recursive: true, force: true });
  }
}

/**
 * Starts the servers once for a run, with data that are thrown away. KENSE_TEST_SERVERS names the servers.json of servers that run already
 * (`node scripts/start.js servers --test`): then nothing is started.
 */
export default async function setUp(): Promise<void> {
  if (process.env['KENSE_TEST_SERVERS']) return;
  await plainly(async () => {
    await requireTestTools(say);
    // The mail sink and the simulators run as programs of their own. Types are the linter's business here: the code is emitted all the same.
    if (!(await build())) say('The types do not hold (see above); the suites run all the same.');
    await sweep();
    const home = openHome(path.join(homesFolder(), `test-${process.pid}`));
    takeHome(home);
    // Whatever ends this run, its servers end with it.
    process.on('exit', () => killRecorded(home));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
    const servers = await startServers(home, { throwAway: true, say: () => undefined });
    process.env['KENSE_TEST_SERVERS'] = writeServersFile(home, servers);
    process.env['KENSE_TEST_HOME'] = home.root;
  });
}
