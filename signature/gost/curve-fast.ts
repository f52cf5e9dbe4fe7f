import { bytesFromBigLE } from '../bytes';
import { AFFINE_BYTES, curveModule, type CurveFunction, FREE_MEMORY, JACOBIAN_BYTES, MEMORY_BYTES } from '../wasm/curve-module';
import { ELEMENT_BYTES, LIMB_BITS, LIMBS } from '../wasm/field-code';
import { instantiate, type Instance } from '../wasm/instance';
import { Curve, nonAdjacentForm, type AffinePoint, type Group } from './curve';
import type { CurveParameters } from './curves';
import type { PseudoMersenneField } from './field';
import { createInverter } from './inverse-fast';

/** Widths of the non-adjacent forms: the generator's table is made once, a key's table for each verification. */
const GENERATOR_WIDTH = 10;
const KEY_WIDTH = 5;
const oddCount = (width: number): number => 1 << (width - 2);

/** Windows of a secret scalar of 512 bits, and the odd multiples kept for each. */
const WINDOW_BITS = 5;
const WINDOWS = 103;
const ROW_POINTS = 1 << (WINDOW_BITS - 1);
const ROW_BYTES = ROW_POINTS * AFFINE_BYTES;

/** Points that are brought to affine form with one inversion. */
const BATCH = 256;

const [SUM, TWICE, ONE, SPARE, PREFIXES, BATCH_POINTS, KEY_TABLE, GENERATOR_TABLE, ROWS] = allocate([
  JACOBIAN_BYTES,
  JACOBIAN_BYTES,
  ELEMENT_BYTES,
  4 * ELEMENT_BYTES,
  BATCH * ELEMENT_BYTES,
  BATCH * JACOBIAN_BYTES,
  oddCount(KEY_WIDTH) * AFFINE_BYTES,
  oddCount(GENERATOR_WIDTH) * AFFINE_BYTES,
  WINDOWS * ROW_BYTES,
] as const);

function allocate<const Sizes extends readonly number[]>(sizes: Sizes): { [i in keyof Sizes]: number } {
  let at = FREE_MEMORY;
  const addresses = sizes.map((size) => (at += size) - size);
  if (at > MEMORY_BYTES) throw new RangeError('the tables of the curve do not fit into its memory');
  return addresses as { [i in keyof Sizes]: number };
}

const [X, Y, Z] = [0, ELEMENT_BYTES, 2 * ELEMENT_BYTES];

/** The curve, in WebAssembly where that is possible. It starts when first needed: most commands of the program check no signature. */
export function createCurve(parameters: CurveParameters): Group {
  const plain = new Curve(parameters);
  let started: Group | undefined;
  const group = (): Group => (started ??= startFastCurve(plain) ?? plain);
  return {
    parameters,
    generator: plain.generator,
    has: (point) => plain.has(point),
    invertScalar: (x) => group().invertScalar(x),
    combinationHasX: (u, v, Q, r) => group().combinationHasX(u, v, Q, r),
    multiplyAdd: (u, v, Q) => group().multiplyAdd(u, v, Q),
    multiplyGenerator: (k) => group().multiplyGenerator(k),
  };
}

/** The same curve in WebAssembly; undefined when it is not y² = x³ − 3x + b over GF(2^512 − 569), or there is no WebAssembly. */
export function startFastCurve(plain: Curve): FastCurve | undefined {
  const { bytes, c, a } = plain.parameters;
  const suits = bytes === 64 && c === 569n && a === plain.field.p - 3n;
  const instance = suits ? instantiate<CurveFunction>(curveModule) : undefined;
  return instance && new FastCurve(plain, instance);
}

/**
 * `Curve` with its points in the memory of a module (curve-module.ts), addressed by number here. Exceptional additions, which only
 * hand-made input meets, end with Z ≡ 0 and are left to `Curve`. For a secret scalar neither branches nor addresses follow it; what
 * remains are BigInt conversions of the scalar and of the result, whose time may tell leading zeros.
 */
export class FastCurve implements Group {
  readonly parameters: CurveParameters;
  readonly generator: AffinePoint;
  readonly invertScalar: (x: bigint) => bigint;
  private readonly field: PseudoMersenneField;
  private readonly machine: Instance<CurveFunction>['functions'];
  private readonly limbs: Int32Array;
  private readonly memory: Uint8Array;
  private readonly invertElement: (x: bigint) => bigint;
  private hasGeneratorTable = false;
  private hasRows = false;

  constructor(
    private readonly plain: Curve,
    instance: Instance<CurveFunction>,
  ) {
    this.parameters = plain.parameters;
    this.generator = plain.generator;
    this.field = plain.field;
    this.invertScalar = createInverter(plain.parameters.q);
    this.invertElement = createInverter(plain.field.p);
    this.machine = instance.functions;
    this.limbs = new Int32Array(instance.memory);
    this.memory = new Uint8Array(instance.memory);
    this.write(ONE, 1n);
  }

  has(point: AffinePoint): boolean {
    return this.plain.has(point);
  }

