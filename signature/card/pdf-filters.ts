import { inflateSync, constants } from 'node:zlib';
import { SignatureFormatError } from '../errors';
import type { Work } from '../work';
import { damaged } from './errors';

export interface Predictor {
  readonly predictor: number;
  readonly colors: number;
  readonly bits: number;
  readonly columns: number;
}

/** Undoes one filter of a stream (ISO 32000-2 §7.4); what comes out is taken from the budget. Throws CardError for filters that hold pictures. */
export function undoFilter(name: string, bytes: Uint8Array, work: Work): Uint8Array {
  switch (name) {
    case 'FlateDecode':
    case 'Fl':
      return inflate(bytes, work);
    case 'ASCIIHexDecode':
    case 'AHx':
      return asciiHex(bytes, work);
    case 'ASCII85Decode':
    case 'A85':
      return ascii85(bytes, work);
    default:
      throw damaged('a stream is packed in a way no attachment is');
  }
}

function inflate(bytes: Uint8Array, work: Work): Uint8Array {
  // Never more than is left is unpacked; one octet more shows that there was more.
  const room = work.left('unpackedBytes') + 1;
  try {
    const out = inflateSync(bytes, { maxOutputLength: room, finishFlush: constants.Z_SYNC_FLUSH });
    work.spend('unpackedBytes', out.length);
    return out;
  } catch (error) {
    if (error instanceof SignatureFormatError) throw error;
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw damaged('a stream cannot be unpacked');
    work.spend('unpackedBytes', room);
    throw error;
  }
}

const isSpace = (byte: number): boolean => byte === 0 || byte === 9 || byte === 10 || byte === 12 || byte === 13 || byte === 32;

/** The digit an octet stands for in hexadecimal, -1 for none. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function asciiHex(bytes: Uint8Array, work: Work): Uint8Array {
  work.spend('unpackedBytes', bytes.length >> 1);
  const out = new Uint8Array((bytes.length >> 1) + 1);
  let digits = 0;
  for (const byte of bytes) {
    if (byte === 0x3e) break;
    if (isSpace(byte)) continue;
    const digit = hexDigit(byte);
    if (digit < 0) throw damaged('a stream cannot be unpacked');
    out[digits >> 1]! |= digits % 2 === 0 ? digit << 4 : digit;
    digits++;
  }
  return out.subarray(0, (digits + 1) >> 1);
}

function ascii85(bytes: Uint8Array, work: Work): Uint8Array {
  let zeros = 0;
  for (const byte of bytes) if (byte === 0x7a) zeros++; // one sign for four octets
  const most = Math.ceil((bytes.length - zeros) / 5) * 4 + zeros * 4;
  work.spend('unpackedBytes', most);
  const out = new Uint8Array(most);
  let at = 0;
  let value = 0;
  let count = 0;
  const put = (octets: number): void => {
    for (let i = 0; i < octets; i++) out[at++] = Math.floor(value / 256 ** (3 - i)) & 0xff;
    value = 0;
    count = 0;
  };
  for (const byte of bytes) {
    if (byte === 0x7e) break;
    if (isSpace(byte)) continue;
    if (byte === 0x7a && count === 0) put(4);
    else if (byte < 0x21 || byte > 0x75) throw damaged('a stream cannot be unpacked');
    else {
      value = value * 85 + byte - 0x21;
      if (++count === 5) put(4);
    }
  }
  if (count > 1) {
    const octets = count - 1;
    for (; count < 5; count++) value = value * 85 + 84;
    put(octets);
  }
  return out.subarray(0, at);
}

/** Undoes a PNG predictor (§7.4.4.4), which cross-reference streams use. */
export function undoPredictor(bytes: Uint8Array, { predictor, colors, bits, columns }: Predictor, work: Work): Uint8Array {
  if (predictor < 10) return bytes;
  const step = Math.max(1, (colors * bits) >> 3);
  const width = Math.ceil((colors * bits * columns) / 8);
  if (!Number.isInteger(width) || width < 1 || width > 1 << 20) throw damaged('a stream has rows of no size');
  const rows = Math.floor(bytes.length / (width + 1));
  work.spend('unpackedBytes', rows * width);
  const out = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const kind = bytes[row * (width + 1)]!;
    for (let i = 0; i < width; i++) {
      const at = row * width + i;
      const left = i >= step ? out[at - step]! : 0;
      const up = row > 0 ? out[at - width]! : 0;
      const corner = row > 0 && i >= step ? out[at - width - step]! : 0;
      out[at] = bytes[at + row + 1]! + predicted(kind, left, up, corner);
    }
  }
  return out;
}

function predicted(kind: number, left: number, up: number, corner: number): number {
  switch (kind) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
      return a <= b && a <= c ? left : b <= c ? up : corner;
    }
    default:
      return 0;
  }
}
