import { call, doWhile, i32, i64, ModuleWriter, type Code } from './assembler';
import { combine, combineSettled, ELEMENT_BYTES, LIMBS, PRODUCT_SCRATCH_BYTES, writeProduct } from './field-code';

/** An affine point is x, y; a Jacobian one X, Y, Z with x = X/Z², y = Y/Z³. */
export const AFFINE_BYTES = 2 * ELEMENT_BYTES;
export const JACOBIAN_BYTES = 3 * ELEMENT_BYTES;

const TEMPORARIES = 7;
const SCRATCH = 0;
const FIRST_TEMPORARY = SCRATCH + Math.ceil(PRODUCT_SCRATCH_BYTES / 8) * 8;

/** From here on the module's memory belongs to its user. */
export const FREE_MEMORY = 0x1000;
export const MEMORY_BYTES = 0x60000;

/** Functions that the module exports. */
export type CurveFunction = 'mul' | 'sqr' | 'double' | 'add' | 'select';

/**
 * The module of points of y² = x³ − 3x + b over GF(2^512 − 569):
 * `mul(out, a, b)`, `sqr(out, a)`; `double(P)` in place; `add(P, Q, flip)` adds the affine Q, or −Q when flip is 1, in place;
 * `select(out, row, count, index)` copies entry `index` of a row of affine points, reading all of them.
 * A point at infinity has Z ≡ 0. `double` is right for it. `add` is not, nor when P = ±Q: then the result has Z ≡ 0, and so has whatever
 * is computed from it, so that callers see at the end that they need another way. No branch or address depends on coordinates, flip or index.
 */
export function curveModule(): Uint8Array {
  const module = new ModuleWriter(MEMORY_BYTES / 0x10000);
  const mul = writeProduct(module, 'mul', SCRATCH);
  const sqr = writeProduct(module, 'sqr', SCRATCH);
  const [t0, t1, t2, t3, t4, t5, t6] = Array.from({ length: TEMPORARIES }, (_, i) => i32.const(FIRST_TEMPORARY + i * ELEMENT_BYTES)) as [
    Code,
    Code,
    Code,
    Code,
    Code,
    Code,
    Code,
  ];

  // dbl-2001-b of the Explicit-Formulas Database: 3 products, 5 squares
  module.func('double', ['i32'], ([point], declare) => {
    const [X, Y, Z] = coordinates(point!.get);
    const [delta, gamma, beta, alpha] = [t0, t1, t2, t3];
    return [
      call(sqr, delta, Z),
      call(sqr, gamma, Y),
      call(mul, beta, X, gamma),
      ...combine(t4, [
        [1, X],
        [-1, delta],
      ]),
      ...combine(t5, [
        [1, X],
        [1, delta],
      ]),
      call(mul, alpha, t4, t5),
      ...combineSettled(declare, alpha, [[3, alpha]]),
      ...combine(t4, [
        [1, Y],
        [1, Z],
      ]),
      call(sqr, t4, t4),
      ...combineSettled(declare, Z, [
        [1, t4],
        [-1, gamma],
        [-1, delta],
      ]),
      call(sqr, t4, alpha),
      ...combineSettled(declare, X, [
        [1, t4],
        [-8, beta],
      ]),
      ...combine(t4, [
        [4, beta],
        [-1, X],
      ]),
      call(mul, t4, alpha, t4),
      call(sqr, gamma, gamma),
      ...combineSettled(declare, Y, [
        [1, t4],
        [-8, gamma],
      ]),
    ];
  });

  // madd-2004-hmv: 8 products, 3 squares
  module.func('add', ['i32', 'i32', 'i32'], ([point, other, flip], declare) => {
    const [X, Y, Z] = coordinates(point!.get);
    const mask = declare('i64');
    const [zz, y2, h, r, hh, hhh, v] = [t0, t1, t2, t3, t4, t5, t6];
    return [
      mask.set(i64.extend_s(i32.sub(i32.const(0), flip!.get))),
      ...Array.from({ length: LIMBS }, (_, i) =>
        i64.store32(y2, i64.sub(i64.xor(i64.load32_s(other!.get, ELEMENT_BYTES + 4 * i), mask.get), mask.get), 4 * i),
      ),
      call(sqr, zz, Z),
      call(mul, h, other!.get, zz),
      call(mul, zz, zz, Z),
      call(mul, r, y2, zz),
      ...combine(h, [
        [1, h],
        [-1, X],
      ]),
      ...combine(r, [
        [1, r],
        [-1, Y],
      ]),
      call(sqr, hh, h),
      call(mul, hhh, h, hh),
      call(mul, v, X, hh),
      call(mul, Z, Z, h),
      call(sqr, t0, r),
      ...combineSettled(declare, X, [
        [1, t0],
        [-1, hhh],
        [-2, v],
      ]),
      ...combine(v, [
        [1, v],
        [-1, X],
      ]),
      call(mul, v, v, r),
      call(mul, hhh, hhh, Y),
      ...combineSettled(declare, Y, [
        [1, v],
        [-1, hhh],
      ]),
    ];
  });

  module.func('select', ['i32', 'i32', 'i32', 'i32'], ([out, row, count, index], declare) => {
    const mask = declare('i64');
    const words = Array.from({ length: AFFINE_BYTES / 8 }, (_, i) => 8 * i);
    return [
      ...words.map((at) => i64.store(out!.get, i64.const(0), at)),
      doWhile(
        [
          mask.set(i64.sub(i64.const(0), i64.extend_u(i32.eqz(index!.get)))), // −1 in the turn of the entry wanted, else 0
          ...words.map((at) => i64.store(out!.get, i64.or(i64.load(out!.get, at), i64.and(i64.load(row!.get, at), mask.get)), at)),
          row!.set(i32.add(row!.get, i32.const(AFFINE_BYTES))),
          index!.set(i32.sub(index!.get, i32.const(1))),
          count!.set(i32.sub(count!.get, i32.const(1))),
        ],
        count!.get,
      ),
    ];
  });
  return module.bytes();
}

function coordinates(point: Code): [Code, Code, Code] {
  return [point, i32.add(point, i32.const(ELEMENT_BYTES)), i32.add(point, i32.const(2 * ELEMENT_BYTES))];
}
