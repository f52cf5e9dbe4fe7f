import type { Hasher } from './hasher';

const BLOCK = 32;

/** id-GostR3411-94-TestParamSet of RFC 4357 §11.2, the row of the lowest nibble first: the one Kazakhstan's GOST 34.311-95 uses. */
const S_BOX = [
  [0x4, 0xa, 0x9, 0x2, 0xd, 0x8, 0x0, 0xe, 0x6, 0xb, 0x1, 0xc, 0x7, 0xf, 0x5, 0x3],
  [0xe, 0xb, 0x4, 0xc, 0x6, 0xd, 0xf, 0xa, 0x2, 0x3, 0x8, 0x1, 0x0, 0x7, 0x5, 0x9],
  [0x5, 0x8, 0x1, 0xd, 0xa, 0x3, 0x4, 0x2, 0xe, 0xf, 0xc, 0x7, 0x6, 0x0, 0x9, 0xb],
  [0x7, 0xd, 0xa, 0x1, 0x0, 0x8, 0x9, 0xf, 0xe, 0x4, 0x6, 0xc, 0xb, 0x2, 0x5, 0x3],
  [0x6, 0xc, 0x7, 0x1, 0x5, 0xf, 0xd, 0x8, 0x4, 0xa, 0x9, 0xe, 0x0, 0x3, 0xb, 0x2],
  [0x4, 0xb, 0xa, 0x0, 0x7, 0x2, 0x1, 0xd, 0x3, 0x6, 0x8, 0x5, 0x9, 0xc, 0xf, 0xe],
  [0xd, 0xb, 0x4, 0x1, 0x3, 0xf, 0x5, 0x9, 0x0, 0xa, 0xe, 0x7, 0x6, 0x8, 0x2, 0xc],
  [0x1, 0xf, 0xd, 0x0, 0x5, 0x7, 0xa, 0x4, 0x9, 0x2, 0x3, 0xe, 0x6, 0xb, 0x8, 0xc],
];

/** Substitution of one octet of the round function followed by the rotation by 11, for each of the four places. */
const SUBSTITUTE = Array.from({ length: 4 }, (_, place) =>
  Int32Array.from({ length: 256 }, (_unused, octet) => {
    const word = (S_BOX[place * 2]![octet & 15]! | (S_BOX[place * 2 + 1]![octet >> 4]! << 4)) << (place * 8);
    return (word << 11) | (word >>> 21);
  }),
);
const [S0, S1, S2, S3] = SUBSTITUTE as [Int32Array, Int32Array, Int32Array, Int32Array];

/** The only non-zero key constant, C3 of RFC 5831 §5.1, lowest word first. */
const C3 = Int32Array.of(0xff00ff00, 0xff00ff00, 0x00ff00ff, 0x00ff00ff, 0x00ffff00, 0xff0000ff, 0x000000ff, 0xff00ffff);

/** GOST 34.311-95 (RFC 5831 with the test S-box and zero start vector), fed piece by piece. */
export class Gost34311 implements Hasher {
  private readonly h = new Int32Array(8);
  private readonly checksum = new Int32Array(8);
  private readonly block = new Uint8Array(BLOCK);
  private readonly blockWords = new Int32Array(this.block.buffer);
  private filled = 0;
  private lengthBytes = 0;

  update(data: Uint8Array): this {
    for (let at = 0; at < data.length;) {
      const take = Math.min(BLOCK - this.filled, data.length - at);
      this.block.set(data.subarray(at, at + take), this.filled);
      this.filled += take;
      at += take;
      if (this.filled === BLOCK) this.absorb();
    }
    this.lengthBytes += data.length;
    return this;
  }

  /** The tail is filled with zeros; an empty tail adds no block. */
  digest(): Uint8Array {
    if (this.filled > 0) {
      this.block.fill(0, this.filled);
      this.absorb();
    }
    const bits = this.lengthBytes * 8;
    const length = new Int32Array(8);
    length[0] = bits | 0;
    length[1] = Math.floor(bits / 2 ** 32) | 0;
    step(this.h, length);
    step(this.h, this.checksum);
    return new Uint8Array(this.h.slice().buffer);
  }

  private absorb(): void {
    let carry = 0;
    for (let i = 0; i < 8; i++) {
      const total = (this.checksum[i]! >>> 0) + (this.blockWords[i]! >>> 0) + carry;
      this.checksum[i] = total | 0;
      carry = total > 0xffffffff ? 1 : 0;
    }
    step(this.h, this.blockWords);
    this.filled = 0;
  }
}

const u = new Int32Array(8);
const v = new Int32Array(8);
const key = new Int32Array(8);
const keyOctets = new Uint8Array(key.buffer);
const w = new Int32Array(8);
const wOctets = new Uint8Array(w.buffer);
const encrypted = new Int32Array(8);
const mixed = new Uint16Array(16 + 61);
const half = new Int32Array(8);

/** The step function χ of RFC 5831 §5, in place on `h`. */
function step(h: Int32Array, m: Int32Array): void {
  u.set(h);
  v.set(m);
  for (let i = 0; i < 4; i++) {
    if (i > 0) {
      transformA(u);
      if (i === 2) for (let j = 0; j < 8; j++) u[j] = u[j]! ^ C3[j]!;
      transformA(v);
      transformA(v);
    }
    for (let j = 0; j < 8; j++) w[j] = u[j]! ^ v[j]!;
    for (let j = 0; j < 32; j++) keyOctets[(j >> 3) + 4 * (j & 7)] = wOctets[j]!;
    encrypt(h[i * 2]!, h[i * 2 + 1]!, i * 2);
  }
  mix(encrypted, 12, half);
  for (let j = 0; j < 8; j++) half[j] = half[j]! ^ m[j]!;
  mix(half, 1, half);
  for (let j = 0; j < 8; j++) half[j] = half[j]! ^ h[j]!;
  mix(half, 61, h);
}

/** A(y4‖y3‖y2‖y1) = (y1⊕y2)‖y4‖y3‖y2 on 64-bit parts. */
function transformA(y: Int32Array): void {
  const low = y[0]! ^ y[2]!;
  const high = y[1]! ^ y[3]!;
  y.copyWithin(0, 2);
  y[6] = low;
  y[7] = high;
}

/** GOST 28147-89 in simple replacement mode under the current key; the key order turns for the last eight rounds. */
function encrypt(low: number, high: number, at: number): void {
  let a = low;
  let b = high;
  for (let round = 0; round < 32; round++) {
    const x = (a + key[round < 24 ? round & 7 : 7 - (round & 7)]!) | 0;
    const next = b ^ S0[x & 255]! ^ S1[(x >>> 8) & 255]! ^ S2[(x >>> 16) & 255]! ^ S3[x >>> 24]!;
    b = a;
    a = next;
  }
  encrypted[at] = b;
  encrypted[at + 1] = a;
}

/** ψ applied `times` times: a 16-word shift register with feedback. */
function mix(input: Int32Array, times: number, out: Int32Array): void {
  for (let i = 0; i < 8; i++) {
    mixed[i * 2] = input[i]! & 0xffff;
    mixed[i * 2 + 1] = input[i]! >>> 16;
  }
  for (let i = 0; i < times; i++) {
    mixed[i + 16] = mixed[i]! ^ mixed[i + 1]! ^ mixed[i + 2]! ^ mixed[i + 3]! ^ mixed[i + 12]! ^ mixed[i + 15]!;
  }
  for (let i = 0; i < 8; i++) out[i] = mixed[times + i * 2]! | (mixed[times + i * 2 + 1]! << 16);
}
