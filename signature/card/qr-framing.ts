import { createHash } from 'node:crypto';

/**
 * A signature as a row of QR codes. Each carries `KENSE/1/nn/mm/id/data` in the alphanumeric mode: part nn of mm (decimal, from 01), id
 * the first 16 hex digits of the SHA-256 of the whole in capitals, data the octets of the part in Base45 (RFC 9285). Any scanner gives
 * the text; `joinQrParts` puts the whole together, whatever the order.
 */
const FRAME = /^KENSE\/1\/(\d\d)\/(\d\d)\/([0-9A-F]{16})\/([0-9A-Z $%*+\-./:]+)$/;
/** Octets of one part: with its frame it fills version 25 at level M (1,451 characters). */
export const PART_OCTETS = 940;
/** A code holds two digits of parts. */
const MAX_PARTS = 99;
/** Longest octets that can be printed. */
export const MAX_QR_OCTETS = PART_OCTETS * MAX_PARTS;

/** Texts that cannot be put together into one signature. */
export class QrError extends Error {
  override readonly name = 'QrError';
}

/** The texts of the codes. Throws RangeError beyond MAX_QR_OCTETS or for nothing at all. */
export function splitIntoQr(bytes: Uint8Array): string[] {
  if (bytes.length === 0 || bytes.length > MAX_QR_OCTETS) throw new RangeError('not a length that can be printed as QR codes');
  const count = Math.ceil(bytes.length / PART_OCTETS);
  const id = idOf(bytes);
  return Array.from({ length: count }, (_, i) => {
    const data = encodeBase45(bytes.subarray(i * PART_OCTETS, (i + 1) * PART_OCTETS));
    return `KENSE/1/${twoDigits(i + 1)}/${twoDigits(count)}/${id}/${data}`;
  });
}

/** The octets that a complete set of texts carries, repeats and any order allowed. Throws QrError. */
export function joinQrParts(texts: readonly string[]): Uint8Array {
  const parts = new Map<number, Uint8Array>();
  let whole: { id: string; count: number } | undefined;
  for (const text of texts) {
    const [, n, m, id, data] = FRAME.exec(text.length > 2_000 ? '' : text) ?? [];
    if (n === undefined || m === undefined || id === undefined || data === undefined)
      throw new QrError('a code is not part of a signature');
    whole ??= { id, count: Number(m) };
    if (whole.id !== id || whole.count !== Number(m)) throw new QrError('the codes belong to different signatures');
    if (Number(n) < 1 || Number(n) > whole.count) throw new QrError('a part has a number that cannot be');
    parts.set(Number(n), decodeBase45(data));
  }
  if (!whole) throw new QrError('no code was given');
  const missing = Array.from({ length: whole.count }, (_, i) => i + 1).filter((n) => !parts.has(n));
  if (missing.length > 0) throw new QrError(`parts are missing: ${missing.join(', ')}`);
  const bytes = Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
  if (idOf(bytes) !== whole.id) throw new QrError('the parts do not make the signature they name');
  return bytes;
}

const twoDigits = (n: number): string => String(n).padStart(2, '0');
const idOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16).toUpperCase();

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** RFC 9285: two octets make three digits, a last single one makes two, least significant first. */
function encodeBase45(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 2) {
    const isPair = i + 1 < bytes.length;
    let value = isPair ? bytes[i]! * 256 + bytes[i + 1]! : bytes[i]!;
    for (let k = 0; k < (isPair ? 3 : 2); k++) {
      text += DIGITS[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

function decodeBase45(text: string): Uint8Array {
  if (text.length % 3 === 1) throw new QrError('a part is cut short');
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i += 3) {
    const group = [...text.slice(i, i + 3)].map((digit) => DIGITS.indexOf(digit));
    const value = group.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (value > (group.length === 3 ? 0xffff : 0xff)) throw new QrError('a part holds digits that cannot be');
    if (group.length === 3) bytes.push(value >> 8);
    bytes.push(value & 0xff);
  }
  return Uint8Array.from(bytes);
}
