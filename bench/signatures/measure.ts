import { quantile } from '../measure';

/** What one part of the bench found: rows of the printed table, ratios and values for programs. */
export interface Outcome {
  readonly rows: readonly (readonly [what: string, ours: string, openssl: string, ratio: string])[];
  readonly ratios: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, number>>;
}

/** One part: `folder` is its own and removed afterwards; `small` asks for less work and the same ratios. */
export type Measure = (folder: string, small: boolean) => Outcome | Promise<Outcome>;

/** Rates of two sides, medians of their rounds, and the median of the rounds' own ratios. */
export interface Duel {
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
}

/**
 * Lets both sides do the same amount of work in turns, each giving its rate. What disturbs a processor, such as a neighbour on the same
 * core, meets both sides of a short round alike, so that ratios hold where rates do not.
 */
export function duel(rounds: number, ours: () => number, theirs: () => number): Duel {
  const pairs = Array.from({ length: rounds }, () => ({ ours: ours(), theirs: theirs() }));
  const median = (of: (pair: { ours: number; theirs: number }) => number): number => quantile(pairs.map(of), 0.5);
  return { ours: median((pair) => pair.ours), theirs: median((pair) => pair.theirs), ratio: median((pair) => pair.ours / pair.theirs) };
}
