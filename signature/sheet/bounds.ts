import { constants, inflateSync } from 'node:zlib';
import { PDFArray, PDFDict, PDFName, PDFRawStream, type PDFDocument, type PDFObject } from '@cantoo/pdf-lib';

/** Why a PDF is not opened at all. */
export type HopelessPdf = 'too-many-values' | 'too-deep' | 'unpacks-too-far' | 'packed-unusually' | 'goes-round' | 'shows-too-much';

/** A PDF that is made to be costly, or is by accident: nothing is drawn from it, and trying again is no use. */
export class HopelessPdfError extends Error {
  constructor(readonly code: HopelessPdf) {
    super(`the PDF is not opened: ${code}`);
  }
}

/** Values of all objects: a tagged book of a thousand pages has fewer. The library takes some microseconds and a hundred octets for each. */
const MAX_VALUES = 1_500_000;
const MAX_DEPTH = 100;
/** Octets that packed objects may unpack to: a fixed allowance, and some for each octet of the file. */
const ALLOWANCE = 48 * 1024 * 1024;
const RATIO = 8;
/** A dictionary of a stream is shorter than this. */
const MAX_DICTIONARY = 64 * 1024;
const MAX_TREE_DEPTH = 64;
const MAX_PAGES = 20_000;

/**
 * Looks over the octets of a PDF before the library parses them: it reads every object of a file and unpacks every stream of objects
 * without a bound of its own. One pass, bounded in memory. Throws HopelessPdfError.
 */
export function checkBounds(bytes: Uint8Array): void {
  new Scanner(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), new Bounds(bytes.length)).scan();
}

class Bounds {
  private values = 0;
  private unpacked: number;

  constructor(size: number) {
    this.unpacked = ALLOWANCE + RATIO * size;
  }

  count(): void {
    if (++this.values > MAX_VALUES) throw new HopelessPdfError('too-many-values');
  }

  /** The octets of a stream of objects; nothing when they cannot be unpacked, which the library finds out by itself. */
  unpack(raw: Buffer): Buffer {
    const bytes = inflated(raw, this.unpacked) ?? Buffer.alloc(0);
    this.unpacked -= bytes.length;
    return bytes;
  }
}

/** Octets of a packed stream, undefined when it is damaged. Throws when there are more than `room`. */
function inflated(raw: Uint8Array, room: number): Buffer | undefined {
  try {
    return inflateSync(raw, { maxOutputLength: Math.max(1, room), finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new HopelessPdfError('unpacks-too-far');
    return undefined;
  }
}

const codes = (text: string): ReadonlySet<number> => new Set([...text].map((sign) => sign.charCodeAt(0)));
const SPACE = codes('\0\t\n\f\r ');
const DELIMITERS = codes('()<>[]{}/%');

/** Walks over the tokens of a PDF (ISO 32000-2 §7.2), counting values and depth; the contents of streams are passed over. */
class Scanner {
  private at = 0;
  private depth = 0;
  /** Where the object began whose tokens are read. */
  private start = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly bounds: Bounds,
    private readonly isPacked = false,
  ) {}

  scan(): void {
    const { bytes } = this;
    while (this.at < bytes.length) {
      const byte = bytes[this.at]!;
      if (SPACE.has(byte)) this.at++;
      else if (byte === 0x25) this.skipLine();
      else if (byte === 0x28) this.skipText();
      else if (byte === 0x5b) this.open(1);
      else if (byte === 0x5d) this.close(1);
      else if (byte === 0x3c && bytes[this.at + 1] === 0x3c) this.open(2);
      else if (byte === 0x3c) this.skipHex();
      else if (byte === 0x3e) this.close(bytes[this.at + 1] === 0x3e ? 2 : 1);
      else this.word();
    }
  }

  private open(length: number): void {
    this.at += length;
    this.bounds.count();
    if (++this.depth > MAX_DEPTH) throw new HopelessPdfError('too-deep');
  }

  private close(length: number): void {
    this.at += length;
    this.depth = Math.max(0, this.depth - 1);
  }

  private skipLine(): void {
    while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at++;
  }

  private skipText(): void {
    this.bounds.count();
    let open = 0;
    for (; this.at < this.bytes.length; this.at++) {
      const byte = this.bytes[this.at]!;
      if (byte === 0x5c) this.at++;
      else if (byte === 0x28) open++;
      else if (byte === 0x29 && --open === 0) {
        this.at++;
        return;
      }
    }
  }

  private skipHex(): void {
    this.bounds.count();
    const end = this.bytes.indexOf(0x3e, this.at);
    this.at = end < 0 ? this.bytes.length : end + 1;
  }

  private word(): void {
    const start = this.at++;
    while (this.at < this.bytes.length && !SPACE.has(this.bytes[this.at]!) && !DELIMITERS.has(this.bytes[this.at]!)) this.at++;
    const length = this.at - start;
    if (!this.isPacked && (length === 3 || length === 6)) {
      const word = this.bytes.toString('latin1', start, this.at);
      if (word === 'obj' || word === 'endobj') {
        this.depth = 0;
        this.start = this.at;
        return;
      }
      if (word === 'stream') return this.stream(start);
    }
    this.bounds.count();
  }

  /** Passes over a stream; what is packed into one of objects is walked as well. */
  private stream(word: number): void {
    const { bytes } = this;
    const dictionary = bytes
      .toString('latin1', Math.max(this.start, word - MAX_DICTIONARY), word)
      .replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    if (bytes[this.at] === 13) this.at++;
    if (bytes[this.at] === 10) this.at++;
    const from = this.at;
    const stated = from + Number(/\/Length\s+(\d{1,10})(?!\s+\d+\s+R)/.exec(dictionary)?.[1] ?? NaN);
    const near = stated <= bytes.length ? bytes.indexOf('endstream', stated, 'latin1') : -1;
    const end = near >= 0 && near - stated <= 4 ? near : bytes.indexOf('endstream', from, 'latin1');
    this.at = end < 0 ? bytes.length : end + 'endstream'.length;
    const isOfObjects = /\/Type\s*\/ObjStm\b/.test(dictionary);
    if (!isOfObjects && !/\/Type\s*\/XRef\b/.test(dictionary)) return;
    const raw = bytes.subarray(from, end < 0 ? bytes.length : end);
    const filters = filtersOf(dictionary);
    if (filters.length > 1 || (filters[0] && !/^(FlateDecode|Fl)$/.test(filters[0]))) throw new HopelessPdfError('packed-unusually');
    const unpacked = filters.length === 0 ? raw : this.bounds.unpack(raw);
    if (isOfObjects) new Scanner(unpacked, this.bounds, true).scan();
  }
}

/** Names of the filters of a stream, from the text of its dictionary. */
function filtersOf(dictionary: string): string[] {
  const value = /\/Filter\s*(\[[^\]]*\]|\/[^\s/<>[\]()]+)/.exec(dictionary)?.[1] ?? '';
  return value.match(/[^\s/[\]]+/g) ?? [];
}