  combinationHasX(u: bigint, v: bigint, Q: AffinePoint, r: bigint): boolean {
    if (!this.combine(u, v, Q)) return this.plain.combinationHasX(u, v, Q, r);
    const { machine, field, parameters } = this;
    const [zz, scaled] = [SPARE, SPARE + ELEMENT_BYTES];
    const x = this.read(SUM + X);
    machine.sqr(zz, SUM + Z);
    for (let candidate = r; candidate < field.p; candidate += parameters.q) {
      this.write(scaled, candidate);
      machine.mul(scaled, scaled, zz);
      if (this.read(scaled) === x) return true;
    }
    return false;
  }

  multiplyAdd(u: bigint, v: bigint, Q: AffinePoint): AffinePoint | undefined {
    if (!this.combine(u, v, Q)) return this.plain.multiplyAdd(u, v, Q);
    this.write(SPARE, this.invertElement(this.read(SUM + Z)));
    return this.affine();
  }

  /**
   * k·G for a secret k in 1…q−1. The odd one of k and q − k is Σ dᵢ·32^i with every dᵢ odd and |dᵢ| < 32: each digit is an addition of
   * an entry of its row, which is read whole.
   */
  multiplyGenerator(k: bigint): AffinePoint {
    const { machine } = this;
    const { q } = this.parameters;
    this.buildRows();
    const negated = 1n - (k & 1n);
    const octets = bytesFromBigLE(k + negated * (q - 2n * k), 64);
    const window = (i: number): number => {
      const bit = i * WINDOW_BITS + 1;
      return (((octets[bit >> 3]! | ((octets[(bit >> 3) + 1] ?? 0) << 8)) >> (bit & 7)) & 31) >>> 0;
    };
    machine.select(SUM, ROWS + (WINDOWS - 1) * ROW_BYTES, ROW_POINTS, window(WINDOWS - 1));
    this.copy(ONE, SUM + Z, ELEMENT_BYTES);
    for (let i = WINDOWS - 2; i >= 0; i--) {
      const bits = window(i); // the digit is 2·bits − 31
      const minus = 1 - (bits >> 4);
      machine.select(SPARE, ROWS + i * ROW_BYTES, ROW_POINTS, (bits ^ -minus) & (ROW_POINTS - 1));
      machine.add(SUM, SPARE, minus);
    }
    if (this.read(SUM + Z) === 0n) return this.plain.multiplyGenerator(k); // a handful of scalars, such as q − 2
    this.invertSecret(SPARE, SUM + Z);
    const { x, y } = this.affine();
    return { x, y: y + negated * (this.field.p - 2n * y) };
  }

  /** u·G + v·Q into SUM; false when it is infinity or cannot be told this way. */
  private combine(u: bigint, v: bigint, Q: AffinePoint): boolean {
    const { machine } = this;
    this.buildGeneratorTable();
    this.writePoint(SPARE, Q);
    this.oddMultiples(SPARE, oddCount(KEY_WIDTH), BATCH_POINTS);
    if (!this.normalise(oddCount(KEY_WIDTH), KEY_TABLE)) return false;
    const terms = [
      { digits: nonAdjacentForm(u, GENERATOR_WIDTH), table: GENERATOR_TABLE },
      { digits: nonAdjacentForm(v, KEY_WIDTH), table: KEY_TABLE },
    ];
    let started = false;
    for (let i = Math.max(...terms.map(({ digits }) => digits.length)) - 1; i >= 0; i--) {
      if (started) machine.double(SUM);
      for (const { digits, table } of terms) {
        const digit = digits[i] ?? 0;
        if (digit === 0) continue;
        const entry = table + (Math.abs(digit) >> 1) * AFFINE_BYTES;
        if (!started) this.copy(ONE, SUM + Z, ELEMENT_BYTES);
        if (started) machine.add(SUM, entry, digit < 0 ? 1 : 0);
        else this.copy(entry, SUM, AFFINE_BYTES);
        started = true;
      }
    }
    return started && this.read(SUM + Z) !== 0n;
  }

  /** SUM as an affine point, the inverse of its Z at SPARE. */
  private affine(): AffinePoint {
    const { machine } = this;
    const [inverse, square, x, y] = [0, 1, 2, 3].map((i) => SPARE + i * ELEMENT_BYTES) as [number, number, number, number];
    machine.sqr(square, inverse);
    machine.mul(x, SUM + X, square);
    machine.mul(square, square, inverse);
    machine.mul(y, SUM + Y, square);
    return { x: this.read(x), y: this.read(y) };
  }

