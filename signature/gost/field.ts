/** Arithmetic modulo 2^bits − c for a small c, on BigInt; values between operations may be a little outside 0…p−1. */
export class PseudoMersenneField {
  readonly p: bigint;
  private readonly width: bigint;

  constructor(
    private readonly bits: number,
    private readonly c: bigint,
  ) {
    this.width = BigInt(bits);
    this.p = (1n << this.width) - c;
  }

  /** x·y. The high half counts c times: one fold leaves some thirty bits above the width, the second removes them. */
  mul(x: bigint, y: bigint): bigint {
    const product = x * y;
    const folded = (product >> this.width) * this.c + BigInt.asUintN(this.bits, product);
    return (folded >> this.width) * this.c + BigInt.asUintN(this.bits, folded);
  }

  /** The value in 0…p−1. */
  canonical(x: bigint): bigint {
    return modulo(x, this.p);
  }

  inverse(x: bigint): bigint {
    return invert(x, this.p);
  }
}

/** x mod m in 0…m−1. */
export function modulo(x: bigint, m: bigint): bigint {
  const r = x % m;
  return r < 0n ? r + m : r;
}

/** x⁻¹ mod m by Euclid's algorithm; the time depends on x, so for public values, or blinded ones. Throws for 0. */
export function invert(x: bigint, m: bigint): bigint {
  let [a, b] = [modulo(x, m), m];
  let [u, v] = [1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b] = [b % a, a];
    [u, v] = [v - quotient * u, u];
  }
  if (a === 0n) throw new RangeError('zero has no inverse');
  return modulo(u, m);
}
