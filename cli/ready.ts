import { readConfig } from '../services/config';
import { openParts } from '../services/open-deps';
import { checkReadiness, isReady } from '../services/readiness';

/** Says of everything the web process needs whether it answers, and why not. Exit 0 when all do. */
export async function runReady(): Promise<number> {
  const parts = openParts(readConfig(process.env));
  try {
    const checks = await checkReadiness(parts);
    for (const [name, found] of Object.entries(checks)) console.log(`${name.padEnd(8)} ${found}`);
    return isReady(checks) ? 0 : 1;
  } finally {
    await parts.temporal.connection.close();
    await parts.db.destroy();
  }
}
