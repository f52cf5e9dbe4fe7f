import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openHome, secretsOf } from '../../scripts/launcher/home';
import { Ports } from '../../scripts/launcher/ports';
import { killRecorded, stopLeftovers } from '../../scripts/launcher/processes';
import { requirePrograms } from '../../scripts/launcher/programs';
import { startServer } from '../../scripts/launcher/server';
import { databaseUrl, mariadb } from '../../scripts/launcher/servers/mariadb';

/** A MariaDB of the file's own, with data that are thrown away; its account may change the server's settings. */
export type PrivateDatabase = { url: string; stop(): Promise<void> };

/** Starts it with these arguments beside the usual ones. */
export async function startPrivateDatabase(args: readonly string[] = []): Promise<PrivateDatabase> {
  const home = openHome(fs.mkdtempSync(path.join(os.tmpdir(), 'kense-database-')));
  process.on('exit', () => killRecorded(home));
  const programs = await requirePrograms(mariadb.programs, () => undefined);
  const special: typeof mariadb = {
    ...mariadb,
    launch(context) {
      const usual = mariadb.launch(context);
      return { ...usual, args: [...usual.args, ...args] };
    },
  };
  const context = await startServer(special, { home, secrets: secretsOf(home), programs, throwAway: true }, new Ports(home));
  return {
    url: databaseUrl(context),
    async stop() {
      await stopLeftovers(home, 0);
      fs.rmSync(home.root, { recursive: true, force: true });
    },
  };
}
