import { isAboutKey, type ItemState } from '../../domain/groups/group';
import { matchSignatures } from '../../domain/groups/match';
import type { Member } from '../../domain/people/roles';
import {
  decideItem,
  freezeCertificate,
  groupById,
  itemsIn,
  markSent,
  markWaiting,
  type GroupItem,
  type SigningGroup,
} from '../../storage/queries/groups';
import { signingSession, type SigningSession } from '../../storage/queries/signatures';
import type { WebDeps } from '../context';
import { receiveSignature } from '../signing/receive';
import { readClaim, type SignatureClaim } from './claims';
import { sideBySide } from './side-by-side';

/** Signatures received at a time: the checking threads stay busy while routes and database answer. */
const parallel = 8;

/** What became of one item; `code` says why not. */
export type ItemOutcome = { id: string; state: ItemState; code: string | null };
/** `keyProblem`: the key was refused before the batch had one, so nothing has happened to any document. `isDown`: ask again later. */
export type ChunkOutcome = { outcomes: ItemOutcome[]; keyProblem: string | null; isDown: boolean };

/** What a browser brings: the items it was given, the CMS in any order, and items it could not read. */
export type ChunkArrival = {
  items: readonly string[];
  signatures: readonly string[];
  /** The program signed only some of the documents: items without a signature stay waiting. */
  isPartial: boolean;
  unread: readonly { id: string; code: 'group.no_document' | 'group.changed' }[];
};

type Arrived = { item: GroupItem; session: SigningSession; claim: SignatureClaim; signature: Buffer };

/**
 * Takes the signatures of one call of the signing program. Each finds its document by the digest it covers; the first accepted one
 * freezes the certificate of the whole group; every signature acts on its own route at once and leaves its own outcome.
 */
export async function receiveChunk(deps: WebDeps, group: SigningGroup, me: Member, arrival: ChunkArrival): Promise<ChunkOutcome> {
  const asked = new Set(arrival.items);
  const open = (await itemsIn(deps.db, group.id, ['waiting', 'sent', 'done', 'failed'])).filter(({ id }) => asked.has(id));
  const outcomes = new Map<string, ItemOutcome>(open.map(({ id, state, code }) => [id, { id, state, code }]));
  const decide = async (id: string, state: 'done' | 'failed', code: string | null): Promise<void> => {
    await decideItem(deps.db, id, { state, code }, deps.now());
    outcomes.set(id, { id, state, code });
  };

  const live = open.filter(({ state }) => state === 'waiting' || state === 'sent');
  for (const { id, code } of arrival.unread) if (live.some((item) => item.id === id)) await decide(id, 'failed', code);
  const unread = new Set(arrival.unread.map(({ id }) => id));
  const arrived = await matchArrived(
    deps,
    live.filter(({ id }) => !unread.has(id)),
    arrival.signatures,
  );
  const rest = [...arrived];
  let keyProblem: string | null = null;
  let isDown = false;

  await markSent(
    deps.db,
    arrived.map(({ item }) => item.id),
    deps.now(),
  );
  const receive = async (one: Arrived, frozen: Buffer | null): Promise<'accepted' | 'other' | 'key'> => {
    const { item } = one;
    if (frozen && !one.claim.certificate?.equals(frozen)) {
      await decide(item.id, 'failed', 'group.other_certificate');
      return 'other';
    }
    const receipt = await receiveSignature(deps, {
      session: one.session,
      documentId: item.documentId,
      attempt: item.attempt,
      by: me,
      commandId: item.commandId,
      signature: one.signature,
    });
    switch (receipt.kind) {
      case 'accepted':
        if (!frozen && one.claim.certificate)
          await freezeCertificate(deps.db, group.id, {
            certificate: one.claim.certificate,
            name: receipt.name ?? '',
            digest: one.claim.digestName,
          });
        await decide(item.id, 'done', null);
        return 'accepted';
      case 'pending':
        outcomes.set(item.id, { id: item.id, state: 'sent', code: null });
        return 'other';
      case 'down':
        isDown = true;
        await markWaiting(deps.db, [item.id]);
        outcomes.set(item.id, { id: item.id, state: 'waiting', code: null });
        return 'other';
      case 'refused':
        if (!frozen && isAboutKey(receipt.code)) {
          keyProblem = receipt.code;
          return 'key';
        }
        if (receipt.code === 'signing.session_expired') {
          // The window of the key stood open for too long; the document is asked for again.
          await markWaiting(deps.db, [item.id]);
          outcomes.set(item.id, { id: item.id, state: 'waiting', code: null });
          return 'other';
        }
        await decide(item.id, 'failed', receipt.code);
        return 'other';
    }
  };

  // One after another until the batch has its certificate, then side by side.
  let frozen = group.certificate;
  while (!frozen && rest.length > 0 && !isDown) {
    const one = rest.shift() as Arrived;
    const result = await receive(one, null);
    if (result === 'key') {
      const back = [one, ...rest].map(({ item }) => item.id);
      await markWaiting(deps.db, back);
      for (const id of back) outcomes.set(id, { id, state: 'waiting', code: null });
      return { outcomes: [...outcomes.values()], keyProblem, isDown };
    }
    if (result === 'accepted') frozen = (await groupById(deps.db, group.id))?.certificate ?? null;
  }
  if (isDown) {
    const back = rest.map(({ item }) => item.id);
    await markWaiting(deps.db, back);
  } else await sideBySide(rest, parallel, (one) => receive(one, frozen));

  if (!arrival.isPartial) {
    const matched = new Set(arrived.map(({ item }) => item.id));
    for (const item of live) if (!matched.has(item.id) && !unread.has(item.id)) await decide(item.id, 'failed', 'group.no_signature');
  }
  return { outcomes: [...outcomes.values()], keyProblem, isDown };
}

/** Pairs signatures with the items that wait for them, each with the session it was asked in. */
async function matchArrived(deps: WebDeps, items: readonly GroupItem[], signatures: readonly string[]): Promise<Arrived[]> {
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
