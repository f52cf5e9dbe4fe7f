/** Durations of one kind of request, milliseconds, and how long all of them took together. */
export type Series = { ms: number[]; wallMs: number };

/** The value below which this part (0–1) of the sorted numbers lies; NaN of none. */
export function quantile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

/** Runs and times one request. */
export async function timed<T>(ms: number[], work: () => Promise<T>): Promise<T> {
  const began = process.hrtime.bigint();
  const result = await work();
  ms.push(Number(process.hrtime.bigint() - began) / 1e6);
  return result;
}

/** Runs jobs with at most `lanes` at once. */
export async function inLanes(jobs: readonly (() => Promise<void>)[], lanes: number): Promise<void> {
  const queue = [...jobs];
  const lane = async (): Promise<void> => {
    for (let job = queue.shift(); job; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Runs jobs in lanes and adds what they took together to the series. */
export async function measured(series: Series, jobs: readonly (() => Promise<void>)[], lanes: number): Promise<void> {
  const began = Date.now();
  await inLanes(jobs, lanes);
  series.wallMs += Date.now() - began;
}

export const emptySeries = (): Series => ({ ms: [], wallMs: 0 });
export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** The last line of every bench, for programs. */
export function printResult(bench: string, ratios: Record<string, number>, values: Record<string, number>): void {
  console.log(JSON.stringify({ bench, ratios, values }));
}
