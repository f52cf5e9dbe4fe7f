import type { CurveParameters } from './curves';
import { invert, PseudoMersenneField } from './field';

/** An affine point; the point at infinity is never represented this way. */
export interface AffinePoint {
  readonly x: bigint;
  readonly y: bigint;
}

/** Jacobian coordinates: x = X/Z², y = Y/Z³; Z = 0 is the point at infinity. */
interface JacobianPoint {
  readonly X: bigint;
  readonly Y: bigint;
  readonly Z: bigint;
}

const INFINITY: JacobianPoint = { X: 1n, Y: 1n, Z: 0n };

/** Widths of the non-adjacent forms: the generator's table is made once, a key's table for each verification. */
const GENERATOR_WIDTH = 9;
const KEY_WIDTH = 5;
/** Bits of a window of the fixed-base table used with secret scalars. */
const COMB_BITS = 4;

/** What signatures need of a curve, however it is computed. */
export interface Group {
  readonly parameters: CurveParameters;
  readonly generator: AffinePoint;
  has(point: AffinePoint): boolean;
  /** x⁻¹ modulo the group order, for a public x that is not 0. */
  invertScalar(x: bigint): bigint;
  combinationHasX(u: bigint, v: bigint, Q: AffinePoint, r: bigint): boolean;
  multiplyAdd(u: bigint, v: bigint, Q: AffinePoint): AffinePoint | undefined;
  multiplyGenerator(k: bigint): AffinePoint;
}

/** A short Weierstrass curve on BigInt: variable-time for verification, a uniform path for secret scalars. The reference of faster ones. */
export class Curve implements Group {
  readonly field: PseudoMersenneField;
  readonly generator: AffinePoint;
  private readonly minusThree: boolean;
  private generatorOdd: AffinePoint[] | undefined;
  private comb: AffinePoint[][] | undefined;

  constructor(readonly parameters: CurveParameters) {
    this.field = new PseudoMersenneField(parameters.bytes * 8, parameters.c);
    this.generator = { x: parameters.gx, y: parameters.gy };
    this.minusThree = parameters.a === this.field.p - 3n;
  }

  /** Whether both coordinates are in range and satisfy the equation. */
  has(point: AffinePoint): boolean {
    const { field, parameters } = this;
    const inRange = (v: bigint): boolean => v >= 0n && v < field.p;
    if (!inRange(point.x) || !inRange(point.y)) return false;
    const right = field.mul(field.mul(point.x, point.x) + parameters.a, point.x) + parameters.b;
    return field.canonical(field.mul(point.y, point.y) - right) === 0n;
  }

  invertScalar(x: bigint): bigint {
    return invert(x, this.parameters.q);
  }

  /** Whether the x coordinate of u·G + v·Q equals r modulo the group order. Variable time: for verification only. */
  combinationHasX(u: bigint, v: bigint, Q: AffinePoint, r: bigint): boolean {
    const sum = this.combination(u, v, Q);
    const { field, parameters } = this;
    if (field.canonical(sum.Z) === 0n) return false;
    const zz = field.mul(sum.Z, sum.Z);
    for (let x = r; x < field.p; x += parameters.q) if (field.canonical(field.mul(x, zz) - sum.X) === 0n) return true;
    return false;
  }

  /** u·G + v·Q as an affine point, undefined for infinity. Variable time. */
  multiplyAdd(u: bigint, v: bigint, Q: AffinePoint): AffinePoint | undefined {
    return this.toAffine(this.combination(u, v, Q));
  }

  /**
   * k·G for a secret k in 1…q−1. Every window adds one non-zero entry chosen by a masked scan of its row, so neither the sequence of
   * operations nor the memory addresses follow the digits of k; what BigInt itself leaks by operand length remains.
   */
  multiplyGenerator(k: bigint): AffinePoint {
    const { q } = this.parameters;
    const table = (this.comb ??= this.buildComb());
    // One of k + q, k + 2q is odd: the recoding into odd digits needs that, and the choice is made by arithmetic, not by a branch.
    const odd = k + q * (1n + (k & 1n));
    let sum: JacobianPoint | undefined;
    let rest = odd;
    for (const row of table) {
      const last = row === table.at(-1);
      const digit = last ? rest : (rest & 31n) - 16n;
      rest = (rest - digit) >> BigInt(COMB_BITS);
      const term = this.select(row, digit);
      sum = sum ? this.addAffine(sum, term) : { X: term.x, Y: term.y, Z: 1n };
    }
    return this.toAffine(sum!)!;
  }

  private combination(u: bigint, v: bigint, Q: AffinePoint): JacobianPoint {
    const G = (this.generatorOdd ??= this.oddMultiples(this.generator, GENERATOR_WIDTH));
    const P = this.oddMultiples(Q, KEY_WIDTH);
    const du = nonAdjacentForm(u, GENERATOR_WIDTH);
    const dv = nonAdjacentForm(v, KEY_WIDTH);
    let sum = INFINITY;
    for (let i = Math.max(du.length, dv.length) - 1; i >= 0; i--) {
      sum = this.double(sum);
      sum = this.addDigit(sum, G, du[i] ?? 0);
      sum = this.addDigit(sum, P, dv[i] ?? 0);
    }
    return sum;
  }

  private addDigit(sum: JacobianPoint, odd: AffinePoint[], digit: number): JacobianPoint {
    if (digit === 0) return sum;
    const point = odd[Math.abs(digit) >> 1]!;
    return this.addAffine(sum, digit > 0 ? point : { x: point.x, y: -point.y });
  }

