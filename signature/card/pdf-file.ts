import type { Work } from '../work';
import { CardError, damaged } from './errors';
import { undoFilter, undoPredictor } from './pdf-filters';
import { PdfLexer, type PdfDictionary, type PdfValue } from './pdf-values';

const MAX_OBJECTS = 500_000;
const MAX_SECTIONS = 500;
/** Object streams whose own facts lie in further object streams: honest ones have none. */
const MAX_UNPACKING = 4;
const TAIL = 2_048;
const NULL: PdfValue = { kind: 'null' };

/** An object stream: where each of its objects begins in its octets. */
interface Packed {
  readonly offsets: ReadonlyMap<number, number>;
  readonly bytes: Uint8Array;
}
type Place = { readonly offset: number } | { readonly stream: number; readonly index: number };
export interface PdfStream {
  readonly dictionary: PdfDictionary;
  readonly raw: Uint8Array;
}

/**
 * Reads objects of a PDF by its cross-reference tables and streams (ISO 32000-2 §7.5): enough to find attachments, bounded in time
 * and memory by the budget whatever the file says: an object is read and a stream unpacked once, however often something refers to it.
 * A file without a usable cross-reference is not repaired. Throws CardError, and SignatureFormatError when the budget is used up.
 */
export class PdfFile {
  private readonly places = new Map<number, Place | null>();
  private readonly objects = new Map<number, PdfValue>();
  private readonly packed = new Map<number, Packed>();
  private readonly unpacking = new Set<number>();
  private readonly decoded = new Map<number, Uint8Array>();
  private readonly shift: number;
  readonly trailer: PdfDictionary;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly work: Work,
  ) {
    this.shift = indexOf(bytes.subarray(0, 1_029), '%PDF-');
    if (this.shift < 0) throw new CardError('card.not_pdf', 'The file is no PDF');
    this.trailer = this.readSections();
    if (this.trailer.has('Encrypt')) throw new CardError('card.encrypted', 'The PDF is encrypted');
  }

  /** The value itself, references followed. */
  resolve(value: PdfValue | undefined): PdfValue {
    let current = value ?? NULL;
    for (let hops = 0; current.kind === 'reference'; hops++) {
      if (hops > 16) return NULL;
      current = this.object(current.object);
    }
    return current;
  }

  dictionary(value: PdfValue | undefined): PdfDictionary | undefined {
    const resolved = this.resolve(value);
    return resolved.kind === 'dictionary' ? resolved.entries : undefined;
  }

  array(value: PdfValue | undefined): readonly PdfValue[] {
    const resolved = this.resolve(value);
    return resolved.kind === 'array' ? resolved.items : [];
  }

  /** The stream a reference leads to; undefined when there is none. */
  stream(value: PdfValue | undefined): PdfStream | undefined {
    if (value?.kind !== 'reference') return undefined;
    const place = this.places.get(value.object);
    return place && 'offset' in place ? this.streamAt(place.offset, value.object) : undefined;
  }

  /** The stream a reference leads to with its octets unpacked; undefined when there is none. Throws CardError. */
  content(value: PdfValue | undefined): { dictionary: PdfDictionary; bytes: Uint8Array } | undefined {
    const stream = this.stream(value);
    if (!stream || value?.kind !== 'reference') return undefined;
    const bytes = this.decoded.get(value.object) ?? this.decode(stream);
    this.decoded.set(value.object, bytes);
    return { dictionary: stream.dictionary, bytes };
  }

  /** The octets of a stream with its filters undone. */
  private decode({ dictionary, raw }: PdfStream): Uint8Array {
    const filter = this.resolve(dictionary.get('Filter') ?? dictionary.get('F'));
    const filters = filter.kind === 'name' ? [filter] : filter.kind === 'array' ? filter.items.map((item) => this.resolve(item)) : [];
    if (filters.length > 4) throw damaged('a stream has too many filters');
    const given = this.resolve(dictionary.get('DecodeParms') ?? dictionary.get('DP'));
    const parameters = given.kind === 'array' ? given.items : [given];
    return filters.reduce<Uint8Array>((bytes, one, i) => {
      if (one.kind !== 'name') throw damaged('a stream names no filter');
      const own = this.dictionary(parameters[i]);
      const number = (key: string, usual: number): number => numberOf(own?.get(key)) ?? usual;
      const predictor = { predictor: number('Predictor', 1), colors: number('Colors', 1), bits: number('BitsPerComponent', 8) };
      return undoPredictor(undoFilter(one.value, bytes, this.work), { ...predictor, columns: number('Columns', 1) }, this.work);
    }, raw);
  }

  private object(number: number): PdfValue {
    const known = this.objects.get(number);
    if (known) return known;
    const place = this.places.get(number);
    if (!place) return NULL;
    const value = 'offset' in place ? this.read(this.lexerAt(place.offset, number)) : this.unpackedObject(place.stream, number);
    this.objects.set(number, value);
    return value;
  }

  /** The value a lexer stands before; the octets it goes through are taken from the budget. */
  private read(lexer: PdfLexer): PdfValue {
    const start = lexer.at;
    const value = lexer.value();
    this.work.spend('structureBytes', lexer.at - start);
    return value;
  }

  private lexerAt(offset: number, number: number): PdfLexer {
    const lexer = this.lexer(this.bytes, offset + this.shift);
    if (lexer.integer() !== number) throw damaged('an object is not where it should be');
    lexer.integer();
    if (lexer.word() !== 'obj') throw damaged('an object is not where it should be');
    return lexer;
  }

  private streamAt(offset: number, number: number): PdfStream | undefined {
    const lexer = this.lexerAt(offset, number);
    const value = this.read(lexer);
    if (value.kind !== 'dictionary' || lexer.word() !== 'stream') return undefined;
    let start = lexer.at;
    if (this.bytes[start] === 13) start++;
    if (this.bytes[start] === 10) start++;
    const length = numberOf(this.resolve(value.entries.get('Length')));
    if (length === undefined || length < 0 || start + length > this.bytes.length) throw damaged('a stream has no length');
    const end = this.lexer(this.bytes, start + length);
    const isEnd = end.word() === 'endstream';
    this.work.spend('structureBytes', end.at - start - length);
    if (!isEnd) throw damaged('a stream does not end where it says');
    return { dictionary: value.entries, raw: this.bytes.subarray(start, start + length) };
  }

  /** An object inside an object stream (§7.5.7). */
  private unpackedObject(container: number, number: number): PdfValue {
    const { offsets, bytes } = this.packed.get(container) ?? this.unpack(container);
    const offset = offsets.get(number);
    return offset === undefined ? NULL : this.read(this.lexer(bytes, offset));
  }

  private unpack(container: number): Packed {
    if (this.unpacking.has(container) || this.unpacking.size >= MAX_UNPACKING) throw damaged('objects are packed in each other');
    this.unpacking.add(container);
    const unpacked = this.unpackOne(container);
    this.unpacking.delete(container);
    this.packed.set(container, unpacked);
    return unpacked;
  }

  private unpackOne(container: number): Packed {
    const stream = this.stream({ kind: 'reference', object: container });
    if (!stream) throw damaged('objects are packed in nothing');
    const count = numberOf(stream.dictionary.get('N')) ?? 0;
    const first = numberOf(stream.dictionary.get('First')) ?? 0;
    if (count < 0 || count > 100_000 || first < 0) throw damaged('objects are packed wrongly');
    const bytes = this.decode(stream);
    const lexer = this.lexer(bytes, 0);
    this.work.spend('values', count);
    const offsets = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const [number, offset] = [lexer.integer(), lexer.integer()];
      if (!offsets.has(number)) offsets.set(number, first + offset);
    }
    return { offsets, bytes };
  }

  private lexer(bytes: Uint8Array, at: number): PdfLexer {
    return new PdfLexer(bytes, at, this.work);
  }

  /** Walks the chain of cross-reference sections from the newest; an entry of a newer one hides those of older ones. */
  private readSections(): PdfDictionary {
    const tail = this.bytes.subarray(Math.max(0, this.bytes.length - TAIL));
    const found = Buffer.from(tail.buffer, tail.byteOffset, tail.length).lastIndexOf('startxref');
    if (found < 0) throw damaged('it has no cross-reference');
    let next: number | undefined = this.lexer(tail, found + 'startxref'.length).integer();
    const seen = new Set<number>();
    let trailer: PdfDictionary | undefined;
    while (next !== undefined) {
      if (seen.has(next) || seen.size >= MAX_SECTIONS) throw damaged('its cross-reference goes round');
      seen.add(next);
      const section = this.readSection(next);
      trailer ??= section;
      const hybrid = numberOf(section.get('XRefStm'));
      if (hybrid !== undefined && !seen.has(hybrid)) {
        seen.add(hybrid);
        this.readSection(hybrid);
      }
      next = numberOf(section.get('Prev'));
    }
    return trailer!;
  }

  private readSection(offset: number): PdfDictionary {
    const at = offset + this.shift;
    if (!Number.isSafeInteger(at) || at < 0 || at >= this.bytes.length) throw damaged('its cross-reference leads outside');
    const lexer = this.lexer(this.bytes, at);
    if (lexer.word() === 'xref') return this.readTable(lexer);
    const number = this.lexer(this.bytes, at).integer();
    const stream = this.streamAt(offset, number);
    if (!stream) throw damaged('its cross-reference is none');
    this.readEntries(stream);
    return stream.dictionary;
  }

  private readTable(lexer: PdfLexer): PdfDictionary {
    const begin = lexer.at;
    for (;;) {
      const word = lexer.word();
      if (word === 'trailer') break;
      const start = Number(word);
      const count = lexer.integer();
      if (!Number.isSafeInteger(start) || start < 0 || count > MAX_OBJECTS) throw damaged('its cross-reference is too large');
      for (let i = 0; i < count; i++) {
        const offset = lexer.integer();
        lexer.integer();
        const kind = lexer.word();
        if (kind === 'n' || kind === 'f') this.remember(start + i, kind === 'n' ? { offset } : null);
        else throw damaged('its cross-reference has an entry of no kind');
      }
      this.work.spend('structureBytes', lexer.at - begin);
    }
    const trailer = this.read(lexer);
    if (trailer.kind !== 'dictionary') throw damaged('it has no trailer');
    return trailer.entries;
  }

  /** Entries of a cross-reference stream (§7.5.8): numbers of W octets, big-endian. */
  private readEntries(stream: PdfStream): void {
    const widths = this.array(stream.dictionary.get('W')).map((item) => numberOf(item) ?? -1);
    if (widths.length !== 3 || widths.some((width) => !Number.isInteger(width) || width < 0 || width > 7))
      throw damaged('its cross-reference has columns of no size');
    const size = widths.reduce((a, b) => a + b);
    const bytes = this.decode(stream);
    this.work.spend('structureBytes', bytes.length);
    const index = this.array(stream.dictionary.get('Index')).map((item) => numberOf(item) ?? -1);
    const ranges = index.length > 0 ? index : [0, numberOf(stream.dictionary.get('Size')) ?? 0];
    let at = 0;
    const field = (width: number, usual: number): number => {
      let value = width === 0 ? usual : 0;
      for (let i = 0; i < width; i++) value = value * 256 + bytes[at++]!;
      return value;
    };
    for (let r = 0; r + 1 < ranges.length; r += 2) {
      for (let i = 0; i < ranges[r + 1]! && size > 0 && at + size <= bytes.length; i++) {
        const [kind, second, third] = [field(widths[0]!, 1), field(widths[1]!, 0), field(widths[2]!, 0)];
        const place = kind === 1 ? { offset: second } : kind === 2 ? { stream: second, index: third } : null;
        this.remember(ranges[r]! + i, place);
      }
    }
  }

  private remember(number: number, place: Place | null): void {
    if (this.places.size >= MAX_OBJECTS) throw damaged('it has too many objects');
    if (this.places.has(number)) return;
    this.work.spend('values');
    this.places.set(number, place);
  }
}

export const numberOf = (value: PdfValue | undefined): number | undefined => (value?.kind === 'number' ? value.value : undefined);

function indexOf(bytes: Uint8Array, text: string): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(text, 0, 'latin1');
}
