import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/** Niceness as setpriority(2) takes it: a page is answered first, before the servers beside us where the process may say so. */
export const niceness = { pages: -5, signing: 2, heavy: 5, signIn: 5, strangers: 10 } as const;

/**
 * Lets what calls it compute after whatever is less nice, and before whatever is nicer: a worker thread alone, from a main thread the whole process. Where the kernel
 * first divides time between sessions (sched(7), "The autogroup feature") and the process leads one, the session is made nice too. Does
 * nothing where it is not allowed.
 */
export function takePlace(nice: number): void {
  try {
    if (!isMainThread || process.platform !== 'linux') return setPriority(nice); // on Linux that is a thread's (setpriority(2))
    for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), nice);
    if (leadsItsSession()) writeFileSync('/proc/self/autogroup', String(nice));
  } catch {
    // The work itself does not need it.
  }
}

function leadsItsSession(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3] === String(process.pid); // field 6 of proc_pid_stat(5)
}
