import fs from 'node:fs';

/** Fields of /proc/PID/stat from the third on, of proc(5). */
export const statOf = (pid: number): string[] => {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** The children of every process that lives, by its pid. */
export function childrenOfAll(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(statOf(Number(name))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // it ended a moment ago
    }
  }
  return children;
}

/** Pids of a process and of everything it started that lives. */
export const withChildren = (pid: number, children = childrenOfAll()): number[] => [
  pid,
  ...(children.get(pid) ?? []).flatMap((child) => withChildren(child, children)),
];

/** Memory of a process in MiB. PSS counts a page shared by n processes 1/n times, so parts add up to what the machine gives. */
export function memoryOf(pid: number): { rss: number; pss: number | null } {
  const kib = (text: string, name: string): number | null => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    return found === undefined ? null : Number(found) / 1024;
  };
  const rss = kib(fs.readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') ?? 0;
  try {
    return { rss, pss: kib(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') };
  } catch {
    return { rss, pss: null }; // another user's process
  }
}
