import fs from 'node:fs';
import { type ServersFile } from '../../scripts/launcher/servers';

let read: ServersFile | undefined;

/** Addresses and secrets of the servers of this run. */
export function servers(): ServersFile {
  const file = process.env['KENSE_TEST_SERVERS'];
  if (!file) throw new Error('This suite needs the servers; its jest project must name test/support/servers-setup.ts.');
  return (read ??= JSON.parse(fs.readFileSync(file, 'utf8')) as ServersFile);
}

/** The application's connection settings (KENSE_DATABASE_URL, KENSE_S3_ENDPOINT …) for the servers of this run. */
export const serverEnv = (): Record<string, string> => ({ ...servers().env });
