import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import type { DocumentKind } from '../../domain/documents/document';
import type { GroupCounts, ItemState } from '../../domain/groups/group';
import type { StageKind } from '../../domain/routes/route';
import type { Schema, SigningGroupItems, SigningGroups } from '../schema';
import { changes } from '../sql';
import type { Db, Tx } from '../db';

/** `certificate` is the fingerprint of the one certificate of the batch, once its first signature was accepted. */
export type SigningGroup = Selectable<SigningGroups>;

/** One document of a group, as it stood when the group was made. `attempt` and `fileId` are frozen: a newer file is not signed by it. */
export type GroupItem = Selectable<SigningGroupItems>;

type NewGroup = Pick<SigningGroup, 'id' | 'organisationId' | 'personId' | 'purpose' | 'createdAt' | 'expiresAt'>;
type NewItem = Pick<GroupItem, 'id' | 'participantId' | 'documentId' | 'attempt' | 'fileId' | 'kind' | 'sizeBytes' | 'commandId'>;

/** Stores a group with its documents in this order. A list of the same person that was never started gives way to it. */
export async function insertGroup(tx: Tx, group: NewGroup, items: readonly NewItem[]): Promise<void> {
  await tx
    .updateTable('signingGroups')
    .set({ state: 'stopped', endedAt: group.createdAt })
    .where('personId', '=', group.personId)
    .where('organisationId', '=', group.organisationId)
    .where('state', '=', 'listed')
    .execute();
  const { id, organisationId, personId, purpose, createdAt, expiresAt } = group;
  await tx.insertInto('signingGroups').values({ id, organisationId, personId, purpose, state: 'listed', createdAt, expiresAt }).execute();
  const rows = items.map((item, place) => ({
    id: item.id,
    groupId: group.id,
    place,
    participantId: item.participantId,
    documentId: item.documentId,
    attempt: item.attempt,
    fileId: item.fileId,
    kind: item.kind,
    sizeBytes: item.sizeBytes,
    state: 'waiting' as const,
    commandId: item.commandId,
  }));
  for (let from = 0; from < rows.length; from += 250)
    await tx
      .insertInto('signingGroupItems')
      .values(rows.slice(from, from + 250))
      .execute();
}

export type Askable = { participantId: string; documentId: string; attempt: number; fileId: string; kind: StageKind; sizeBytes: number };

/** Which of these documents wait for this person's answer now, in the order of the list «to sign». */
export const askablesOf = (db: Db, me: { personId: string; organisationId: string }, documentIds: readonly string[]): Promise<Askable[]> =>
  db
    .selectFrom('routeParticipants as rp')
    .innerJoin('routes as r', 'r.id', 'rp.routeId')
    .innerJoin('documents as d', 'd.id', 'rp.documentId')
    .innerJoin('files as f', 'f.id', 'd.fileId')
    .innerJoin('routeStages as s', (join) => join.onRef('s.routeId', '=', 'rp.routeId').onRef('s.position', '=', 'rp.stage'))
    .select(['rp.id as participantId', 'rp.documentId', 'r.attempt', 'f.id as fileId', 's.kind', 'f.sizeBytes'])
    .where('rp.personId', '=', me.personId)
    .where('rp.organisationId', '=', me.organisationId)
    .where('rp.state', '=', 'asked')
    .where('rp.documentId', 'in', ['', ...documentIds])
    .orderBy('rp.askedAt', 'desc')
    .orderBy('rp.id', 'desc')
    .execute();