/**
 * Walks the page tree of a parsed PDF once: the library follows kids and parents wherever they lead, and as often as they are named.
 * Throws HopelessPdfError when nodes are shared, go round, or are too many.
 */
export function checkPageTree(pdf: PDFDocument): void {
  const { context } = pdf;
  const seen = new Set<PDFObject>();
  let pages = 0;
  const visit = (named: PDFObject | undefined, depth: number): void => {
    const node = context.lookup(named);
    if (!(node instanceof PDFDict)) return;
    if (depth > MAX_TREE_DEPTH || ++pages > MAX_PAGES) throw new HopelessPdfError('goes-round');
    if (!seen.has(node)) checkParents(node);
    const kids = context.lookup(node.get(PDFName.of('Kids')));
    if (kids instanceof PDFArray) {
      if (seen.has(node)) throw new HopelessPdfError('goes-round');
      seen.add(node);
      for (let i = 0; i < kids.size(); i++) visit(kids.get(i), depth + 1);
    } else seen.add(node);
  };
  const checkParents = (node: PDFDict): void => {
    let current: PDFObject | undefined = node;
    for (let steps = 0; current instanceof PDFDict; steps++) {
      if (steps > MAX_TREE_DEPTH) throw new HopelessPdfError('goes-round');
      current = context.lookup(current.get(PDFName.of('Parent')));
    }
  };
  visit(pdf.catalog.get(PDFName.of('Pages')), 0);
}

/** Octets of page contents that one visualisation may unpack: each page unpacks its own, also where many share one stream. */
const MAX_CONTENTS = 192 * 1024 * 1024;
/** What a stream packed in an old way may unpack to, for each of its octets. */
const OLD_RATIO = 64;

/** Adds up what the contents of pages unpack to. Throws HopelessPdfError when that is too much to show. */
export class ContentsBudget {
  private left = MAX_CONTENTS;
  private readonly sizes = new Map<PDFRawStream, number>();

  take(pdf: PDFDocument, contents: PDFObject | undefined): void {
    const value = pdf.context.lookup(contents);
    const streams = value instanceof PDFArray ? value.asArray() : [contents];
    for (const each of streams) {
      const stream = pdf.context.lookup(each);
      if (stream instanceof PDFRawStream) this.left -= this.sizeOf(stream);
      this.left -= 1;
      if (this.left < 0) throw new HopelessPdfError('shows-too-much');
    }
  }

  private sizeOf(stream: PDFRawStream): number {
    const known = this.sizes.get(stream);
    if (known !== undefined) return known;
    const filter = stream.dict.lookup(PDFName.of('Filter'));
    const names = filter instanceof PDFArray ? filter.asArray().map(String) : filter ? [String(filter)] : [];
    const isPlain = names.length === 0;
    const isFlate = names.length === 1 && /^\/(FlateDecode|Fl)$/.test(names[0]!);
    const size = isPlain
      ? stream.contents.length
      : isFlate
        ? (inflated(stream.contents, this.left)?.length ?? stream.contents.length)
        : stream.contents.length * OLD_RATIO;
    this.sizes.set(stream, size);
    return size;
  }
}
