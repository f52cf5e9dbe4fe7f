import fs from 'node:fs';
import path from 'node:path';
import { fail, onInterrupt, say } from './launcher/command';
import { defaultHomeFolder, type Home, openHome, writePrivate } from './launcher/home';
import { stopLeftovers, takeHome } from './launcher/processes';
import { type RunningServers, startServers } from './launcher/servers';

/** Writes addresses and secrets of running servers where tests and people look for them. */
export function writeServersFile(home: Home, { env, mailPage, directoryAdmin }: RunningServers): string {
  const file = path.join(home.root, 'servers.json');
  writePrivate(file, JSON.stringify({ env, mailPage, directoryAdmin }, null, 2));
  return file;
}

/** Runs the servers alone until interrupted. With --test their data are thrown away and nothing waits for the disk. */
export async function main(args: string[]): Promise<void> {
  let home: Home | null = null;
  try {
    const opened = openHome(defaultHomeFolder());
    home = opened;
    const release = takeHome(home);
    say(`Starting the servers in ${home.root}`);
    let servers: RunningServers | null = null;
    onInterrupt(async () => {
      say('Stopping …');
      await (servers ? servers.stop() : stopLeftovers(opened));
      release();
    });
    servers = await startServers(home, { throwAway: args.includes('--test'), say });
    say(`Addresses: ${writeServersFile(home, servers)}. Mail: ${servers.mailPage}. Ctrl-C stops them.`);
    // The children are detached: something must keep this process alive.
    setInterval(() => fs.existsSync(opened.root) || process.exit(0), 60_000);
  } catch (error) {
    fail(error, home);
  }
}
