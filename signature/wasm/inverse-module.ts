import { i32, i64, ModuleWriter, type Code, type Local } from './assembler';

/** Numbers of up to 540 bits: eighteen limbs of 30 bits, 32 bits each, lowest first; only the highest one has a sign. */
export const INVERSE_LIMBS = 18;
export const INVERSE_LIMB_BITS = 30;
const BYTES = INVERSE_LIMBS * 4;

/** Addresses of the five numbers of the algorithm. */
export const INVERSE_LAYOUT = { f: 0, g: BYTES, d: 2 * BYTES, e: 3 * BYTES, modulus: 4 * BYTES } as const;

const base = i32.const(0);
const BITS = i64.const(INVERSE_LIMB_BITS);
const LOW = i64.const((1 << INVERSE_LIMB_BITS) - 1);
const limb = (number: number, i: number): Code => i64.load32_s(base, number + 4 * i);
const setLimb = (number: number, i: number, value: Code): Code => i64.store32(base, value, number + 4 * i);
const sum = (...terms: readonly Code[]): Code => terms.reduce((a, b) => i64.add(a, b));

/**
 * The long half of the modular inversion by division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular
 * inversion", TCHES 2019): applies the matrix (u v; q r) of thirty steps, divided by 2^30, to the pairs of numbers.
 * `updateFg(u, v, q, r)`: (f, g), exactly. `updateDe(u, v, q, r, n)`: (d, e) modulo the modulus m, where n = m⁻¹ mod 2^30;
 * d and e stay between −2m and m.
 */
export function inverseModule(): Uint8Array {
  const { f, g, d, e, modulus } = INVERSE_LAYOUT;
  const module = new ModuleWriter(1);

  module.func('updateFg', ['i32', 'i32', 'i32', 'i32'], (parameters, declare) => {
    const [u, v, q, r] = parameters.map(() => declare('i64')) as [Local, Local, Local, Local];
    const [a, b, first, second] = [declare('i64'), declare('i64'), declare('i64'), declare('i64')];
    const code: Code[] = [u, v, q, r].map((wide, i) => wide.set(i64.extend_s(parameters[i]!.get)));
    code.push(first.set(i64.const(0)), second.set(i64.const(0)));
    for (let i = 0; i < INVERSE_LIMBS; i++) {
      code.push(
        a.set(limb(f, i)),
        b.set(limb(g, i)),
        first.set(sum(first.get, i64.mul(u.get, a.get), i64.mul(v.get, b.get))),
        second.set(sum(second.get, i64.mul(q.get, a.get), i64.mul(r.get, b.get))),
      );
      if (i > 0) code.push(setLimb(f, i - 1, i64.and(first.get, LOW)), setLimb(g, i - 1, i64.and(second.get, LOW)));
      code.push(first.set(i64.shr_s(first.get, BITS)), second.set(i64.shr_s(second.get, BITS)));
    }
    return [...code, setLimb(f, INVERSE_LIMBS - 1, first.get), setLimb(g, INVERSE_LIMBS - 1, second.get)];
  });

  module.func('updateDe', ['i32', 'i32', 'i32', 'i32', 'i32'], (parameters, declare) => {
    const [u, v, q, r, n] = parameters.map(() => declare('i64')) as [Local, Local, Local, Local, Local];
    const [a, b, first, second] = [declare('i64'), declare('i64'), declare('i64'), declare('i64')];
    const [forFirst, forSecond] = [declare('i64'), declare('i64')];
    const sign = (number: number): Code => i64.shr_s(limb(number, INVERSE_LIMBS - 1), i64.const(63));
    const code: Code[] = [u, v, q, r, n].map((wide, i) => wide.set(i64.extend_s(parameters[i]!.get)));
    // As many moduli as make the sums non-negative, then as many as make their low limb zero.
    code.push(
      forFirst.set(i64.add(i64.and(u.get, sign(d)), i64.and(v.get, sign(e)))),
      forSecond.set(i64.add(i64.and(q.get, sign(d)), i64.and(r.get, sign(e)))),
      first.set(i64.const(0)),
      second.set(i64.const(0)),
    );
    for (let i = 0; i < INVERSE_LIMBS; i++) {
      code.push(
        a.set(limb(d, i)),
        b.set(limb(e, i)),
        first.set(sum(first.get, i64.mul(u.get, a.get), i64.mul(v.get, b.get))),
        second.set(sum(second.get, i64.mul(q.get, a.get), i64.mul(r.get, b.get))),
      );
      const clear = (factor: Local, total: Local): Code =>
        factor.set(i64.sub(factor.get, i64.and(i64.add(i64.mul(n.get, total.get), factor.get), LOW)));
      if (i === 0) code.push(clear(forFirst, first), clear(forSecond, second));
      code.push(
        first.set(i64.add(first.get, i64.mul(limb(modulus, i), forFirst.get))),
        second.set(i64.add(second.get, i64.mul(limb(modulus, i), forSecond.get))),
      );
      if (i > 0) code.push(setLimb(d, i - 1, i64.and(first.get, LOW)), setLimb(e, i - 1, i64.and(second.get, LOW)));
      code.push(first.set(i64.shr_s(first.get, BITS)), second.set(i64.shr_s(second.get, BITS)));
    }
    return [...code, setLimb(d, INVERSE_LIMBS - 1, first.get), setLimb(e, INVERSE_LIMBS - 1, second.get)];
  });
  return module.bytes();
}
