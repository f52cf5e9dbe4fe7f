import { INVERSE_LAYOUT as AT, INVERSE_LIMB_BITS as BITS, INVERSE_LIMBS as LIMBS, inverseModule } from '../wasm/inverse-module';
import { instantiate } from '../wasm/instance';
import { invert, modulo } from './field';

interface Machine {
  readonly limbs: Int32Array;
  readonly updateFg: (u: number, v: number, q: number, r: number) => void;
  readonly updateDe: (u: number, v: number, q: number, r: number, n: number) => void;
}

let machine: Machine | null | undefined;
const LOW = BigInt((1 << BITS) - 1);

/** `invert` for one odd modulus of at most 512 bits, in WebAssembly where there is one. Its time depends on x: for public values. */
export function createInverter(m: bigint): (x: bigint) => bigint {
  const n = Number(invert(m, 1n << BigInt(BITS)));
  return (x) => {
    if (machine === undefined) machine = start();
    return machine ? fastInvert(machine, modulo(x, m), m, n) : invert(x, m);
  };
}

function start(): Machine | null {
  const instance = instantiate<'updateFg' | 'updateDe'>(inverseModule);
  return instance ? { limbs: new Int32Array(instance.memory), ...instance.functions } : null;
}

/** f and g go from (m, x) to (±1, 0) while d·x ≡ f and e·x ≡ g (mod m) hold. */
function fastInvert({ limbs, updateFg, updateDe }: Machine, x: bigint, m: bigint, n: number): bigint {
  if (x === 0n) throw new RangeError('zero has no inverse');
  write(limbs, AT.f, m);
  write(limbs, AT.g, x);
  write(limbs, AT.d, 0n);
  write(limbs, AT.e, 1n);
  write(limbs, AT.modulus, m);
  let eta = -1;
  while (!isZero(limbs, AT.g)) {
    // Thirty division steps on the low bits, the even ones several at a time; each product fits into 32 bits.
    let [f, g] = [low32(limbs, AT.f), low32(limbs, AT.g)];
    let [u, v, q, r] = [1, 0, 0, 1];
    for (let left = BITS; ;) {
      const zeros = Math.min(left, (31 - Math.clz32(g & -g)) & 63);
      g >>= zeros;
      u <<= zeros;
      v <<= zeros;
      eta -= zeros;
      left -= zeros;
      if (left === 0) break;
      if (eta < 0) {
        eta = -eta;
        [f, g] = [g, -f | 0];
        [u, q] = [q, -u | 0];
        [v, r] = [r, -v | 0];
      }
      // −g/f modulo up to 2^6: as many low bits of g as the next steps would clear one by one
      const clears = Math.min(eta + 1, left, 6);
      const w = Math.imul(Math.imul(f, g), Math.imul(f, f) - 2) & ((1 << clears) - 1);
      g = (g + Math.imul(f, w)) | 0;
      q = (q + Math.imul(u, w)) | 0;
      r = (r + Math.imul(v, w)) | 0;
    }
    updateDe(u, v, q, r, n);
    updateFg(u, v, q, r);
  }
  const d = read(limbs, AT.d);
  return modulo(limbs[AT.f / 4 + LIMBS - 1]! < 0 ? -d : d, m);
}

const low32 = (limbs: Int32Array, address: number): number => limbs[address / 4]! | (limbs[address / 4 + 1]! << BITS);

function isZero(limbs: Int32Array, address: number): boolean {
  for (let i = 0; i < LIMBS; i++) if (limbs[address / 4 + i] !== 0) return false;
  return true;
}

function write(limbs: Int32Array, address: number, value: bigint): void {
  for (let i = 0; i < LIMBS; i++) limbs[address / 4 + i] = Number((value >> BigInt(i * BITS)) & LOW);
}

function read(limbs: Int32Array, address: number): bigint {
  let value = 0n;
  for (let i = LIMBS - 1; i >= 0; i--) value = (value << BigInt(BITS)) + BigInt(limbs[address / 4 + i]!);
  return value;
}