  /** dbl-2001-b for a = −3, else the general doubling. */
  private double(P: JacobianPoint): JacobianPoint {
    const f = this.field;
    const yy = f.mul(P.Y, P.Y);
    const zz = f.mul(P.Z, P.Z);
    const s = f.mul(P.X, yy) << 2n;
    const m = this.minusThree ? 3n * f.mul(P.X - zz, P.X + zz) : 3n * f.mul(P.X, P.X) + f.mul(this.parameters.a, f.mul(zz, zz));
    const X = f.mul(m, m) - (s << 1n);
    const Y = f.mul(m, s - X) - (f.mul(yy, yy) << 3n);
    const Z = f.mul(P.Y, P.Z) << 1n;
    return { X, Y, Z };
  }

  /** Mixed addition madd-2004-hmv with the exceptional cases handled. */
  private addAffine(P: JacobianPoint, Q: AffinePoint): JacobianPoint {
    const f = this.field;
    if (P.Z === 0n) return { X: Q.x, Y: Q.y, Z: 1n };
    const zz = f.mul(P.Z, P.Z);
    const h = f.mul(Q.x, zz) - P.X;
    const r = f.mul(Q.y, f.mul(zz, P.Z)) - P.Y;
    if (f.canonical(h) === 0n) return f.canonical(r) === 0n ? this.double({ X: Q.x, Y: Q.y, Z: 1n }) : INFINITY;
    const hh = f.mul(h, h);
    const hhh = f.mul(hh, h);
    const v = f.mul(P.X, hh);
    const X = f.mul(r, r) - hhh - (v << 1n);
    return { X, Y: f.mul(r, v - X) - f.mul(P.Y, hhh), Z: f.mul(P.Z, h) };
  }

  private toAffine(P: JacobianPoint): AffinePoint | undefined {
    const f = this.field;
    if (f.canonical(P.Z) === 0n) return undefined;
    const inverse = f.inverse(P.Z);
    const square = f.mul(inverse, inverse);
    return { x: f.canonical(f.mul(P.X, square)), y: f.canonical(f.mul(P.Y, f.mul(square, inverse))) };
  }

  /** P, 3P, 5P … (2^(width−1) − 1)P, affine, with one field inversion for all. */
  private oddMultiples(P: AffinePoint, width: number): AffinePoint[] {
    const twice = this.toAffine(this.double({ X: P.x, Y: P.y, Z: 1n }))!;
    const points: JacobianPoint[] = [{ X: P.x, Y: P.y, Z: 1n }];
    while (points.length < 1 << (width - 2)) points.push(this.addAffine(points.at(-1)!, twice));
    return this.allToAffine(points);
  }

  /** Montgomery's trick: the inverse of the product of all Z gives each inverse. None may be infinity. */
  private allToAffine(points: JacobianPoint[]): AffinePoint[] {
    const f = this.field;
    const products: bigint[] = [];
    let product = 1n;
    for (const { Z } of points) products.push((product = f.mul(product, Z)));
    let inverse = f.inverse(product);
    const out: AffinePoint[] = [];
    for (let i = points.length - 1; i >= 0; i--) {
      const { X, Y, Z } = points[i]!;
      const z = f.mul(inverse, products[i - 1] ?? 1n);
      inverse = f.mul(inverse, Z);
      const zz = f.mul(z, z);
      out[i] = { x: f.canonical(f.mul(X, zz)), y: f.canonical(f.mul(Y, f.mul(zz, z))) };
    }
    return out;
  }

  /** Row i holds 1, 3 … 15 times 2^(4i)·G; the top row covers what k + 2q needs above its last full window. */
  private buildComb(): AffinePoint[][] {
    const rows: AffinePoint[][] = [];
    let base = this.generator;
    for (let bits = 0; bits < this.parameters.bytes * 8 + COMB_BITS; bits += COMB_BITS) {
      rows.push(this.oddMultiples(base, COMB_BITS + 1));
      let next: JacobianPoint = { X: base.x, Y: base.y, Z: 1n };
      for (let i = 0; i < COMB_BITS; i++) next = this.double(next);
      base = this.toAffine(next)!;
    }
    return rows;
  }

  /** digit·(row base) for an odd digit in −15…15, read with masks. */
  private select(row: AffinePoint[], digit: bigint): AffinePoint {
    const negative = (digit >> 8n) & 1n;
    const index = (digit * (1n - 2n * negative)) >> 1n;
    let x = 0n;
    let y = 0n;
    for (let i = 0; i < row.length; i++) {
      const difference = index ^ BigInt(i);
      const mask = (difference - 1n) >> 64n; // −1 when equal, else 0
      x |= row[i]!.x & mask;
      y |= row[i]!.y & mask;
    }
    return { x, y: y * (1n - 2n * negative) };
  }
}

/** Width-w non-adjacent form of a non-negative scalar, lowest digit first: digits are 0 or odd, |digit| < 2^(w−1). */
export function nonAdjacentForm(scalar: bigint, width: number): number[] {
  const digits: number[] = [];
  const bits = scalar.toString(2);
  const modulus = 1 << width;
  let carry = 0;
  const bit = (i: number): number => (i < bits.length && bits[bits.length - 1 - i] === '1' ? 1 : 0);
  for (let i = 0; i <= bits.length;) {
    if (bit(i) === carry) {
      digits.push(0);
      i++;
      continue;
    }
    let value = carry;
    for (let j = 0; j < width; j++) value += bit(i + j) << j;
    carry = value & (modulus >> 1) ? 1 : 0;
    digits.push(carry ? value - modulus : value);
    for (let j = 1; j < width; j++) digits.push(0);
    i += width;
  }
  return digits;
}
