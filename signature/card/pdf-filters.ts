import { inflateSync, constants } from 'node:zlib';
import { CardError, damaged } from './errors';

const tooLarge = (): CardError => new CardError('card.too_large', 'The PDF unpacks to too much');

/** What may still be unpacked from one file: bombs stop here. */
export class Budget {
  constructor(private left: number) {}

  get room(): number {
    return this.left;
  }

  take(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) throw tooLarge();
  }
}

export interface Predictor {
  readonly predictor: number;
  readonly colors: number;
  readonly bits: number;
  readonly columns: number;
}

/** Undoes one filter of a stream (ISO 32000-2 §7.4). Throws CardError for filters that hold pictures. */
export function undoFilter(name: string, bytes: Uint8Array, budget: Budget): Uint8Array {
  switch (name) {
    case 'FlateDecode':
    case 'Fl':
      return inflate(bytes, budget);
    case 'ASCIIHexDecode':
    case 'AHx':
      return Buffer.from(Buffer.from(bytes).toString('latin1').split('>', 1)[0]!.replace(/\s/g, ''), 'hex');
    case 'ASCII85Decode':
    case 'A85':
      return ascii85(bytes);
    default:
      throw damaged('a stream is packed in a way no attachment is');
  }
}

function inflate(bytes: Uint8Array, budget: Budget): Uint8Array {
  if (budget.room <= 0) throw tooLarge();
  try {
    const out = inflateSync(bytes, { maxOutputLength: budget.room, finishFlush: constants.Z_SYNC_FLUSH });
    budget.take(out.length);
    return out;
  } catch (error) {
    if (error instanceof CardError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw damaged('a stream cannot be unpacked');
  }
}

function ascii85(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1').replace(/\s/g, '').split('~>', 1)[0]!;
  const out: number[] = [];
  let group: number[] = [];
  for (const sign of text) {
    if (sign === 'z' && group.length === 0) out.push(0, 0, 0, 0);
    else if (sign < '!' || sign > 'u') throw damaged('a stream cannot be unpacked');
    else if (group.push(sign.charCodeAt(0) - 33) === 5) {
      out.push(...fourOctets(group));
      group = [];
    }
  }
  if (group.length > 1) out.push(...fourOctets([...group, 84, 84, 84, 84].slice(0, 5)).slice(0, group.length - 1));
  return Uint8Array.from(out);
}

function fourOctets(digits: readonly number[]): number[] {
  const value = digits.reduce((sum, digit) => sum * 85 + digit, 0) % 2 ** 32;
  return [value / 2 ** 24, value / 2 ** 16, value / 2 ** 8, value].map((part) => Math.floor(part) & 0xff);
}

/** Undoes a PNG predictor (§7.4.4.4), which cross-reference streams use. */
export function undoPredictor(bytes: Uint8Array, { predictor, colors, bits, columns }: Predictor): Uint8Array {
  if (predictor < 10) return bytes;
  const step = Math.max(1, (colors * bits) >> 3);
  const width = Math.ceil((colors * bits * columns) / 8);
  if (!Number.isInteger(width) || width < 1 || width > 1 << 20) throw damaged('a stream has rows of no size');
  const rows = Math.floor(bytes.length / (width + 1));
  const out = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const kind = bytes[row * (width + 1)]!;
    for (let i = 0; i < width; i++) {
      const left = i >= step ? out[row * width + i - step]! : 0;
      const up = row > 0 ? out[(row - 1) * width + i]! : 0;
      const corner = row > 0 && i >= step ? out[(row - 1) * width + i - step]! : 0;
      out[row * width + i] = (bytes[row * (width + 1) + 1 + i]! + predicted(kind, left, up, corner)) & 0xff;
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
      const [a, b, c] = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
      return a! <= b! && a! <= c! ? left : b! <= c! ? up : corner;
    }
    default:
      return 0;
  }
}