/** The group with this id, or null. Only the person who made it may be shown it. */
export const groupById = async (db: Db, id: string): Promise<SigningGroup | null> =>
  (await db.selectFrom('signingGroups').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

/** Items of a group in these states, in their order. */
export const itemsIn = (db: Db, groupId: string, states: readonly ItemState[], limit = 1_000): Promise<GroupItem[]> =>
  db
    .selectFrom('signingGroupItems')
    .selectAll()
    .where('groupId', '=', groupId)
    .where('state', 'in', states)
    .orderBy('place')
    .limit(limit)
    .execute();

export type ListedItem = GroupItem & {
  title: string;
  documentKind: DocumentKind;
  counterparty: string;
  initiator: string;
  dueAt: Date | null;
};

/** Items of a group with what its page shows of their documents, in their order. */
export const listItems = (db: Db, groupId: string): Promise<ListedItem[]> =>
  db
    .selectFrom('signingGroupItems as i')
    .innerJoin('documents as d', 'd.id', 'i.documentId')
    .innerJoin('people as ip', 'ip.id', 'd.initiatorId')
    .innerJoin('routeParticipants as rp', 'rp.id', 'i.participantId')
    .innerJoin('routeStages as s', (join) => join.onRef('s.routeId', '=', 'rp.routeId').onRef('s.position', '=', 'rp.stage'))
    .selectAll('i')
    .select(['d.title', 'd.kind as documentKind', 'd.counterpartyName as counterparty', 'ip.name as initiator', 's.dueAt'])
    .where('i.groupId', '=', groupId)
    .where('i.state', '<>', 'removed')
    .orderBy('i.place')
    .execute();

type ItemsBuilder = ExpressionBuilder<Schema & { i: SigningGroupItems }, 'i'>;

const countsIn = (eb: ItemsBuilder) => {
  const inState = (state: ItemState) => eb.fn.coalesce(eb.fn.sum<string>(eb('i.state', '=', state)), eb.lit(0));
  return [
    eb.fn.countAll<number>().as('total'),
    inState('waiting').as('waiting'),
    inState('sent').as('sent'),
    inState('done').as('done'),
    inState('failed').as('failed'),
  ] as const;
};
const asCounts = (row: Record<keyof GroupCounts, number | string> | undefined): GroupCounts => ({
  total: Number(row?.total ?? 0),
  waiting: Number(row?.waiting ?? 0),
  sent: Number(row?.sent ?? 0),
  done: Number(row?.done ?? 0),
  failed: Number(row?.failed ?? 0),
});

/** How many items of a group stand where. */
export const countsOf = async (db: Db, groupId: string): Promise<GroupCounts> =>
  asCounts(
    await db
      .selectFrom('signingGroupItems as i')
      .select(countsIn)
      .where('i.groupId', '=', groupId)
      .where('i.state', '<>', 'removed')
      .executeTakeFirst(),
  );

/** Groups of this person that are listed or under way, the newest first. */
export async function openGroupsOf(
  db: Db,
  me: { personId: string; organisationId: string },
  now: Date,
): Promise<(SigningGroup & { counts: GroupCounts })[]> {
  const rows = await db
    .selectFrom('signingGroups as g')
    .innerJoin('signingGroupItems as i', (join) => join.onRef('i.groupId', '=', 'g.id').on('i.state', '<>', 'removed'))
    .selectAll('g')
    .select(countsIn)
    .where('g.personId', '=', me.personId)
    .where('g.organisationId', '=', me.organisationId)
    .where('g.state', 'in', ['listed', 'running'])
    .where('g.expiresAt', '>', now)
    .groupBy('g.id')
    .orderBy('g.createdAt', 'desc')
    .limit(5)
    .execute();
  return rows.map((row) => ({ ...row, counts: asCounts(row) }));
}

/** Leaves one document out of a list that is not frozen yet; how many were left out. */
export const removeItem = (db: Db, groupId: string, itemId: string): Promise<number> =>
  changes(
    db
      .updateTable(['signingGroupItems as i', 'signingGroups as g'])
      .set('i.state', 'removed')
      .whereRef('g.id', '=', 'i.groupId')
      .where('i.id', '=', itemId)
      .where('i.groupId', '=', groupId)
      .where('i.state', '=', 'waiting')
      .where('g.state', '=', 'listed'),
  );

/** Freezes a list and sets it going; false when it was no list any more. */
export const startGroup = async (tx: Tx, id: string, remark: string | null, now: Date): Promise<boolean> =>
  (await changes(
    tx
      .updateTable('signingGroups')
      .set({ state: 'running', startedAt: now, remark })
      .where('id', '=', id)
      .where('state', '=', 'listed')
      .where('expiresAt', '>', now),
  )) === 1;

/** Ends a group for good; false when it had ended already. */
export const closeGroup = async (tx: Tx, id: string, state: 'done' | 'stopped' | 'expired', now: Date): Promise<boolean> =>
  (await changes(
    tx.updateTable('signingGroups').set({ state, endedAt: now }).where('id', '=', id).where('state', 'in', ['listed', 'running']),
  )) === 1;

/** Freezes the certificate of the batch at its first accepted signature; false when another was faster. */
export const freezeCertificate = async (
  db: Db,
  id: string,
  key: { certificate: Buffer; name: string; digest: 'streebog512' | 'sha256' | null },
): Promise<boolean> =>
  (await changes(
    db
      .updateTable('signingGroups')
      .set({ certificate: key.certificate, certificateName: key.name.slice(0, 300), keyDigest: key.digest })
      .where('id', '=', id)
      .where('certificate', 'is', null),
  )) === 1;

type OpenedItem = { id: string; sessionId: string; commandId: string };

/** Gives waiting items the sessions just opened for them, each with the command its signature will be. */
export async function openItems(db: Db, groupId: string, sessions: readonly OpenedItem[]): Promise<void> {
  if (sessions.length === 0) return;
  const byId = (given: 'sessionId' | 'commandId') => {
    const cases = sessions.map((s) => sql`WHEN ${s.id} THEN ${s[given]}`);
    return sql<string>`CASE id ${sql.join(cases, sql` `)} END`;
  };
  await db
    .updateTable('signingGroupItems')
    .set({ sessionId: byId('sessionId'), commandId: byId('commandId') })
    .where('groupId', '=', groupId)
    .where(
      'id',
      'in',
      sessions.map(({ id }) => id),
    )
    .where('state', '=', 'waiting')
    .execute();
}

/** Says that the answers of these items are on their way. */
export async function markSent(db: Db, ids: readonly string[], now: Date): Promise<void> {
  await db
    .updateTable('signingGroupItems')
    .set({ state: 'sent', sentAt: now })
    .where('id', 'in', ['', ...ids])
    .where('state', '=', 'waiting')
    .execute();
}

/** Gives items back that were marked as sent but never left. */
export async function markWaiting(db: Db, ids: readonly string[]): Promise<void> {
  await db
    .updateTable('signingGroupItems')
    .set({ state: 'waiting', sentAt: null })
    .where('id', 'in', ['', ...ids])
    .where('state', '=', 'sent')
    .execute();
}

/** Writes the outcome of one item. A success stands whatever is learned later. */
export async function decideItem(db: Db, id: string, outcome: { state: 'done' | 'failed'; code: string | null }, now: Date): Promise<void> {
  await db
    .updateTable('signingGroupItems')
    .set({ state: outcome.state, code: outcome.code?.slice(0, 60) ?? null, decidedAt: now })
    .where('id', '=', id)
    .where('state', 'not in', ['removed', 'done'])
    .execute();
}

/** Whether this signature has been kept, and so its command may be sent again. */
export const isSignatureKept = async (db: Db, id: string): Promise<boolean> =>
  (await db.selectFrom('signatures').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;

/** Whether this person may still act for the organisation: a member whose account is not switched off. */
export const isActiveMember = async (db: Db, personId: string, organisationId: string): Promise<boolean> =>
  (await db
    .selectFrom('memberships as m')
    .innerJoin('accounts as a', (join) => join.onRef('a.personId', '=', 'm.personId').on('a.disabledAt', 'is', null))
    .select('m.personId')
    .where('m.personId', '=', personId)
    .where('m.organisationId', '=', organisationId)
    .where('m.endedAt', 'is', null)
    .limit(1)
    .executeTakeFirst()) !== undefined;

/** Groups that should be running, in pages by id. */
export const liveGroups = (db: Db, afterId: string, limit: number): Promise<{ id: string; expiresAt: Date }[]> =>
  db
    .selectFrom('signingGroups')
    .select(['id', 'expiresAt'])
    .where('state', '=', 'running')
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit)
    .execute();
