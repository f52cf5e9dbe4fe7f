import { type GroupCounts, nextChunk } from '../../domain/groups/group';
import type { Member } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { documentFor } from '../../storage/queries/documents';
import { countsOf, decideItem, type GroupItem, itemsIn, openItems, type SigningGroup } from '../../storage/queries/groups';
import type { SigningSession } from '../../storage/queries/signatures';
import type { Deps } from '../deps';
import { sideBySide } from '../side-by-side';
import { demoChain } from '../signing/demo-chain';
import { openSession } from '../signing/sessions';

/** EKU of a signing certificate of the national authority: emailProtection; which keys NCALayer offers is narrowed by IIN. */
const signingUsage = '1.3.6.1.5.5.7.3.4';

/** Sessions opened at a time. */
const parallel = 8;

/** How long the documents of one call wait for their signatures: a token that asks for its PIN at each of a hundred takes a while. */
const chunkLifeMs = 2 * 3_600_000;

/** Where a group stands, for the browser that works on it. */
export async function progressOf(deps: Deps, groupId: string): Promise<{ counts: GroupCounts; unsigned: number }> {
  const [counts, waiting] = await Promise.all([countsOf(deps.db, groupId), itemsIn(deps.db, groupId, ['waiting'])]);
  return { counts, unsigned: waiting.filter(({ kind }) => kind === 'sign').length };
}

/**
 * Freezes the next documents of a running group, each in a session of its own; a document that may not be signed any more gets its
 * outcome instead. Empty when no signature is left to make.
 */
export async function openChunk(deps: Deps, group: SigningGroup, me: Member, most: number): Promise<ChunkJson> {
  for (;;) {
    const waiting = (await itemsIn(deps.db, group.id, ['waiting'])).filter(({ kind }) => kind === 'sign');
    const { form, items } = waiting.length === 0 ? { form: 'bytes' as const, items: [] } : nextChunk(waiting, group.keyDigest, most);
    const opened = (await sideBySide(items, parallel, (item) => openItem(deps, item, me))).filter((one) => one !== null);
    if (items.length > 0 && opened.length === 0) continue; // each of them has its outcome now: the next ones, then
    await openItems(
      deps.db,
      group.id,
      opened.map(({ item, session }) => ({ id: item.id, sessionId: session.id, commandId: deps.newId() })),
    );
    const { counts, unsigned } = await progressOf(deps, group.id);
    return {
      form,
      items: opened.map(({ json }) => json),
      extKeyUsageOids: [signingUsage],
      iin: opened[0]?.session.iin ?? '',
      bin: null,
      chain: deps.config.demo ? demoChain(deps.config.trustFiles) : null,
      wantsTimestamp: true,
      counts,
      unsigned,
    };
  }
}

type Opened = { item: GroupItem; session: SigningSession; json: ChunkJson['items'][number] };

async function openItem(deps: Deps, item: GroupItem, me: Member): Promise<Opened | null> {
  try {
    const document = await documentFor(deps.db, me, item.documentId);
    if (!document) throw new Refusal('not_found');
    if (document.file.id !== item.fileId || document.attempt !== item.attempt) throw new Refusal('document.stale');
    const { session } = await openSession(deps, { document, actor: me }, chunkLifeMs);
    if (session.participantId !== item.participantId) throw new Refusal('route.not_asked');
    const { file } = document;
    const json = {
      id: item.id,
      title: document.title,
      documentUrl: `/documents/${document.id}/file?v=${file.version}`,
      sizeBytes: file.sizeBytes,
      digestSha256: file.sha256.toString('hex'),
      digestStreebog: file.streebog512.toString('hex'),
    };
    return { item, session: { ...session, usedAt: null }, json };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'signing.person_without_iin') throw error; // true of every document: nothing is wrong with this one
    await decideItem(deps.db, item.id, { state: 'failed', code: error.code }, deps.now());
    return null;
  }
}

/** POST /groups/:id/next */
export interface ChunkJson {
  form: 'bytes' | 'streebog512' | 'sha256';
  items: {
    id: string;
    title: string;
    documentUrl: string;
    sizeBytes: number;
    digestSha256: string;
    digestStreebog: string;
  }[];
  extKeyUsageOids: string[];
  iin: string;
  bin: string | null;
  chain: string[] | null;
  wantsTimestamp: boolean;
  counts: GroupCounts;
  unsigned: number;
}
