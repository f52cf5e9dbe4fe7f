import { randomBytes } from 'node:crypto';
import { bigFromBytes, toHex } from '../../signature/bytes';
import { Curve, type AffinePoint } from '../../signature/gost/curve';
import { FastCurve, startFastCurve } from '../../signature/gost/curve-fast';
import { CRYPTOPRO_A, TC26_512_A } from '../../signature/gost/curves';
import { invert } from '../../signature/gost/field';
import { createInverter } from '../../signature/gost/inverse-fast';
import type * as Gost3410 from '../../signature/gost/gost3410';
import { Streebog } from '../../signature/gost/streebog';
import { createStreebog } from '../../signature/gost/streebog-fast';
import type * as StreebogFast from '../../signature/gost/streebog-fast';
import { AFFINE_BYTES, curveModule, FREE_MEMORY, type CurveFunction } from '../../signature/wasm/curve-module';
import { ELEMENT_BYTES, LIMB_BITS, LIMBS } from '../../signature/wasm/field-code';
import { instantiate } from '../../signature/wasm/instance';
import { inverseModule } from '../../signature/wasm/inverse-module';
import { streebogModule } from '../../signature/wasm/streebog-module';

/** Lengths on both sides of every border: of a block, of the window of the module's memory. */
const lengths = [...Array.from({ length: 200 }, (_, n) => n), 32767, 32768, 32769, 32831, 65535, 65536, 100_001];

describe('Streebog in WebAssembly', () => {
  test.each([512, 256] as const)('%d bits: equals the plain one for every length', (bits) => {
    expect(createStreebog(bits)).not.toBeInstanceOf(Streebog);
    for (const length of lengths) {
      const data = randomBytes(length);
      expect(toHex(createStreebog(bits).update(data).digest())).toBe(toHex(new Streebog(bits).update(data).digest()));
    }
  });

  test('equals the plain one however the data is cut, hashers in turns', () => {
    const data = randomBytes(150_000);
    const fast = [createStreebog(512), createStreebog(256)];
    const plain = [new Streebog(512), new Streebog(256)];
    const cuts = [0, 1, 63, 64, 65, 127, 128, 4096, 32768, 32768, 1, 70_000, 7];
    let at = 0;
    for (const cut of [...cuts, data.length]) {
      const piece = data.subarray(at, at + cut);
      for (const hasher of [...fast, ...plain]) hasher.update(piece);
      at += cut;
    }
    expect(fast.map((hasher) => toHex(hasher.digest()))).toEqual(plain.map((hasher) => toHex(hasher.digest())));
  });

  test('carries through the whole sum of the blocks', () => {
    const data = new Uint8Array(64 * 7).fill(0xff);
    data[64] = 1; // FF…FF + 00…01 and later carries that run through every word
    data.fill(0, 65, 128);
    expect(toHex(createStreebog(512).update(data).digest())).toBe(toHex(new Streebog(512).update(data).digest()));
  });

  test('data inside a larger buffer is read from its own offset', () => {
    const buffer = randomBytes(1000);
    const view = buffer.subarray(13, 713);
    expect(toHex(createStreebog(512).update(view).digest())).toBe(toHex(new Streebog(512).update(Uint8Array.from(view)).digest()));
  });
});

