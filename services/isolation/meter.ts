import { readFileSync } from 'node:fs';

/** What a process has taken so far: memory it holds now (bytes) and processor time of all its threads (milliseconds). */
export type Spent = { memory: number; workMs: number };

/** Ticks a second of /proc/PID/stat and bytes of a page of /proc/PID/statm, fixed by the Linux ABI on the machines Kense runs on. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** Reads what a process has taken; null when it has ended, or where there is no /proc. */
export function spentBy(pid: number): Spent | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 of proc(5): the name before may hold anything
    const resident = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1];
    return {
      memory: Number(resident) * pageBytes,
      workMs: ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond,
    };
  } catch {
    return null;
  }
}
