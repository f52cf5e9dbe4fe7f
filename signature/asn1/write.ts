import { concatBytes, fromHex } from '../bytes';
import { TAG, context } from './der';
import { formatTime } from './time';

/** One DER element: identifier octet, shortest length, value parts one after another. */
export function tlv(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concatBytes([header(tag, length), ...parts]);
}

function header(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(tag, 0x80 | octets.length, ...octets);
}

export const sequence = (...parts: Uint8Array[]): Uint8Array => tlv(TAG.SEQUENCE, ...parts);
export const octetString = (value: Uint8Array): Uint8Array => tlv(TAG.OCTET_STRING, value);
export const bitString = (value: Uint8Array, unusedBits = 0): Uint8Array => tlv(TAG.BIT_STRING, Uint8Array.of(unusedBits), value);
export const boolean = (value: boolean): Uint8Array => tlv(TAG.BOOLEAN, Uint8Array.of(value ? 0xff : 0));
export const utf8 = (value: string): Uint8Array => tlv(TAG.UTF8_STRING, Buffer.from(value, 'utf8'));
export const printable = (value: string): Uint8Array => tlv(TAG.PRINTABLE_STRING, Buffer.from(value, 'latin1'));
export const ia5 = (value: string): Uint8Array => tlv(TAG.IA5_STRING, Buffer.from(value, 'latin1'));
export const nil = (): Uint8Array => tlv(TAG.NULL);

/** EXPLICIT context tag around one element. */
export const explicit = (number: number, element: Uint8Array): Uint8Array => tlv(context(number), element);

/** SET OF: members sorted by their encodings (X.690 §11.6). */
export function setOf(...members: Uint8Array[]): Uint8Array {
  return tlv(TAG.SET, ...sorted(members));
}

/** IMPLICIT [number] SET OF, as CMS attributes have it; sorted like a SET OF. */
export function implicitSetOf(number: number, ...members: Uint8Array[]): Uint8Array {
  return tlv(context(number), ...sorted(members));
}

function sorted(members: Uint8Array[]): Uint8Array[] {
  return [...members].sort((a, b) => Buffer.compare(a, b));
}

/** INTEGER in its shortest form, two's complement (X.690 §8.3). */
export function integer(value: bigint | number): Uint8Array {
  const v = BigInt(value);
  let octets = 1;
  while (BigInt.asIntN(octets * 8, v) !== v) octets++;
  return tlv(
    TAG.INTEGER,
    fromHex(
      BigInt.asUintN(octets * 8, v)
        .toString(16)
        .padStart(octets * 2, '0'),
    ),
  );
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [root, second, ...arcs] = dotted.split('.').map(BigInt);
  const octets = [root! * 40n + second!, ...arcs].flatMap((arc) => {
    const groups = [Number(arc & 0x7fn)];
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) groups.unshift(Number(rest & 0x7fn) | 0x80);
    return groups;
  });
  return tlv(TAG.OID, Uint8Array.from(octets));
}

/** AlgorithmIdentifier; parameters default to NULL, as every NUC RK algorithm but the keys has it. */
export function algorithm(dotted: string, parameters: Uint8Array = nil()): Uint8Array {
  return sequence(oid(dotted), parameters);
}

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
export function time(at: Date): Uint8Array {
  const text = formatTime(at);
  return at.getUTCFullYear() < 2050 ? tlv(TAG.UTC_TIME, Buffer.from(text.slice(2), 'latin1')) : generalizedTime(at);
}

/** GeneralizedTime in whole seconds. */
export function generalizedTime(at: Date): Uint8Array {
  return tlv(TAG.GENERALIZED_TIME, Buffer.from(formatTime(at), 'latin1'));
}
