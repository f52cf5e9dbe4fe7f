import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { table } from '../scripts/launcher/table';
import { measureGroup } from './group';
import { printResult } from './measure';
import { measureGost, measureRsaCms } from './signatures/checking';
import { measureHashing } from './signatures/hashing';
import type { Measure, Outcome } from './signatures/measure';
import { measureMemory } from './signatures/memory';
import { requireEngine } from './signatures/openssl';

/** The parts of the bench, in the order they run. A part that needs servers starts and stops them itself. */
export const measures: readonly Measure[] = [measureHashing, measureGost, measureRsaCms, measureMemory, measureGroup];

/** Measures the signature engine beside OpenSSL with its GOST engine. `--small`: less of everything, the same ratios. */
export async function main(args: readonly string[]): Promise<void> {
  requireEngine();
  const small = args.includes('--small');
  const outcomes: Outcome[] = [];
  for (const measure of measures) {
    const folder = mkdtempSync(path.join(tmpdir(), 'kense-bench-'));
    try {
      outcomes.push(await measure(folder, small));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  console.log(
    `\n${table(
      ['', 'Kense', 'OpenSSL', 'ratio'],
      outcomes.flatMap(({ rows }) => rows),
    )}\n`,
  );
  const joined = (of: 'ratios' | 'values'): Record<string, number> =>
    Object.fromEntries(outcomes.flatMap((outcome) => Object.entries(outcome[of])));
  printResult('signatures', joined('ratios'), joined('values'));
}
