import type { Hasher } from './hasher';
import { LS_TABLE as T, ROUND_CONSTANTS } from './streebog-tables';

const BLOCK = 64;
const WORDS = 16;

/**
 * Streebog (GOST R 34.11-2012, RFC 6986) of 512 or 256 bits, fed piece by piece; the digest is in the natural octet order used by
 * messageDigest and messageImprint. All vectors of the standard are kept as sixteen little-endian 32-bit words.
 */
export class Streebog implements Hasher {
  private readonly h = new Int32Array(WORDS);
  private readonly lengthBits = new Int32Array(WORDS);
  private readonly checksum = new Int32Array(WORDS);
  private readonly block = new Uint8Array(BLOCK);
  private readonly blockWords = new Int32Array(this.block.buffer);
  private filled = 0;

  constructor(private readonly bits: 512 | 256) {
    if (bits === 256) this.h.fill(0x01010101);
  }

  update(data: Uint8Array): this {
    let at = 0;
    while (at < data.length) {
      const take = Math.min(BLOCK - this.filled, data.length - at);
      this.block.set(data.subarray(at, at + take), this.filled);
      this.filled += take;
      at += take;
      if (this.filled === BLOCK) this.absorb(BLOCK * 8);
    }
    return this;
  }

  /** RFC 6986 §7: the tail is followed by one bit and zeros, then the length and the sum of all blocks are compressed. */
  digest(): Uint8Array {
    const tail = this.filled;
    this.block.fill(0, tail);
    this.block[tail] = 1;
    this.absorb(tail * 8);
    compress(this.h, ZERO, this.lengthBits);
    compress(this.h, ZERO, this.checksum);
    const octets = new Uint8Array(this.h.slice().buffer);
    return this.bits === 512 ? octets : octets.slice(32);
  }

  private absorb(bits: number): void {
    compress(this.h, this.lengthBits, this.blockWords);
    addSmall(this.lengthBits, bits);
    addTo(this.checksum, this.blockWords);
    this.filled = 0;
  }
}

const ZERO = new Int32Array(WORDS);
const key = new Int32Array(WORDS);
const state = new Int32Array(WORDS);
const scratch = new Int32Array(WORDS);

/** The compression function g_N(h, m) of RFC 6986 §6.6, in place on `h`. */
function compress(h: Int32Array, n: Int32Array, m: Int32Array): void {
  lps(h, n, key);
  lps(key, m, state);
  for (let round = 0; round < 11; round++) {
    lps(key, ROUND_CONSTANTS[round]!, key);
    lps(key, state, state);
  }
  lps(key, ROUND_CONSTANTS[11]!, key);
  for (let i = 0; i < WORDS; i++) h[i] = h[i]! ^ m[i]! ^ state[i]! ^ key[i]!;
}

/** out = LPS(a ⊕ b): word i of the result gathers octet i of every word. Unrolled: this is where all the time goes. */
function lps(a: Int32Array, b: Int32Array, out: Int32Array): void {
  for (let half = 0; half < 2; half++) {
    let w0 = a[half]! ^ b[half]!;
    let w1 = a[half + 2]! ^ b[half + 2]!;
    let w2 = a[half + 4]! ^ b[half + 4]!;
    let w3 = a[half + 6]! ^ b[half + 6]!;
    let w4 = a[half + 8]! ^ b[half + 8]!;
    let w5 = a[half + 10]! ^ b[half + 10]!;
    let w6 = a[half + 12]! ^ b[half + 12]!;
    let w7 = a[half + 14]! ^ b[half + 14]!;
    for (let i = half * 8; i < half * 8 + 8; i += 2) {
      const i0 = (w0 & 255) << 1;
      const i1 = ((w1 & 255) << 1) | 512;
      const i2 = ((w2 & 255) << 1) | 1024;
      const i3 = ((w3 & 255) << 1) | 1536;
      const i4 = ((w4 & 255) << 1) | 2048;
      const i5 = ((w5 & 255) << 1) | 2560;
      const i6 = ((w6 & 255) << 1) | 3072;
      const i7 = ((w7 & 255) << 1) | 3584;
      scratch[i] = T[i0]! ^ T[i1]! ^ T[i2]! ^ T[i3]! ^ T[i4]! ^ T[i5]! ^ T[i6]! ^ T[i7]!;
      scratch[i + 1] = T[i0 + 1]! ^ T[i1 + 1]! ^ T[i2 + 1]! ^ T[i3 + 1]! ^ T[i4 + 1]! ^ T[i5 + 1]! ^ T[i6 + 1]! ^ T[i7 + 1]!;
      w0 >>>= 8;
      w1 >>>= 8;
      w2 >>>= 8;
      w3 >>>= 8;
      w4 >>>= 8;
      w5 >>>= 8;
      w6 >>>= 8;
      w7 >>>= 8;
    }
  }
  out.set(scratch);
}
function addSmall(sum: Int32Array, value: number): void {
  let carry = value;
  for (let i = 0; carry !== 0 && i < WORDS; i++) {
    const total = (sum[i]! >>> 0) + carry;
    sum[i] = total | 0;
    carry = total > 0xffffffff ? 1 : 0;
  }
}

function addTo(sum: Int32Array, value: Int32Array): void {
  let carry = 0;
  for (let i = 0; i < WORDS; i++) {
    const total = (sum[i]! >>> 0) + (value[i]! >>> 0) + carry;
    sum[i] = total | 0;
    carry = total > 0xffffffff ? 1 : 0;
  }
}
