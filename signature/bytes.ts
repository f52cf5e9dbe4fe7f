/** True when both arrays hold the same bytes; for public values only, the time depends on the content. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lower-case hex of the bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Bytes of a hex string. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** The non-negative integer whose big-endian octets are given. */
export function bigFromBytes(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** The non-negative integer whose little-endian octets are given. */
export function bigFromBytesLE(bytes: Uint8Array): bigint {
  return bigFromBytes(Uint8Array.from(bytes).reverse());
}

/** Little-endian octets of a non-negative integer, padded to `length`. */
export function bytesFromBigLE(value: bigint, length: number): Uint8Array {
  return fromHex(value.toString(16).padStart(length * 2, '0')).reverse();
}

/** All parts one after another. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
