import type { Work } from '../work';
import { damaged } from './errors';
import { hexDigit } from './pdf-filters';

/** The values of a PDF (ISO 32000-2 §7.3). Strings are octets; a keyword is whatever word stands where a value is expected. */
export type PdfValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly value: string }
  | { readonly kind: 'string'; readonly value: Uint8Array }
  | { readonly kind: 'array'; readonly items: readonly PdfValue[] }
  | { readonly kind: 'dictionary'; readonly entries: ReadonlyMap<string, PdfValue> }
  | { readonly kind: 'reference'; readonly object: number }
  | { readonly kind: 'keyword'; readonly value: string };
export type PdfDictionary = ReadonlyMap<string, PdfValue>;

const MAX_DEPTH = 64;
const MAX_WORD = 200;

const isSpace = (byte: number | undefined): boolean => byte === 0 || byte === 9 || byte === 10 || byte === 12 || byte === 13 || byte === 32;
const DELIMITERS = new Set([...'()<>[]{}/%'].map((c) => c.charCodeAt(0)));
const isRegular = (byte: number | undefined): boolean => byte !== undefined && !isSpace(byte) && !DELIMITERS.has(byte);

/** Reads values from octets, bounded in depth and, by the budget of the file, in number. Throws CardError. */
export class PdfLexer {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    private readonly work: Work,
  ) {
    if (!(at >= 0 && at <= bytes.length)) throw damaged('it points outside of itself');
  }

  /** Goes past white space and comments; never past the end. */
  skipSpace(): void {
    for (let byte = this.bytes[this.at]; byte === 0x25 || isSpace(byte); byte = this.bytes[this.at]) {
      if (byte === 0x25) this.skipLine();
      else this.at++;
    }
  }

  private skipLine(): void {
    while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at++;
  }

  value(depth = 0): PdfValue {
    if (depth > MAX_DEPTH) throw damaged('an object is nested too deeply');
    this.work.spend('values');
    this.skipSpace();
    const { bytes, at } = this;
    const byte = bytes[at];
    if (byte === undefined) throw damaged('it ends in the middle of an object');
    if (byte === 0x2f) return { kind: 'name', value: this.name() };
    if (byte === 0x28) return { kind: 'string', value: this.literal() };
    if (byte === 0x5b) return this.array(depth);
    if (byte === 0x3c) return bytes[at + 1] === 0x3c ? this.dictionary(depth) : { kind: 'string', value: this.hex() };
    if (!isRegular(byte)) throw damaged('a sign stands where it has no meaning');
    return this.wordValue();
  }

  /** The next word of regular characters; empty at a delimiter. */
  word(): string {
    this.skipSpace();
    const start = this.at;
    while (this.at - start < MAX_WORD && isRegular(this.bytes[this.at])) this.at++;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, this.at - start).toString('latin1');
  }

  /** A whole number; throws when something else stands there. */
  integer(): number {
    const word = this.word();
    if (!/^\+?\d{1,12}$/.test(word)) throw damaged('a number is missing');
    return Number(word);
  }

  private wordValue(): PdfValue {
    const word = this.word();
    if (word === 'null') return { kind: 'null' };
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true' };
    if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(word)) return { kind: 'keyword', value: word };
    if (/^\d{1,10}$/.test(word)) {
      const after = this.at;
      if (/^\d{1,5}$/.test(this.word()) && this.word() === 'R') return { kind: 'reference', object: Number(word) };
      this.at = after;
    }
    return { kind: 'number', value: Number(word) };
  }

  private name(): string {
    this.at++;
    const start = this.at;
    while (this.at - start < MAX_WORD && isRegular(this.bytes[this.at])) this.at++;
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, this.at - start).toString('latin1');
    return text.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }

  private literal(): Uint8Array {
    const end = this.literalEnd();
    const out = new Uint8Array(end - this.at - 1);
    let length = 0;
    for (this.at++; this.at < end; this.at++) {
      const byte = this.bytes[this.at]!;
      const meant = byte === 0x5c ? this.escaped() : byte;
      if (meant !== undefined) out[length++] = meant;
    }
    this.at = end + 1;
    return out.subarray(0, length);
  }

  /** Where the bracket that closes a text stands. */
  private literalEnd(): number {
    let open = 0;
    for (let at = this.at; at < this.bytes.length; at++) {
      const byte = this.bytes[at];
      if (byte === 0x5c) at++;
      else if (byte === 0x28) open++;
      else if (byte === 0x29 && --open === 0) return at;
    }
    throw damaged('a text has no end');
  }

  /** The octet meant by a backslash and what follows, undefined for none; leaves `at` on its last octet. */
  private escaped(): number | undefined {
    const byte = this.bytes[++this.at];
    const octal = /^[0-7]{1,3}/.exec(Buffer.from(this.bytes.subarray(this.at, this.at + 3)).toString('latin1'));
    if (octal) {
      this.at += octal[0].length - 1;
      return parseInt(octal[0], 8) & 0xff;
    }
    if (byte === 13 && this.bytes[this.at + 1] === 10) this.at++;
    if (byte === undefined || byte === 13 || byte === 10) return undefined;
    const known: Record<number, number> = { 0x6e: 10, 0x72: 13, 0x74: 9, 0x62: 8, 0x66: 12 };
    return known[byte] ?? byte;
  }

  private hex(): Uint8Array {
    const end = this.bytes.indexOf(0x3e, this.at);
    if (end < 0) throw damaged('a text has no end');
    const out = new Uint8Array((end - this.at + 1) >> 1);
    let digits = 0;
    for (const byte of this.bytes.subarray(this.at + 1, end)) {
      const digit = hexDigit(byte);
      if (digit < 0) continue;
      out[digits >> 1]! |= digits % 2 === 0 ? digit << 4 : digit;
      digits++;
    }
    this.at = end + 1;
    return out.subarray(0, (digits + 1) >> 1);
  }

  private array(depth: number): PdfValue {
    const items: PdfValue[] = [];
    for (this.at++; ;) {
      this.skipSpace();
      if (this.bytes[this.at] === 0x5d) {
        this.at++;
        return { kind: 'array', items };
      }
      items.push(this.value(depth + 1));
    }
  }

  private dictionary(depth: number): PdfValue {
    const entries = new Map<string, PdfValue>();
    for (this.at += 2; ;) {
      this.skipSpace();
      if (this.bytes[this.at] === 0x3e && this.bytes[this.at + 1] === 0x3e) {
        this.at += 2;
        return { kind: 'dictionary', entries };
      }
      if (this.bytes[this.at] !== 0x2f) throw damaged('a dictionary has no name where one belongs');
      const key = this.name();
      entries.set(key, this.value(depth + 1));
    }
  }
}
