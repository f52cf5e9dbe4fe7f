import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const prefix = 'kense-scratch-';

/** A folder for files of one piece of work. It names the process it belongs to; whoever makes it removes it. */
export const makeScratch = (): Promise<string> => mkdtemp(path.join(tmpdir(), `${prefix}${process.pid}-`));

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's process is one too
  }
};

/** Removes the folders of processes that ended without doing so: what strangers sent would fill the disk, a kill at a time. Returns how many. */
export async function sweepScratch(): Promise<number> {
  const left = (await readdir(tmpdir())).filter((name) => {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    return pid !== undefined && !isRunning(Number(pid));
  });
  const removed = await Promise.allSettled(left.map((name) => rm(path.join(tmpdir(), name), { recursive: true, force: true })));
  return removed.filter(({ status }) => status === 'fulfilled').length;
}
