import type { DocumentKind } from '../../domain/documents/document';
import type { GroupCounts, GroupPurpose, GroupState, ItemState } from '../../domain/groups/group';
import type { StageKind } from '../../domain/routes/route';
import { change, insert, select, selectOne } from '../sql';
import type { Db, Tx } from '../db';

export type SigningGroup = {
  id: string;
  organisationId: string;
  personId: string;
  purpose: GroupPurpose;
  state: GroupState;
  remark: string | null;
  /** Fingerprint of the one certificate of the batch, once its first signature was accepted. */
  certificate: Buffer | null;
  certificateName: string;
  keyDigest: 'streebog512' | 'sha256' | null;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  expiresAt: Date;
};

/** One document of a group, as it stood when the group was made. `attempt` and `fileId` are frozen: a newer file is not signed by it. */
export type GroupItem = {
  id: string;
  groupId: string;
  place: number;
  participantId: string;
  documentId: string;
  attempt: number;
  fileId: string;
  kind: StageKind;
  sizeBytes: number;
  state: ItemState;
  code: string | null;
  commandId: string;
  sessionId: string | null;
  sentAt: Date | null;
  decidedAt: Date | null;
};

const groupColumns = `g.id, g.organisation_id AS organisationId, g.person_id AS personId, g.purpose, g.state, g.remark, g.certificate,
  g.certificate_name AS certificateName, g.key_digest AS keyDigest, g.created_at AS createdAt, g.started_at AS startedAt,
  g.ended_at AS endedAt, g.expires_at AS expiresAt`;
const itemColumns = `i.id, i.group_id AS groupId, i.place, i.participant_id AS participantId, i.document_id AS documentId, i.attempt,
  i.file_id AS fileId, i.kind, i.size_bytes AS sizeBytes, i.state, i.code, i.command_id AS commandId, i.session_id AS sessionId,
  i.sent_at AS sentAt, i.decided_at AS decidedAt`;

type NewGroup = Pick<SigningGroup, 'id' | 'organisationId' | 'personId' | 'purpose' | 'createdAt' | 'expiresAt'>;
type NewItem = Pick<GroupItem, 'id' | 'participantId' | 'documentId' | 'attempt' | 'fileId' | 'kind' | 'sizeBytes' | 'commandId'>;

/** Stores a group with its documents in this order. A list of the same person that was never started gives way to it. */
export async function insertGroup(tx: Tx, group: NewGroup, items: readonly NewItem[]): Promise<void> {
  await change(
    tx,
    `UPDATE signing_groups SET state = 'stopped', ended_at = :now
      WHERE person_id = :person AND organisation_id = :org AND state = 'listed'`,
    { now: group.createdAt, person: group.personId, org: group.organisationId },
  );
  await insert(tx, 'signing_groups', [
    {
      id: group.id,
      organisation_id: group.organisationId,
      person_id: group.personId,
      purpose: group.purpose,
      state: 'listed',
      created_at: group.createdAt,
      expires_at: group.expiresAt,
    },
  ]);
  const rows = items.map((item, place) => ({
    id: item.id,
    group_id: group.id,
    place,
    participant_id: item.participantId,
    document_id: item.documentId,
    attempt: item.attempt,
    file_id: item.fileId,
    kind: item.kind,
    size_bytes: item.sizeBytes,
    state: 'waiting',
    command_id: item.commandId,
  }));
  for (let from = 0; from < rows.length; from += 250) await insert(tx, 'signing_group_items', rows.slice(from, from + 250));
}

export type Askable = { participantId: string; documentId: string; attempt: number; fileId: string; kind: StageKind; sizeBytes: number };

/** Which of these documents wait for this person's answer now, in the order of the list «to sign». */
export const askablesOf = (db: Db, me: { personId: string; organisationId: string }, documentIds: readonly string[]): Promise<Askable[]> =>
  select<Askable>(
    db,
    `SELECT rp.id AS participantId, rp.document_id AS documentId, r.attempt, d.file_id AS fileId, s.kind, f.size_bytes AS sizeBytes
       FROM route_participants rp JOIN routes r ON r.id = rp.route_id JOIN documents d ON d.id = rp.document_id
       JOIN files f ON f.id = d.file_id JOIN route_stages s ON s.route_id = rp.route_id AND s.position = rp.stage
      WHERE rp.person_id = :me AND rp.organisation_id = :org AND rp.state = 'asked' AND rp.document_id IN (:documentIds)
      ORDER BY rp.asked_at DESC, rp.id DESC`,
    { me: me.personId, org: me.organisationId, documentIds: ['', ...documentIds] },
  ).then((rows) => rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) })));

