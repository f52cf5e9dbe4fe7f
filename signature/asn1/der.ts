import { bigFromBytes, toHex } from '../bytes';
import { SignatureFormatError, malformed } from '../errors';

/** Identifier octets used by PKIX (X.690 §8.1.2), context tags are made by `context()`. */
export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  TELETEX_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** Identifier octet of a context-specific tag. */
export function context(number: number, constructed = true): number {
  return (constructed ? 0xa0 : 0x80) | number;
}

/** No PKIX structure this engine reads has more members on one level; a larger count is an attack or garbage. */
const MAX_CHILDREN = 20_000;

/**
 * One element of DER, a view into the original bytes: nothing is copied or decoded until asked.
 * The reader never recurses, so nesting costs nothing: callers walk exactly as deep as the structure they know.
 */
export class Der {
  private constructor(
    private readonly buffer: Uint8Array,
    readonly tag: number,
    private readonly start: number,
    private readonly valueStart: number,
    private readonly end: number,
  ) {}

  /** Reads the single element that fills `bytes` exactly; trailing bytes are an error. */
  static parse(bytes: Uint8Array): Der {
    const element = Der.readAt(bytes, 0, bytes.length);
    if (element.end !== bytes.length) throw notDer(`${bytes.length - element.end} bytes follow the structure`);
    return element;
  }

  private static readAt(buffer: Uint8Array, start: number, limit: number): Der {
    if (start + 2 > limit) throw notDer('the data ends inside a header');
    const tag = buffer[start]!;
    if ((tag & 0x1f) === 0x1f) throw notDer('multi-byte tags are not used in this format');
    const first = buffer[start + 1]!;
    if (first < 0x80) return Der.within(buffer, tag, start, start + 2, first, limit);
    const octets = first & 0x7f;
    if (octets === 0) throw notDer('indefinite length');
    if (octets > 4) throw notDer('length of more than four bytes');
    const valueStart = start + 2 + octets;
    if (valueStart > limit) throw notDer('the data ends inside a length');
    let length = 0;
    for (let i = start + 2; i < valueStart; i++) length = length * 256 + buffer[i]!;
    if (length < 0x80 || buffer[start + 2] === 0) throw notDer('length is not in its shortest form');
    return Der.within(buffer, tag, start, valueStart, length, limit);
  }

  private static within(buffer: Uint8Array, tag: number, start: number, valueStart: number, length: number, limit: number): Der {
    if (valueStart + length > limit) throw notDer('a length points beyond the end of the data');
    return new Der(buffer, tag, start, valueStart, valueStart + length);
  }

  /** The value octets, a view. */
  get value(): Uint8Array {
    return this.buffer.subarray(this.valueStart, this.end);
  }

  /** Header and value octets exactly as received, a view. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(this.start, this.end);
  }

  /** Members of a constructed element, in order. */
  get children(): Der[] {
    const out: Der[] = [];
    for (const child of this.members()) {
      if (out.length === MAX_CHILDREN) throw new SignatureFormatError('structure.too_large', 'Too many elements on one level');
      out.push(child);
    }
    return out;
  }

  /** Members one by one, without a limit and without keeping them: lists of revoked certificates are long. */
  *members(): Generator<Der> {
    if ((this.tag & 0x20) === 0) throw malformed(`expected a constructed element, found tag 0x${this.tag.toString(16)}`);
    for (let at = this.valueStart; at < this.end;) {
      const child = Der.readAt(this.buffer, at, this.end);
      yield child;
      at = child.end;
    }
  }

  /** Members in order, to be taken one by one by their tags. */
  fields(what: string): Fields {
    return new Fields(this.children, what);
  }

  /** This element if it has the tag, else an error naming `what`. */
  expect(tag: number, what: string): this {
    if (this.tag !== tag) throw malformed(`${what}: expected tag 0x${tag.toString(16)}, found 0x${this.tag.toString(16)}`);
    return this;
  }

  /** The same octets under another identifier octet (IMPLICIT tags, RFC 5652 §5.4), a copy. */
  retagged(tag: number): Uint8Array {
    const copy = new Uint8Array(this.bytes);
    copy[0] = tag;
    return copy;
  }

  /** Dotted form of an OBJECT IDENTIFIER. */
  oid(): string {
    this.expect(TAG.OID, 'object identifier');
    return decodeOid(this.value);
  }

