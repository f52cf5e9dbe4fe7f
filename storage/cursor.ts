import { firstSecretVersion, readSecretVersion, type SecretKeys } from '../domain/secret-keys';
import { isSameText, macOf, newestMac } from './secret-keys';

/** Place in a list: the sort instant and id of the row at the edge of a page. */
export type Cursor = { at: Date; id: string };

/** Packs a cursor for a URL, with a MAC so that nobody can probe with made-up places. */
export function packCursor(keys: SecretKeys, cursor: Cursor): string {
  const body = `${cursor.at.getTime()}.${cursor.id}`;
  const { version, mac } = newestMac(keys, textOf(body));
  return Buffer.from(`${body}.${shown(mac)}.${version}`).toString('base64url');
}

/** The place a packed cursor stands for, or null when it was not made by this installation. */
export function unpackCursor(keys: SecretKeys, packed: string): Cursor | null {
  const [at, id, signature, named] = Buffer.from(packed, 'base64url').toString('latin1').split('.');
  const version = named === undefined ? firstSecretVersion : readSecretVersion(named);
  if (!at || !id || !signature || version === null) return null;
  const expected = macOf(keys, version, textOf(`${at}.${id}`));
  return expected && isSameText(shown(expected), signature) ? { at: new Date(Number(at)), id } : null;
}

const textOf = (body: string): string => `cursor:${body}`;
const shown = (mac: Buffer): string => mac.toString('base64url').slice(0, 16);
