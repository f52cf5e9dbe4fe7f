import fs from 'node:fs';
import { openHome } from '../../scripts/launcher/home';
import { stopLeftovers } from '../../scripts/launcher/processes';

/** Stops the servers this run started, by their pids, and removes their data. */
export default async function tearDown(): Promise<void> {
  const folder = process.env['KENSE_TEST_HOME'];
  if (!folder || !fs.existsSync(folder)) return;
  await stopLeftovers(openHome(folder), 0);
  fs.rmSync(folder, { recursive: true, force: true });
}
