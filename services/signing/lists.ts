import { createHash } from 'node:crypto';
import { type Crl, readCrlFile } from '../../signature';
import { attempt } from '../../signature/errors';
import { revocationLists, revocationListVersions } from '../../storage/queries/evidence';
import type { Db } from '../../storage/db';

/** A revocation list as a check takes it; `der` is null where whoever checks has been given it before. */
export type ListAtHand = { key: string; der: Uint8Array | null };

type Held = { versions: string; lists: readonly ListAtHand[] };
const held = new WeakMap<Db, Held>();

/** The revocation lists as housekeeping last kept them. They are megabytes long: read again only when one of them has changed. */
export async function listsAtHand(db: Db): Promise<readonly ListAtHand[]> {
  const versions = (await revocationListVersions(db)).join('\n');
  const before = held.get(db);
  if (before?.versions === versions) return before.lists;
  const lists = (await revocationLists(db)).map(({ der }) => ({ key: createHash('sha256').update(der).digest('hex'), der }));
  held.set(db, { versions, lists });
  return lists;
}

/** Which lists each checking thread or process has been given since it started. */
const given = new WeakMap<object, Set<string>>();

/** The lists of a request without the bytes the checker has already; what it is given now is remembered. */
export function withoutKnown(checker: object, lists: readonly ListAtHand[]): ListAtHand[] {
  const known = given.get(checker) ?? new Set();
  given.set(checker, new Set(lists.map(({ key }) => key)));
  return lists.map((list) => (known.has(list.key) ? { ...list, der: null } : list));
}

const parsed = new Map<string, Crl>();

/** On the other side: the lists of a request, each read once while requests name it; one that cannot be read is left out. */
export function readLists(lists: readonly ListAtHand[]): Crl[] {
  for (const key of parsed.keys()) if (!lists.some((list) => list.key === key)) parsed.delete(key);
  return lists.flatMap(({ key, der }) => {
    const crl = parsed.get(key) ?? (der ? attempt(() => readCrlFile(der)) : undefined);
    if (crl) parsed.set(key, crl);
    return crl ?? [];
  });
}