/** The group with this id, or null. Only the person who made it may be shown it. */
export const groupById = (db: Db, id: string): Promise<SigningGroup | null> =>
  selectOne<SigningGroup>(db, `SELECT ${groupColumns} FROM signing_groups g WHERE g.id = :id`, { id });

const asItem = <Row extends GroupItem>(row: Row): Row => ({ ...row, sizeBytes: Number(row.sizeBytes) });

/** Items of a group in these states, in their order. */
export async function itemsIn(db: Db, groupId: string, states: readonly ItemState[], limit = 1_000): Promise<GroupItem[]> {
  const rows = await select<GroupItem>(
    db,
    `SELECT ${itemColumns} FROM signing_group_items i WHERE i.group_id = :groupId AND i.state IN (:states) ORDER BY i.place LIMIT :limit`,
    { groupId, states, limit },
  );
  return rows.map(asItem);
}

export type ListedItem = GroupItem & {
  title: string;
  documentKind: DocumentKind;
  counterparty: string;
  initiator: string;
  dueAt: Date | null;
};

/** Items of a group with what its page shows of their documents, in their order. */
export async function listItems(db: Db, groupId: string): Promise<ListedItem[]> {
  const rows = await select<ListedItem>(
    db,
    `SELECT ${itemColumns}, d.title, d.kind AS documentKind, d.counterparty_name AS counterparty, ip.name AS initiator, s.due_at AS dueAt
       FROM signing_group_items i JOIN documents d ON d.id = i.document_id JOIN people ip ON ip.id = d.initiator_id
       JOIN route_participants rp ON rp.id = i.participant_id JOIN route_stages s ON s.route_id = rp.route_id AND s.position = rp.stage
      WHERE i.group_id = :groupId AND i.state <> 'removed' ORDER BY i.place`,
    { groupId },
  );
  return rows.map(asItem);
}

const countsSql = `COUNT(*) AS total, COALESCE(SUM(i.state = 'waiting'), 0) AS waiting, COALESCE(SUM(i.state = 'sent'), 0) AS sent,
  COALESCE(SUM(i.state = 'done'), 0) AS done, COALESCE(SUM(i.state = 'failed'), 0) AS failed`;
const asCounts = (row: GroupCounts | null): GroupCounts => ({
  total: Number(row?.total ?? 0),
  waiting: Number(row?.waiting ?? 0),
  sent: Number(row?.sent ?? 0),
  done: Number(row?.done ?? 0),
  failed: Number(row?.failed ?? 0),
});

/** How many items of a group stand where. */
export const countsOf = async (db: Db, groupId: string): Promise<GroupCounts> =>
  asCounts(
    await selectOne<GroupCounts>(
      db,
      `SELECT ${countsSql} FROM signing_group_items i WHERE i.group_id = :groupId AND i.state <> 'removed'`,
      { groupId },
    ),
  );

/** Groups of this person that are listed or under way, the newest first. */
export async function openGroupsOf(
  db: Db,
  me: { personId: string; organisationId: string },
  now: Date,
): Promise<(SigningGroup & { counts: GroupCounts })[]> {
  const rows = await select<SigningGroup & GroupCounts>(
    db,
    `SELECT ${groupColumns}, ${countsSql}
       FROM signing_groups g JOIN signing_group_items i ON i.group_id = g.id AND i.state <> 'removed'
      WHERE g.person_id = :me AND g.organisation_id = :org AND g.state IN ('listed', 'running') AND g.expires_at > :now
      GROUP BY g.id ORDER BY g.created_at DESC LIMIT 5`,
    { me: me.personId, org: me.organisationId, now },
  );
  return rows.map((row) => ({ ...row, counts: asCounts(row) }));
}

/** Leaves one document out of a list that is not frozen yet; how many were left out. */
export const removeItem = (db: Db, groupId: string, itemId: string): Promise<number> =>
  change(
    db,
    `UPDATE signing_group_items i JOIN signing_groups g ON g.id = i.group_id SET i.state = 'removed'
      WHERE i.id = :itemId AND i.group_id = :groupId AND i.state = 'waiting' AND g.state = 'listed'`,
    { itemId, groupId },
  );

