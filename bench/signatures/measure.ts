import { quantile } from '../measure';

/** What one part of the bench found: rows of the printed table, ratios and values for programs. */
export interface Outcome {
  readonly rows: readonly (readonly [what: string, ours: string, openssl: string, ratio: string])[];
  readonly ratios: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, number>>;
}

/** One part: `folder` is its own and removed afterwards; `small` asks for less work and the same ratios. */
export type Measure = (folder: string, small: boolean) => Outcome | Promise<Outcome>;

/** Rates of two sides that take turns, so that a busy moment of the machine meets both. */
export interface Duel {
  readonly ours: number;
  readonly theirs: number;
  /** Median of the rounds' own ratios. */
  readonly ratio: number;
}

/** Lets both sides do the same amount in turns; each gives its rate. A first round warms up and does not count. */
export function duel(rounds: number, ours: () => number, theirs: () => number): Duel {
  const pairs = Array.from({ length: rounds + 1 }, () => ({ ours: ours(), theirs: theirs() })).slice(1);
  const median = (of: (pair: { ours: number; theirs: number }) => number): number => quantile(pairs.map(of), 0.5);
  return { ours: median((pair) => pair.ours), theirs: median((pair) => pair.theirs), ratio: median((pair) => pair.ours / pair.theirs) };
}
