import { concatBytes } from '../bytes';
import { SignatureFormatError } from '../errors';
import { TAG } from './der';
import { tlv } from './write';

const MAX_DEPTH = 32;
const MAX_PARTS = 200_000;
const CONSTRUCTED_OCTETS = 0x24;

interface Open {
  tag: number;
  /** Where a definite-length element ends; undefined while waiting for end-of-contents. */
  end: number | undefined;
  parts: Uint8Array[];
}

/**
 * Definite-length form of data whose outer elements use BER's indefinite length, as Bouncy Castle and Kalkan write CMS by default.
 * Only indefinite elements and constructed OCTET STRINGs are rewritten; every definite element, so each certificate and each set of
 * signed attributes, is copied octet for octet. Data that starts with a definite length is returned unchanged.
 */
export function definiteLengths(bytes: Uint8Array): Uint8Array {
  if (bytes[1] !== 0x80) return bytes;
  const open: Open[] = [];
  let at = 0;
  let parts = 0;
  for (;;) {
    const top = open.at(-1);
    if (top && (top.end === undefined ? bytes[at] === 0 && bytes[at + 1] === 0 : at === top.end)) {
      if (top.end === undefined) at += 2;
      open.pop();
      const closed = close(top);
      const parent = open.at(-1);
      if (!parent) {
        if (at !== bytes.length) throw bad('bytes follow the structure');
        return closed;
      }
      parent.parts.push(parent.tag === CONSTRUCTED_OCTETS ? concatBytes(top.parts) : closed);
      continue;
    }
    if (++parts > MAX_PARTS) throw new SignatureFormatError('structure.too_large', 'The structure has too many parts');
    const { tag, valueAt, length } = header(bytes, at);
    if (top?.tag === CONSTRUCTED_OCTETS && tag !== TAG.OCTET_STRING && tag !== CONSTRUCTED_OCTETS)
      throw bad('an octet string holds something else');
    const end = length === undefined ? undefined : valueAt + length;
    if (end !== undefined && end > (top?.end ?? bytes.length)) throw bad('a length points beyond the end of the data');
    if (end === undefined || tag === CONSTRUCTED_OCTETS) {
      if (open.length === MAX_DEPTH) throw new SignatureFormatError('structure.too_deep', 'The structure is nested too deeply');
      open.push({ tag, end, parts: [] });
      at = valueAt;
    } else {
      top!.parts.push(tag === TAG.OCTET_STRING && top!.tag === CONSTRUCTED_OCTETS ? bytes.subarray(valueAt, end) : bytes.subarray(at, end));
      at = end;
    }
  }
}

/** A constructed OCTET STRING holds octet strings only and becomes one primitive string (X.690 §8.7.3). */
function close(element: Open): Uint8Array {
  return tlv(element.tag === CONSTRUCTED_OCTETS ? TAG.OCTET_STRING : element.tag, concatBytes(element.parts));
}

function header(bytes: Uint8Array, at: number): { tag: number; valueAt: number; length: number | undefined } {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw bad('the data ends inside a header');
  if (first < 0x80) return { tag, valueAt: at + 2, length: first };
  if (first === 0x80) {
    if ((tag & 0x20) === 0) throw bad('a primitive element of indefinite length');
    return { tag, valueAt: at + 2, length: undefined };
  }
  const octets = first & 0x7f;
  if (octets > 4 || at + 2 + octets > bytes.length) throw bad('length of more than four bytes');
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + bytes[at + 2 + i]!;
  return { tag, valueAt: at + 2 + octets, length };
}

function bad(message: string): SignatureFormatError {
  return new SignatureFormatError('structure.not_der', `Not valid BER: ${message}`);
}