/** Freezes a list and sets it going; false when it was no list any more. */
export const startGroup = async (tx: Tx, id: string, remark: string | null, now: Date): Promise<boolean> =>
  (await change(
    tx,
    "UPDATE signing_groups SET state = 'running', started_at = :now, remark = :remark WHERE id = :id AND state = 'listed' AND expires_at > :now",
    { id, remark, now },
  )) === 1;

/** Ends a group for good; false when it had ended already. */
export const closeGroup = async (tx: Tx, id: string, state: 'done' | 'stopped' | 'expired', now: Date): Promise<boolean> =>
  (await change(tx, "UPDATE signing_groups SET state = :state, ended_at = :now WHERE id = :id AND state IN ('listed', 'running')", {
    id,
    state,
    now,
  })) === 1;

/** Freezes the certificate of the batch at its first accepted signature; false when another was faster. */
export const freezeCertificate = async (
  db: Db,
  id: string,
  key: { certificate: Buffer; name: string; digest: 'streebog512' | 'sha256' | null },
): Promise<boolean> =>
  (await change(
    db,
    `UPDATE signing_groups SET certificate = :certificate, certificate_name = :name, key_digest = :digest
      WHERE id = :id AND certificate IS NULL`,
    { id, certificate: key.certificate, name: key.name.slice(0, 300), digest: key.digest },
  )) === 1;

/** Gives waiting items the sessions just opened for them, each with the command its signature will be. */
export async function openItems(
  db: Db,
  groupId: string,
  sessions: readonly { id: string; sessionId: string; commandId: string }[],
): Promise<void> {
  if (sessions.length === 0) return;
  const cases = (name: string): string => sessions.map((_, i) => `WHEN :id_${i} THEN :${name}_${i}`).join(' ');
  await change(
    db,
    `UPDATE signing_group_items SET session_id = CASE id ${cases('session')} END, command_id = CASE id ${cases('command')} END
      WHERE group_id = :groupId AND id IN (:ids) AND state = 'waiting'`,
    {
      groupId,
      ids: sessions.map(({ id }) => id),
      ...Object.fromEntries(
        sessions.flatMap((s, i) => [
          [`id_${i}`, s.id],
          [`session_${i}`, s.sessionId],
          [`command_${i}`, s.commandId],
        ]),
      ),
    },
  );
}

/** Says that the answers of these items are on their way. */
export async function markSent(db: Db, ids: readonly string[], now: Date): Promise<void> {
  await change(db, "UPDATE signing_group_items SET state = 'sent', sent_at = :now WHERE id IN (:ids) AND state = 'waiting'", {
    ids: ['', ...ids],
    now,
  });
}

/** Gives items back that were marked as sent but never left. */
export async function markWaiting(db: Db, ids: readonly string[]): Promise<void> {
  await change(db, "UPDATE signing_group_items SET state = 'waiting', sent_at = NULL WHERE id IN (:ids) AND state = 'sent'", {
    ids: ['', ...ids],
  });
}

/** Writes the outcome of one item. A success stands whatever is learned later. */
export async function decideItem(db: Db, id: string, outcome: { state: 'done' | 'failed'; code: string | null }, now: Date): Promise<void> {
  await change(
    db,
    `UPDATE signing_group_items SET state = :state, code = :code, decided_at = :now
      WHERE id = :id AND state <> 'removed' AND state <> 'done'`,
    { id, state: outcome.state, code: outcome.code?.slice(0, 60) ?? null, now },
  );
}

/** Whether this signature has been kept, and so its command may be sent again. */
export const isSignatureKept = async (db: Db, id: string): Promise<boolean> =>
  (await selectOne<{ id: string }>(db, 'SELECT id FROM signatures WHERE id = :id', { id })) !== null;

/** Whether this person may still act for the organisation: a member whose account is not switched off. */
export const isActiveMember = async (db: Db, personId: string, organisationId: string): Promise<boolean> =>
  (await selectOne<{ id: string }>(
    db,
    `SELECT m.person_id AS id FROM memberships m JOIN accounts a ON a.person_id = m.person_id AND a.disabled_at IS NULL
      WHERE m.person_id = :personId AND m.organisation_id = :organisationId AND m.ended_at IS NULL LIMIT 1`,
    { personId, organisationId },
  )) !== null;

/** Groups that should be running, in pages by id. */
export const liveGroups = (db: Db, afterId: string, limit: number): Promise<{ id: string; expiresAt: Date }[]> =>
  select(db, "SELECT id, expires_at AS expiresAt FROM signing_groups WHERE state = 'running' AND id > :afterId ORDER BY id LIMIT :limit", {
    afterId,
    limit,
  });