  /** P, 3P, 5P … of the affine P at `point`, Jacobian, at `to`. May leave Z ≡ 0 when P is not on the curve. */
  private oddMultiples(point: number, count: number, to: number): void {
    const { machine } = this;
    this.copy(point, TWICE, AFFINE_BYTES);
    this.copy(ONE, TWICE + Z, ELEMENT_BYTES);
    machine.double(TWICE);
    // Where z of 2P is 1, on an isomorphic curve, 2P is affine as it stands; additions do not depend on the coefficients.
    machine.sqr(to + Z, TWICE + Z);
    machine.mul(to + X, point + X, to + Z);
    machine.mul(to + Z, to + Z, TWICE + Z);
    machine.mul(to + Y, point + Y, to + Z);
    this.copy(ONE, to + Z, ELEMENT_BYTES);
    for (let i = 1; i < count; i++) {
      const next = to + i * JACOBIAN_BYTES;
      this.copy(next - JACOBIAN_BYTES, next, JACOBIAN_BYTES);
      machine.add(next, TWICE, 0);
    }
    for (let i = 0; i < count; i++) {
      const z = to + i * JACOBIAN_BYTES + Z;
      machine.mul(z, z, TWICE + Z);
    }
  }

  /** The first points of the batch in affine form to a table, with one inversion (Montgomery's trick). False when a Z is 0. */
  private normalise(count: number, table: number): boolean {
    const { machine } = this;
    const prefix = (i: number): number => PREFIXES + i * ELEMENT_BYTES;
    const point = (i: number): number => BATCH_POINTS + i * JACOBIAN_BYTES;
    this.copy(point(0) + Z, prefix(0), ELEMENT_BYTES);
    for (let i = 1; i < count; i++) machine.mul(prefix(i), prefix(i - 1), point(i) + Z);
    const product = this.read(prefix(count - 1));
    if (product === 0n) return false;
    const [inverse, z, zz] = [SPARE, SPARE + ELEMENT_BYTES, SPARE + 2 * ELEMENT_BYTES];
    this.write(inverse, this.invertElement(product));
    for (let i = count - 1; i >= 0; i--) {
      machine.mul(z, inverse, i === 0 ? ONE : prefix(i - 1));
      machine.mul(inverse, inverse, point(i) + Z);
      machine.sqr(zz, z);
      machine.mul(table + i * AFFINE_BYTES + X, point(i) + X, zz);
      machine.mul(zz, zz, z);
      machine.mul(table + i * AFFINE_BYTES + Y, point(i) + Y, zz);
    }
    return true;
  }

  private buildGeneratorTable(): void {
    if (this.hasGeneratorTable) return;
    this.writePoint(SPARE, this.generator);
    this.oddMultiples(SPARE, oddCount(GENERATOR_WIDTH), BATCH_POINTS);
    this.normalise(oddCount(GENERATOR_WIDTH), GENERATOR_TABLE);
    this.hasGeneratorTable = true;
  }

  /** Row i holds 1, 3 … 31 times 32^i·G. */
  private buildRows(): void {
    if (this.hasRows) return;
    this.writePoint(SUM, this.generator);
    for (let i = 0; i < WINDOWS; i++) {
      this.oddMultiples(SUM, ROW_POINTS, BATCH_POINTS);
      this.normalise(ROW_POINTS, ROWS + i * ROW_BYTES);
      this.copy(ONE, SUM + Z, ELEMENT_BYTES);
      for (let bit = 0; bit < WINDOW_BITS; bit++) this.machine.double(SUM);
      this.copy(SUM, BATCH_POINTS, JACOBIAN_BYTES);
      this.normalise(1, SUM);
    }
    this.hasRows = true;
  }

  /** z^(p−2) (Fermat): the same operations for every z. */
  private invertSecret(to: number, z: number): void {
    const { machine } = this;
    const [run, saved] = [SPARE + ELEMENT_BYTES, SPARE + 2 * ELEMENT_BYTES];
    const square = (times: number): void => {
      for (let i = 0; i < times; i++) machine.sqr(run, run);
    };
    // p − 2 is 502 ones and the ten bits 0111000101: first z^(2^n − 1) for growing n
    this.copy(z, run, ELEMENT_BYTES);
    let ones = 1;
    for (const bit of (502).toString(2).slice(1)) {
      this.copy(run, saved, ELEMENT_BYTES);
      square(ones);
      machine.mul(run, run, saved);
      ones *= 2;
      if (bit === '0') continue;
      square(1);
      machine.mul(run, run, z);
      ones++;
    }
    for (const bit of '0111000101') {
      square(1);
      if (bit === '1') machine.mul(run, run, z);
    }
    this.copy(run, to, ELEMENT_BYTES);
  }

  private copy(from: number, to: number, bytes: number): void {
    this.memory.copyWithin(to, from, from + bytes);
  }

  private writePoint(address: number, point: AffinePoint): void {
    this.write(address + X, point.x);
    this.write(address + Y, point.y);
  }

  /** Writes limbs with a sign, |limb| ≤ 2^28. */
  private write(address: number, value: bigint): void {
    let rest = value;
    for (let i = 0; i < LIMBS; i++) {
      const limb = BigInt.asIntN(LIMB_BITS, rest);
      this.limbs[address / 4 + i] = Number(limb);
      rest = (rest - limb) >> BigInt(LIMB_BITS);
    }
  }

  /** The element in 0…p−1. */
  private read(address: number): bigint {
    let value = 0n;
    for (let i = LIMBS - 1; i >= 0; i--) value = (value << BigInt(LIMB_BITS)) + BigInt(this.limbs[address / 4 + i]!);
    return this.field.canonical(value);
  }
}