describe('points of the 512-bit curve in WebAssembly', () => {
  const plain = new Curve(TC26_512_A);
  const fast = startFastCurve(plain)!;
  const { q } = TC26_512_A;
  const G = plain.generator;
  const scalar = (): bigint => (bigFromBytes(randomBytes(72)) % (q - 1n)) + 1n;
  const negative = ({ x, y }: AffinePoint): AffinePoint => ({ x, y: plain.field.p - y });

  test('exist for this curve only', () => {
    expect(fast).toBeInstanceOf(FastCurve);
    expect(startFastCurve(new Curve(CRYPTOPRO_A))).toBeUndefined();
    expect(startFastCurve(new Curve({ ...TC26_512_A, a: 5n }))).toBeUndefined();
  });

  test('a secret multiple of the generator equals the plain one', () => {
    const near = Array.from({ length: 34 }, (_, i) => [BigInt(i + 1), q - BigInt(i + 1)]).flat();
    const powers = [5n, 64n, 255n, 256n, 510n, 511n].flatMap((bit) => [1n << bit, (1n << bit) - 1n]);
    for (const k of [...near, ...powers, q >> 1n, (q >> 1n) + 1n, ...Array.from({ length: 20 }, scalar)]) {
      expect(fast.multiplyGenerator(k)).toEqual(plain.multiplyGenerator(k));
    }
  });

  test('u·G + v·Q equals the plain one, with infinity and P = ±Q on the way', () => {
    const Q = plain.multiplyGenerator(scalar());
    const u = scalar();
    const cases: [bigint, bigint, AffinePoint][] = [
      [0n, 0n, Q],
      [1n, 0n, Q],
      [0n, 1n, Q],
      [q, 0n, Q],
      [0n, q, Q],
      [1n, 1n, G],
      [1n, 1n, negative(G)],
      [q - 1n, 1n, G],
      [q - 1n, 2n, G],
      [5n, 3n, G],
      [u, u, G],
      [u, u, negative(G)],
      [u, q - u, G],
      [q - 1n, q - 1n, Q],
      ...Array.from({ length: 20 }, (): [bigint, bigint, AffinePoint] => [scalar(), scalar(), plain.multiplyGenerator(scalar())]),
    ];
    for (const [a, b, P] of cases) expect(fast.multiplyAdd(a, b, P)).toEqual(plain.multiplyAdd(a, b, P));
  });

  test('the x coordinate is told as the plain one does', () => {
    for (let i = 0; i < 10; i++) {
      const [u, v, Q] = [scalar(), scalar(), plain.multiplyGenerator(scalar())];
      const r = plain.multiplyAdd(u, v, Q)!.x % q;
      expect(fast.combinationHasX(u, v, Q, r)).toBe(true);
      expect(fast.combinationHasX(u, v, Q, r ^ 1n)).toBe(false);
    }
    expect(fast.combinationHasX(q - 1n, 1n, G, G.x)).toBe(false);
    expect(fast.combinationHasX(q - 1n, 2n, G, G.x)).toBe(true);
  });

  test('the least usual field elements are multiplied right', () => {
    // The formulas do not use b: whatever x and y are, they are a point of some curve, and both compute there.
    const { p } = plain.field;
    const odd = [0n, 1n, 2n, p - 1n, p - 2n, ((1n << 512n) - 1n) % p, p >> 1n, (1n << 28n) - 1n, 1n << 28n, ((1n << 493n) - 1n) << 18n];
    for (const x of odd)
      for (const y of [1n, p - 1n, 0x1000_0001n])
        expect(fast.multiplyAdd(0n, 0xdeadbeefn, { x, y })).toEqual(plain.multiplyAdd(0n, 0xdeadbeefn, { x, y }));
  });
});

