import { crc32 } from 'node:zlib';

/** One file of a zip made by hand; whatever is given besides name and bytes may lie. */
export type ZipPiece = {
  name: string;
  bytes: Uint8Array;
  method?: number;
  /** Declared size when unpacked. */
  size?: number;
  localName?: string;
  attributes?: number;
  flags?: number;
  /** Where the central directory says the file is; else where it is. */
  offset?: number;
};

const UTF8 = 0x800;
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/** A zip of these pieces, each stored as it is. */
export function makeZip(pieces: readonly ZipPiece[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  const offsets = pieces.map((piece) => {
    const start = at;
    const name = Buffer.from(piece.localName ?? piece.name);
    const header = Buffer.concat([word(LOCAL), common(piece, name.length), name]);
    parts.push(header, Buffer.from(piece.bytes));
    at += header.length + piece.bytes.length;
    return start;
  });
  const directory = Buffer.concat(
    pieces.map((piece, i) => {
      const name = Buffer.from(piece.name);
      const tail = Buffer.concat([Buffer.alloc(6), word(piece.attributes ?? 0), word(piece.offset ?? offsets[i]!)]);
      return Buffer.concat([word(CENTRAL), half(20 | (3 << 8)), common(piece, name.length), tail, name]);
    }),
  );
  const count = half(pieces.length);
  const end = Buffer.concat([word(END), Buffer.alloc(4), count, count, word(directory.length), word(at), Buffer.alloc(2)]);
  return Buffer.concat([...parts, directory, end]);
}

/** The fields that local and central headers share: version, flags, method, time, CRC, sizes, lengths of name and extra field. */
function common({ bytes, method = 0, size = bytes.length, flags = UTF8 }: ZipPiece, nameLength: number): Buffer {
  return Buffer.concat([
    half(20),
    half(flags),
    half(method),
    word(0),
    word(crc32(bytes)),
    word(bytes.length),
    word(size),
    half(nameLength),
    half(0),
  ]);
}

const half = (value: number): Buffer => Buffer.from(Uint16Array.of(value & 0xffff).buffer);
const word = (value: number): Buffer => Buffer.from(Uint32Array.of(value >>> 0).buffer);
