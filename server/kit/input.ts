import { Refusal } from '../../domain/refusals';

/** The largest number a column INT holds. */
const maxInt = 2_147_483_647;
type Bounds = { min?: number; max?: number };

/** A whole number as people and forms write it: digits only, within the bounds; null for everything else. */
export function wholeNumberIn(value: unknown, { min = 0, max = maxInt }: Bounds = {}): number | null {
  if (typeof value !== 'string' || !/^\d{1,10}$/.test(value)) return null;
  const number = Number(value);
  return number >= min && number <= max ? number : null;
}

/** The same where nothing else makes sense: a form or address of ours never holds anything else. */
export function requireWholeNumber(value: unknown, bounds?: Bounds): number {
  const number = wholeNumberIn(value, bounds);
  if (number === null) throw new Refusal('bad_request');
  return number;
}

/** The same where it may be left out. */
export const optionalWholeNumber = (value: unknown, fallback: number, bounds?: Bounds): number =>
  value === undefined || value === '' ? fallback : requireWholeNumber(value, bounds);
