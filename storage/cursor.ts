import { createHmac, timingSafeEqual } from 'node:crypto';

/** Place in a list: the sort instant and id of the row at the edge of a page. */
export type Cursor = { at: Date; id: string };

/** Packs a cursor for a URL, with a MAC so that nobody can probe with made-up places. */
export function packCursor(secret: Buffer, cursor: Cursor): string {
  const body = `${cursor.at.getTime()}.${cursor.id}`;
  return Buffer.from(`${body}.${mac(secret, body)}`).toString('base64url');
}

/** The place a packed cursor stands for, or null when it was not made by this installation. */
export function unpackCursor(secret: Buffer, packed: string): Cursor | null {
  const [at, id, signature] = Buffer.from(packed, 'base64url').toString('latin1').split('.');
  if (!at || !id || !signature) return null;
  const expected = Buffer.from(mac(secret, `${at}.${id}`));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given) ? { at: new Date(Number(at)), id } : null;
}

const mac = (secret: Buffer, body: string): string =>
  createHmac('sha256', secret).update(`cursor:${body}`).digest('base64url').slice(0, 16);
