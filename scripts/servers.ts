import fs from 'node:fs';
import { fail, onInterrupt, say } from './launcher/command';
import { defaultHomeFolder, type Home, openHome } from './launcher/home';
import { stopLeftovers, takeHome } from './launcher/processes';
import { type RunningServers, startServers, writeServersFile } from './launcher/servers';

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
