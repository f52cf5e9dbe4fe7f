import { createHmac, randomBytes } from 'node:crypto';
import { bigFromBytes, bigFromBytesLE, bytesFromBigLE, concatBytes } from '../bytes';
import type { AffinePoint, Group } from './curve';
import { createCurve } from './curve-fast';
import { CRYPTOPRO_A, TC26_512_A } from './curves';
import { modulo } from './field';

/** The two curves Kazakhstan's certificates use: GOST 34.10-2015 with 512 bits and GOST 34.310-2004 with 256. */
export type GostFamily = 'gost2015' | 'gost2004';
export const CURVES: Readonly<Record<GostFamily, Group>> = { gost2015: createCurve(TC26_512_A), gost2004: createCurve(CRYPTOPRO_A) };

/** A public key read from x‖y, each little-endian; undefined unless it is a point of the curve. */
export function readPublicKey(family: GostFamily, octets: Uint8Array): AffinePoint | undefined {
  const curve = CURVES[family];
  const { bytes } = curve.parameters;
  if (octets.length !== 2 * bytes) return undefined;
  const point = { x: bigFromBytesLE(octets.subarray(0, bytes)), y: bigFromBytesLE(octets.subarray(bytes)) };
  return curve.has(point) ? point : undefined;
}

/** x‖y of a point, each little-endian. */
export function writePublicKey(family: GostFamily, point: AffinePoint): Uint8Array {
  const { bytes } = CURVES[family].parameters;
  return concatBytes([bytesFromBigLE(point.x, bytes), bytesFromBigLE(point.y, bytes)]);
}

/** Verifies r‖s (each little-endian) over a digest read as a little-endian integer; no other layout is tried. */
export function verifyGost(family: GostFamily, key: AffinePoint, digest: Uint8Array, signature: Uint8Array): boolean {
  const curve = CURVES[family];
  const { bytes, q } = curve.parameters;
  if (signature.length !== 2 * bytes || digest.length !== bytes) return false;
  const r = bigFromBytesLE(signature.subarray(0, bytes));
  const s = bigFromBytesLE(signature.subarray(bytes));
  if (r === 0n || r >= q || s === 0n || s >= q) return false;
  const v = curve.invertScalar(digestInteger(digest, q));
  return curve.combinationHasX((s * v) % q, modulo(-r * v, q), key, r);
}

/** Signs a digest; the nonce is derived from key and digest (RFC 6979 §3.2 with HMAC-SHA-512) and hedged with fresh randomness. */
export function signGost(family: GostFamily, d: bigint, digest: Uint8Array): Uint8Array {
  const curve = CURVES[family];
  const { bytes, q } = curve.parameters;
  const e = digestInteger(digest, q);
  for (const k of nonces(d, digest, q, bytes)) {
    const r = curve.multiplyGenerator(k).x % q;
    const s = (r * d + k * e) % q;
    if (r !== 0n && s !== 0n) return concatBytes([bytesFromBigLE(r, bytes), bytesFromBigLE(s, bytes)]);
  }
  throw new Error('unreachable: the nonce sequence has no end');
}

/** A fresh key pair. */
export function generateGostKey(family: GostFamily): { d: bigint; publicKey: AffinePoint } {
  const curve = CURVES[family];
  const { bytes, q } = curve.parameters;
  for (;;) {
    const d = bigFromBytes(randomBytes(bytes));
    if (d > 0n && d < q) return { d, publicKey: curve.multiplyGenerator(d) };
  }
}

/** The public point of a private scalar in 1…q−1. */
export function publicPoint(family: GostFamily, d: bigint): AffinePoint {
  const curve = CURVES[family];
  if (d <= 0n || d >= curve.parameters.q) throw new RangeError('private key is out of range');
  return curve.multiplyGenerator(d);
}

function digestInteger(digest: Uint8Array, q: bigint): bigint {
  const e = bigFromBytesLE(digest) % q;
  return e === 0n ? 1n : e;
}

function* nonces(d: bigint, digest: Uint8Array, q: bigint, bytes: number): Generator<bigint> {
  const seed = concatBytes([bytesFromBigLE(d, bytes), digest, randomBytes(32)]);
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Uint8Array => createHmac('sha512', key).update(concatBytes(parts)).digest();
  let V: Uint8Array = new Uint8Array(64).fill(1);
  let K: Uint8Array = new Uint8Array(64);
  for (const mark of [0, 1]) {
    K = hmac(K, V, Uint8Array.of(mark), seed);
    V = hmac(K, V);
  }
  for (;;) {
    V = hmac(K, V);
    const k = bigFromBytes(V.subarray(0, bytes));
    if (k > 0n && k < q) yield k;
    K = hmac(K, V, Uint8Array.of(0));
    V = hmac(K, V);
  }
}
