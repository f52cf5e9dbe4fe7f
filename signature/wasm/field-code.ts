import { i32, i64, type Code, type Declare, type Func, type ModuleWriter } from './assembler';

/**
 * Elements of GF(2^512 − 569) in memory: eighteen limbs of 29 bits with a sign, 32 bits each, lowest first; any representative will do.
 * A limb of a *settled* element is at most U = 2^28 + 2^24 in size. Products of limbs have room to be added up in 64 bits as long as
 * the operands' limbs are at most a·U and b·U with a·b ≤ 5: sums and differences may go into a product without being settled first.
 * Nothing here branches on a value or uses one as an address.
 */
export const LIMBS = 18;
export const LIMB_BITS = 29;
export const ELEMENT_BYTES = LIMBS * 4;
/** Octets of memory that products need beside their operands. */
export const PRODUCT_SCRATCH_BYTES = (LIMBS + 2) * 8 + LIMBS * 4;

/** 2^(18·29) mod p: what a limb above the highest counts. */
const FOLD = i64.const(569 << (LIMBS * LIMB_BITS - 512));
const HALF = i64.const(1 << (LIMB_BITS - 1));
const BITS = i64.const(LIMB_BITS);

const base = i32.const(0);
const limb = (element: Code, i: number): Code => i64.load32_s(element, 4 * i);
const sum = (terms: readonly Code[]): Code => terms.reduce((a, b) => i64.add(a, b));
/** What a limb hands on to the next one, rounded to the nearest, and what it keeps. */
const carryOf = (t: Code): Code => i64.shr_s(i64.add(t, HALF), BITS);
const restOf = (t: Code, carry: Code): Code => i64.sub(t, i64.shl(carry, BITS));

/**
 * `mul(out, a, b)` or `sqr(out, a)`: a settled product; `out` may be an operand. The upper columns come first, so that they are ready to
 * be folded while the lower ones are summed; each column is stored at once, which keeps few values alive.
 */
export function writeProduct(module: ModuleWriter, name: 'mul' | 'sqr', scratch: number): Func {
  const square = name === 'sqr';
  return module.func(name, square ? ['i32', 'i32'] : ['i32', 'i32', 'i32'], ([out, first, second], declare) => {
    const variables = (count: number) => Array.from({ length: count }, () => declare('i64'));
    const a = variables(LIMBS);
    const b = variables(LIMBS);
    const acc = declare('i64');
    const carry = declare('i64');
    const folded = (k: number): Code => i64.load(base, scratch + 8 * k);
    const setFolded = (k: number, value: Code): Code => i64.store(base, value, scratch + 8 * k);
    const low = scratch + 8 * LIMBS;

    /** Σ aᵢ·bⱼ with i + j = k; of a square each pair once, b holding 2a. */
    const column = (k: number): Code => {
      const terms: Code[] = [];
      for (let i = Math.max(0, k - LIMBS + 1); i <= Math.min(k, LIMBS - 1); i++) {
        const j = k - i;
        if (!square || i < j) terms.push(i64.mul(a[i]!.get, b[j]!.get));
        else if (i === j) terms.push(i64.mul(a[i]!.get, a[i]!.get));
      }
      return sum(terms);
    };
    const code: Code[] = [];
    for (let i = 0; i < LIMBS; i++) {
      code.push(a[i]!.set(limb(first!.get, i)), b[i]!.set(square ? i64.shl(a[i]!.get, i64.const(1)) : limb(second!.get, i)));
    }
    code.push(carry.set(i64.const(0)));
    for (let k = LIMBS; k < 2 * LIMBS - 1; k++) {
      code.push(
        acc.set(i64.add(column(k), carry.get)),
        carry.set(carryOf(acc.get)),
        setFolded(k - LIMBS, i64.mul(restOf(acc.get, carry.get), FOLD)),
      );
    }
    code.push(setFolded(LIMBS - 1, i64.mul(carry.get, FOLD)), carry.set(i64.const(0)));
    for (let k = 0; k < LIMBS; k++) {
      code.push(
        acc.set(sum([column(k), folded(k), carry.get])),
        carry.set(carryOf(acc.get)),
        i64.store32(base, restOf(acc.get, carry.get), low + 4 * k),
      );
    }
    // What leaves the top comes back at the bottom and ends in the second limb.
    code.push(
      acc.set(i64.add(i64.load32_s(base, low), i64.mul(carry.get, FOLD))),
      carry.set(carryOf(acc.get)),
      i64.store32(out!.get, restOf(acc.get, carry.get), 0),
      i64.store32(out!.get, i64.add(i64.load32_s(base, low + 4), carry.get), 4),
    );
    for (let k = 2; k < LIMBS; k++) code.push(i32.store(out!.get, i32.load(base, low + 4 * k), 4 * k));
    return code;
  });
}

/** A term of a linear combination: a small factor and the address of an element. */
export type Term = readonly [factor: number, element: Code];

const scaled = ([factor, element]: Term, i: number): Code => {
  const value = limb(element, i);
  return factor === 1 ? value : i64.mul(value, i64.const(factor));
};

/** Statements of out = Σ factor·element, not settled: each limb the sum of limbs. `out` may be an element of the sum. */
export function combine(out: Code, terms: readonly Term[]): Code[] {
  return Array.from({ length: LIMBS }, (_, i) => i64.store32(out, sum(terms.map((term) => scaled(term, i))), 4 * i));
}

/** The same, settled: every limb hands its carry to the next, once, which is enough while the factors add up to less than 2^4. */
export function combineSettled(declare: Declare, out: Code, terms: readonly Term[]): Code[] {
  const [t, carry, previous] = [declare('i64'), declare('i64'), declare('i64')];
  const code: Code[] = [previous.set(i64.const(0))];
  for (let i = 0; i < LIMBS; i++) {
    code.push(
      t.set(sum(terms.map((term) => scaled(term, i)))),
      carry.set(carryOf(t.get)),
      i64.store32(out, i64.add(restOf(t.get, carry.get), previous.get), 4 * i),
      previous.set(carry.get),
    );
  }
  return [...code, i64.store32(out, i64.add(limb(out, 0), i64.mul(previous.get, FOLD)), 0)];
}
