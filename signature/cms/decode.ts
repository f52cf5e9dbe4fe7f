import { SignatureFormatError } from '../errors';

/** Longest signature file taken as text; attached documents make signatures large. */
const MAX_TEXT_BYTES = 384 * 1024 * 1024;
const PEM = /-----BEGIN (?:CMS|PKCS7|PKCS #7 SIGNED DATA)-----([^-]*)-----END /;
const DATA_URL = /^data:[^,]{0,200};base64,/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The binary CMS in a file as people have it: DER as it is, else PEM (CMS or PKCS7), a `data:` URL or bare base64 with white space.
 * Throws SignatureFormatError when it is none of these; whether the bytes are a CMS is found out by parsing.
 */
export function decodeSignatureFile(file: Uint8Array): Uint8Array {
  if (file[0] === 0x30 && (file[1]! >= 0x80 || file.length < 4)) return file;
  if (file.length > MAX_TEXT_BYTES) throw new SignatureFormatError('structure.too_large', 'The signature file is too large');
  const text = Buffer.from(file.buffer, file.byteOffset, file.length)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trim();
  const body = (PEM.exec(text)?.[1] ?? text.replace(DATA_URL, '')).replace(/\s+/g, '');
  if (body.length === 0 || !BASE64.test(body)) throw notSignature();
  const bytes = Buffer.from(body, 'base64');
  if (bytes[0] !== 0x30) throw notSignature();
  return Uint8Array.from(bytes);
}

function notSignature(): SignatureFormatError {
  return new SignatureFormatError('structure.not_cms', 'The file is neither DER nor PEM nor base64 of a signature');
}
