/** An item that waits for its signature, with both digests of its document in lower-case hex. */
export type Wanted = { id: string; sha256: string; streebog512: string };
/** What an arrived signature says it covers: its messageDigest in lower-case hex; null when it says nothing. */
export type Claim = { messageDigest: string | null };

/**
 * Gives each arrived signature the item whose document it covers, by messageDigest and never by place. Two items of the same bytes take
 * the signatures in the order they came. A signature that covers none of them gets null.
 */
export function matchSignatures<Item extends Wanted>(items: readonly Item[], claims: readonly Claim[]): (Item | null)[] {
  const free = new Map<string, Item[]>();
  for (const item of items) for (const digest of [item.sha256, item.streebog512]) free.set(digest, [...(free.get(digest) ?? []), item]);
  const taken = new Set<string>();
  return claims.map(({ messageDigest }) => {
    const item = messageDigest === null ? undefined : free.get(messageDigest)?.find(({ id }) => !taken.has(id));
    if (!item) return null;
    taken.add(item.id);
    return item;
  });
}