  /** INTEGER as a bigint; non-minimal forms are refused (X.690 §8.3.2). */
  integer(): bigint {
    const value = this.expect(TAG.INTEGER, 'integer').value;
    if (value.length === 0) throw notDer('empty integer');
    if (value.length > 1 && ((value[0] === 0 && value[1]! < 0x80) || (value[0] === 0xff && value[1]! >= 0x80)))
      throw notDer('integer is not in its shortest form');
    if (value.length > 2100) throw new SignatureFormatError('structure.too_large', 'integer is too large');
    const unsigned = bigFromBytes(value);
    return value[0]! < 0x80 ? unsigned : unsigned - (1n << BigInt(value.length * 8));
  }

  /** INTEGER that must fit a small non-negative number: versions, path lengths. */
  smallInteger(): number {
    const value = this.integer();
    if (value < 0n || value > 0x7fffffffn) throw malformed('integer is out of range');
    return Number(value);
  }

  boolean(): boolean {
    const value = this.expect(TAG.BOOLEAN, 'boolean').value;
    if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) throw notDer('boolean is neither 00 nor FF');
    return value[0] === 0xff;
  }

  octets(): Uint8Array {
    return this.expect(TAG.OCTET_STRING, 'octet string').value;
  }

  /** BIT STRING content that is a whole number of octets: keys and signatures. */
  bitOctets(): Uint8Array {
    const value = this.expect(TAG.BIT_STRING, 'bit string').value;
    if (value[0] !== 0) throw malformed('bit string is not a whole number of octets');
    return value.subarray(1);
  }

  /** Named bits of a BIT STRING: `bits[i]` is bit i (KeyUsage, ReasonFlags). */
  namedBits(): boolean[] {
    const value = this.expect(TAG.BIT_STRING, 'bit string').value;
    const unused = value[0] ?? 8;
    if (unused > 7 || (value.length === 1 && unused !== 0)) throw notDer('bad count of unused bits');
    const bits: boolean[] = [];
    for (let i = 0; i < (value.length - 1) * 8 - unused; i++) bits.push(((value[1 + (i >> 3)]! >> (7 - (i & 7))) & 1) === 1);
    return bits;
  }

  /** Text of any ASN.1 character string type met in certificates. */
  text(): string {
    const value = Buffer.from(this.value);
    switch (this.tag) {
      case TAG.UTF8_STRING:
        return value.toString('utf8');
      case TAG.BMP_STRING:
        return value.length % 2 === 0 ? value.swap16().toString('utf16le') : '';
      case TAG.PRINTABLE_STRING:
      case TAG.IA5_STRING:
      case TAG.TELETEX_STRING:
      case 0x12: // NumericString
      case 0x1a: // VisibleString
        return value.toString('latin1');
      default:
        return `#${toHex(this.bytes)}`; // RFC 4514 §2.4: a value without string form
    }
  }
}

/** A cursor over the members of a SEQUENCE that knows OPTIONAL fields by their tags. */
export class Fields {
  private index = 0;

  constructor(
    private readonly items: readonly Der[],
    private readonly what: string,
  ) {}

  /** The next member, which must exist and, when `tag` is given, have it. */
  next(tag?: number): Der {
    const item = this.items[this.index++];
    if (!item) throw malformed(`${this.what}: a field is missing`);
    return tag === undefined ? item : item.expect(tag, this.what);
  }

  /** The next member when it has one of the tags, else undefined and nothing is taken. */
  optional(...tags: number[]): Der | undefined {
    const item = this.items[this.index];
    if (!item || !tags.includes(item.tag)) return undefined;
    this.index++;
    return item;
  }

  /** Members not taken yet. */
  rest(): readonly Der[] {
    return this.items.slice(this.index);
  }

  /** Refuses members that no field of the structure took. */
  done(): void {
    if (this.index < this.items.length) throw malformed(`${this.what}: unexpected extra field`);
  }
}

function notDer(message: string): SignatureFormatError {
  return new SignatureFormatError('structure.not_der', `Not valid DER: ${message}`);
}

/** Dotted form of OBJECT IDENTIFIER content octets (X.690 §8.19). */
export function decodeOid(content: Uint8Array): string {
  if (content.length === 0 || content.length > 64 || content[content.length - 1]! >= 0x80) throw notDer('bad object identifier');
  const arcs: (number | bigint)[] = [];
  let arc = 0n;
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) throw notDer('object identifier is not in its shortest form');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    fresh = octet < 0x80;
    if (!fresh) continue;
    if (arcs.length === 0) {
      const root = arc < 40n ? 0n : arc < 80n ? 1n : 2n;
      arcs.push(root, arc - root * 40n);
    } else arcs.push(arc);
    arc = 0n;
  }
  return arcs.join('.');
}
