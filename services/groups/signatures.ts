import { isAboutKey, type ItemState } from '../../domain/groups/group';
import { matchSignatures } from '../../domain/groups/match';
import type { Member } from '../../domain/people/roles';
import {
  decideItem,
  freezeCertificate,
  groupById,
  type GroupItem,
  itemsIn,
  markSent,
  markWaiting,
  type SigningGroup,
} from '../../storage/queries/groups';
import { signingSession, type SigningSession } from '../../storage/queries/signatures';
import type { Deps } from '../deps';
import { sideBySide } from '../side-by-side';
import { actOnRoute, type Arrival, checkArrival, type GoodArrival, keepArrival } from '../signing/receive';
import { readClaim, type SignatureClaim } from './claims';

/** Signatures received at a time: the checking threads stay busy while routes and database answer. */
const parallel = 8;

/** What became of one item; `code` says why not. */
export type ItemOutcome = { id: string; state: ItemState; code: string | null };

/** `keyProblem`: the key was refused before the batch had one, so nothing has happened to any document. */
export type ChunkOutcome = { outcomes: ItemOutcome[]; keyProblem: string | null };

/** What a browser brings: the items it was given, the CMS in any order, and items it could not read. */
export type ChunkArrival = {
  items: readonly string[];
  signatures: readonly string[];
  /** The program signed only some of the documents: items without a signature stay waiting. */
  isPartial: boolean;
  unread: readonly { id: string; code: 'group.no_document' | 'group.changed' }[];
};

type Arrived = { item: GroupItem; session: SigningSession; claim: SignatureClaim; signature: Buffer };

/** One that is good and stored; `good` is null when its command had been stored before. */
type Kept = { arrived: Arrived; arrival: Arrival; good: GoodArrival | null };

/**
 * Takes the signatures of one call of the signing program. Each finds its document by the digest it covers; the first good one freezes
 * the certificate of the whole group. All of them are checked and stored before the first acts on its route: whatever dies from then on,
 * nobody has to sign again. Each leaves its own outcome.
 */
export async function receiveChunk(deps: Deps, group: SigningGroup, me: Member, arrival: ChunkArrival): Promise<ChunkOutcome> {
  const arrivedAt = deps.now();
  const asked = new Set(arrival.items);
  const open = (await itemsIn(deps.db, group.id, ['waiting', 'sent', 'done', 'failed'])).filter(({ id }) => asked.has(id));
  const outcomes = new Map<string, ItemOutcome>(open.map(({ id, state, code }) => [id, { id, state, code }]));
  const decide = async (id: string, state: 'done' | 'failed', code: string | null): Promise<void> => {
    await decideItem(deps.db, id, { state, code }, deps.now());
    outcomes.set(id, { id, state, code });
  };
  const wait = async (ids: readonly string[]): Promise<void> => {
    await markWaiting(deps.db, ids);
    for (const id of ids) outcomes.set(id, { id, state: 'waiting', code: null });
  };

  const live = open.filter(({ state }) => state === 'waiting' || state === 'sent');
  for (const { id, code } of arrival.unread) if (live.some((item) => item.id === id)) await decide(id, 'failed', code);
  const unread = new Set(arrival.unread.map(({ id }) => id));
  const rest = await matchArrived(
    deps,
    live.filter(({ id }) => !unread.has(id)),
    arrival.signatures,
  );
  const matched = new Set(rest.map(({ item }) => item.id));
  await markSent(deps.db, [...matched], deps.now());

  /** Checks and stores one signature; null when that is its end, a code when the key itself will not do and the group has none yet. */
  const keep = async (arrived: Arrived, frozen: Buffer | null): Promise<Kept | string | null> => {
    const { item, claim, session, signature } = arrived;
    if (frozen && !claim.certificate?.equals(frozen)) {
      await decide(item.id, 'failed', 'group.other_certificate');
      return null;
    }
    const { documentId, attempt, commandId } = item;
    const one: Arrival = { session, documentId, attempt, by: me, commandId, signature, arrivedAt };
    const checked = await checkArrival(deps, one);
    if (checked.kind === 'accepted') return { arrived, arrival: one, good: null };
    if (checked.kind === 'good') {
      await keepArrival(deps, one, checked);
      return { arrived, arrival: one, good: checked };
    }
    if (!frozen && isAboutKey(checked.code)) return checked.code;
    // The window of the key stood open for too long: the document is asked for again.
    if (checked.code === 'signing.session_expired') await wait([item.id]);
    else await decide(item.id, 'failed', checked.code);
    return null;
  };

  // One after another until the batch has its certificate, then side by side.
  const kept: Kept[] = [];
  let frozen = group.certificate;
  while (!frozen && rest.length > 0) {
    const one = rest.shift() as Arrived;
    const result = await keep(one, null);
    if (typeof result === 'string') {
      await wait([one, ...rest].map(({ item }) => item.id));
      return { outcomes: [...outcomes.values()], keyProblem: result };
    }
    if (result === null) continue;
    kept.push(result);
    frozen = await freeze(deps, group, result);
  }
  kept.push(...(await sideBySide(rest, parallel, (one) => keep(one, frozen))).filter((one) => one !== null && typeof one !== 'string'));

  await sideBySide(kept, parallel, async ({ arrived: { item }, arrival: one, good }) => {
    const receipt = good ? await actOnRoute(deps, one, good) : { kind: 'accepted' as const };
    if (receipt.kind === 'accepted') await decide(item.id, 'done', null);
    else if (receipt.kind === 'refused') await decide(item.id, 'failed', receipt.code);
    else outcomes.set(item.id, { id: item.id, state: 'sent', code: null }); // it is kept: the run of the group brings it to its route
  });

  if (!arrival.isPartial) {
    for (const item of live) if (!matched.has(item.id) && !unread.has(item.id)) await decide(item.id, 'failed', 'group.no_signature');
  }
  return { outcomes: [...outcomes.values()], keyProblem: null };
}

/** The certificate the whole group is signed with from now on: this signature's, unless another one was first. */
async function freeze(deps: Deps, group: SigningGroup, { arrived: { claim }, good }: Kept): Promise<Buffer | null> {
  if (claim.certificate && good)
    await freezeCertificate(deps.db, group.id, { certificate: claim.certificate, name: good.name ?? '', digest: claim.digestName });
  return (await groupById(deps.db, group.id))?.certificate ?? null;
}

/** Pairs signatures with the items that wait for them, each with the session it was asked in. */
async function matchArrived(deps: Deps, items: readonly GroupItem[], signatures: readonly string[]): Promise<Arrived[]> {
  const opened = (
    await sideBySide(items, parallel, async (item) => {
      const session = item.sessionId ? await signingSession(deps.db, item.sessionId, item.participantId) : null;
      return session && { item, session };
    })
  ).filter((one) => one !== null);
  const wanted = opened.map(({ item, session }) => ({
    id: item.id,
    sha256: session.sha256.toString('hex'),
    streebog512: session.streebog512.toString('hex'),
    item,
    session,
  }));
  const received = signatures.map((text) => Buffer.from(text, 'latin1'));
  const claims = received.map(readClaim);
  return matchSignatures(wanted, claims).flatMap((found, i) => {
    const [claim, signature] = [claims[i], received[i]];
    return found && claim && signature ? [{ item: found.item, session: found.session, claim, signature }] : [];
  });
}
