/** Runs synchronous work and gives its result with the milliseconds of processor time it took, so that a busy machine does not matter. */
export function timed<T>(work: () => T): { result: T; ms: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, ms: (user + system) / 1000 };
}