describe('field elements of eighteen limbs', () => {
  const { memory, functions } = instantiate<CurveFunction>(curveModule)!;
  const settled = (1 << 28) + (1 << 24);
  const p = (1n << 512n) - 569n;
  const [a, b, out] = [0, 1, 2].map((i) => new Int32Array(memory, FREE_MEMORY + i * ELEMENT_BYTES, LIMBS)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const valueOf = (limbs: Int32Array): bigint => limbs.reduceRight((value, limb) => (value << BigInt(LIMB_BITS)) + BigInt(limb), 0n);
  const residue = (x: bigint): bigint => ((x % p) + p) % p;
  const signs = [
    () => 1,
    () => -1,
    (i: number) => (i % 2 ? 1 : -1),
    (i: number) => (i < 9 ? 1 : -1),
    () => (randomBytes(1)[0]! < 128 ? 1 : -1),
  ];

  test.each([
    [1, 1],
    [5, 1],
    [1, 5],
    [2, 2],
  ])('products of limbs as large as %i and %i times a settled one do not overflow and are settled', (first, second) => {
    for (const sign of signs) {
      for (const other of signs) {
        a.set(Int32Array.from({ length: LIMBS }, (_, i) => sign(i) * first * settled));
        b.set(Int32Array.from({ length: LIMBS }, (_, i) => other(i) * second * settled));
        functions.mul(out.byteOffset, a.byteOffset, b.byteOffset);
        expect(residue(valueOf(out))).toBe(residue(valueOf(a) * valueOf(b)));
        expect(Math.max(...out.map(Math.abs))).toBeLessThanOrEqual(settled);
        if (first !== second) continue;
        functions.sqr(out.byteOffset, a.byteOffset);
        expect(residue(valueOf(out))).toBe(residue(valueOf(a) ** 2n));
        expect(Math.max(...out.map(Math.abs))).toBeLessThanOrEqual(settled);
      }
    }
  });

  test('an entry is selected from its row by every index', () => {
    const row = FREE_MEMORY + 3 * ELEMENT_BYTES;
    const entries = new Uint8Array(memory, row, 16 * AFFINE_BYTES);
    entries.set(randomBytes(entries.length));
    for (let i = 0; i < 16; i++) {
      functions.select(out.byteOffset - ELEMENT_BYTES, row, 16, i);
      expect(toHex(new Uint8Array(memory, out.byteOffset - ELEMENT_BYTES, AFFINE_BYTES))).toBe(
        toHex(entries.subarray(i * AFFINE_BYTES, (i + 1) * AFFINE_BYTES)),
      );
    }
  });
});

describe('inversion by division steps', () => {
  const { q } = TC26_512_A;
  const p = (1n << 512n) - 569n;

  test.each([
    ['the order', q],
    ['the field prime', p],
    ['a small modulus', 0xfffffffbn],
  ])('equals Euclid modulo %s', (_, m) => {
    const inverse = createInverter(m);
    const edges = [1n, 2n, 3n, m - 1n, m - 2n, m >> 1n, (m >> 1n) + 1n, (1n << 30n) % m, ((1n << 480n) + 1n) % m, m + 2n, -1n];
    for (const x of [...edges, ...Array.from({ length: 200 }, () => bigFromBytes(randomBytes(64)) % m)]) {
      if (x % m !== 0n) expect(inverse(x)).toBe(invert(x, m));
    }
    expect(() => inverse(0n)).toThrow(RangeError);
    expect(() => inverse(m)).toThrow(RangeError);
  });
});

test('every module is valid, and where there is no WebAssembly the plain implementations serve', () => {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } };
  for (const bytes of [streebogModule(), curveModule(), inverseModule()]) expect(WebAssembly.validate(bytes)).toBe(true);
  jest.isolateModules(() => {
    Object.defineProperty(globalThis, 'WebAssembly', { value: undefined, configurable: true, writable: true });
    try {
      const streebog = jest.requireActual<typeof StreebogFast>('../../signature/gost/streebog-fast');
      const { generateGostKey, signGost, verifyGost } = jest.requireActual<typeof Gost3410>('../../signature/gost/gost3410');
      const hasher = streebog.createStreebog(512);
      expect(hasher.constructor.name).toBe('Streebog');
      const value = hasher.update(Buffer.from('abc')).digest();
      expect(toHex(value)).toBe(toHex(new Streebog(512).update(Buffer.from('abc')).digest()));
      const { d, publicKey } = generateGostKey('gost2015');
      expect(verifyGost('gost2015', publicKey, value, signGost('gost2015', d, value))).toBe(true);
    } finally {
      Object.defineProperty(globalThis, 'WebAssembly', { value: WebAssembly, configurable: true, writable: true });
    }
  });
});
