import { SignatureFormatError } from '../errors';

/** Longest signature file taken as text; attached documents make signatures large. */
const MAX_TEXT_BYTES = 384 * 1024 * 1024;
/** How far into a text its header may begin. */
const MAX_PREAMBLE_BYTES = 4096;
const PEM_HEADER = /-----BEGIN (?:CMS|PKCS7|PKCS #7 SIGNED DATA)-----/;
const DATA_URL = /^\s*data:[^,]{0,200};base64,/;

/** What each octet means in base64 text: 0 not allowed, 1 a digit, 2 white space, 3 padding. */
const CLASS = new Uint8Array(256);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') CLASS[char.charCodeAt(0)] = 1;
for (const char of ' \t\r\n\f\v') CLASS[char.charCodeAt(0)] = 2;
CLASS['='.charCodeAt(0)] = 3;

/**
 * The binary CMS in a file as people have it: DER as it is, else PEM (CMS or PKCS7), a `data:` URL or bare base64 with white space.
 * Throws SignatureFormatError when it is none of these; whether the bytes are a CMS is found out by parsing.
 */
export function decodeSignatureFile(file: Uint8Array): Uint8Array {
  if (file[0] === 0x30 && file[1]! >= 0x80) return file;
  if (file.length > MAX_TEXT_BYTES) throw new SignatureFormatError('structure.too_large', 'The signature file is too large');
  const body = textBody(Buffer.from(file.buffer, file.byteOffset, file.length));
  const bytes = beginsLikeCms(body) ? decodeBase64(body) : undefined;
  if (!bytes) throw new SignatureFormatError('structure.not_cms', 'The file is neither DER nor PEM nor base64 of a signature');
  return bytes;
}

/** The base64 part of the text: between the PEM lines, after the head of a data URL, or all of it. */
function textBody(file: Buffer): Buffer {
  const marked = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf ? file.subarray(3) : file;
  const head = marked.subarray(0, MAX_PREAMBLE_BYTES).toString('latin1');
  const pem = PEM_HEADER.exec(head);
  if (pem) {
    const start = pem.index + pem[0].length;
    const end = marked.indexOf('-----END ', start);
    return end < 0 ? marked.subarray(0, 0) : marked.subarray(start, end);
  }
  const url = DATA_URL.exec(head);
  return url ? marked.subarray(url[0].length) : marked;
}

/** Whether the first digits are those of a SEQUENCE no longer than the text: large garbage is turned away without reading it all. */
function beginsLikeCms(body: Buffer): boolean {
  const head = body.toString('latin1', 0, MAX_PREAMBLE_BYTES).replace(/\s+/g, '').slice(0, 8);
  const [tag, length, ...octets] = Buffer.from(head, 'base64');
  if (tag !== 0x30 || length === undefined || length < 0x80 || length > 0x84) return false;
  const declared = octets.slice(0, length & 0x7f).reduce((sum, octet) => sum * 256 + octet, 0);
  return declared < body.length;
}

/** Strict base64 with white space anywhere; undefined at the first octet that does not belong. */
function decodeBase64(text: Buffer): Uint8Array | undefined {
  let digits = 0;
  let padding = 0;
  for (let i = 0; i < text.length; i++) {
    const kind = CLASS[text[i]!]!;
    if (kind === 2) continue;
    if (kind === 0 || (kind === 1 && padding > 0)) return undefined;
    if (kind === 3) padding++;
    else digits++;
  }
  if (padding > 2 || digits % 4 === 1) return undefined;
  return new Uint8Array(Buffer.from(text.toString('latin1'), 'base64')); // ignores white space by itself
}
