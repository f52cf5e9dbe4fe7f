import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Actor } from '../domain/people/roles';
import { type AuditAction, type AuditDetails, entityOf } from './audit-actions';
import { auditKeysOf } from './audit-keys';
import type { Db, Tx } from './db';
import type { Audit } from './schema';
import { newestMac } from './secret-keys';

/** Who did it, as the log names them. */
export type AuditActor = { kind: 'member' | 'guest' | 'system'; id: string; name: string };

/** One fact to remember, with the details that its action has. */
export type AuditEntry<Action extends AuditAction = AuditAction> = {
  organisationId: string;
  at: Date;
  actor: AuditActor;
  action: Action;
  entityId: string;
  commandId: string;
  details: AuditDetails[Action];
};

/** A stored row of the log, oldest first by `seq` within its organisation. */
export type AuditRow = Omit<AuditEntry, 'details' | 'action'> & {
  seq: number;
  action: string;
  entityKind: string;
  details: Record<string, unknown>;
  hash: string;
};

/** A row as it stands in the table; `keyVersion` is null for rows written before rows had a MAC. */
export type StoredAudit = Selectable<Audit>;

/** A row as its digest sees it: what it says and its place. */
export type Digested = Omit<StoredAudit, 'hash' | 'keyVersion' | 'mac'>;

/** What stands before the first row of a chain. */
export const genesis = Buffer.alloc(32);

const sha256 = (...parts: (Buffer | string)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** What a row says, in fixed order: everything but its place in the chain. */
export const auditContent = (row: Omit<Digested, 'prevHash'>): (string | number)[] => [
  row.organisationId,
  row.seq,
  row.at.toISOString(),
  row.actorKind,
  row.actorId,
  row.actorName,
  row.action,
  row.entityKind,
  row.entityId,
  row.commandId,
  row.details,
];

/** SHA-256 over the JSON of a row's content: stands for the row where its content is nobody's business. */
export const contentHash = (row: Omit<Digested, 'prevHash'>): Buffer => sha256(JSON.stringify(auditContent(row)));

/** SHA-256 over the digest of the content and the previous row's hash: a change anywhere breaks the chain from there on. */
const rowHash = (row: Digested): Buffer => sha256(contentHash(row), row.prevHash);

/** Whether the digest of a row's content is enough to link the row before it to the one after it. */
export const isLinkable = (row: StoredAudit): boolean => rowHash(row).equals(row.hash);

/** What the MAC of a row is made over: with the hash, all that the row and the rows before it say. */
export const rowText = (organisationId: string, seq: number, hash: Buffer): string =>
  `audit-row:${organisationId}:${seq}:${hash.toString('hex')}`;
export const boundaryText = (organisationId: string, seq: number, hash: Buffer): string =>
  `audit-boundary:${organisationId}:${seq}:${hash.toString('hex')}`;

/** The last row of an organisation's log that was written before rows had MACs; 0 for an organisation that is younger. */
export type Boundary = { seq: number; hash: Buffer };

async function insertBoundary(db: Db, organisationId: string, { seq, hash }: Boundary): Promise<void> {
  const { version, mac } = newestMac(auditKeysOf(db), boundaryText(organisationId, seq, hash));
  await db.insertInto('auditBoundaries').ignore().values({ organisationId, seq, hash, keyVersion: version, mac }).execute();
}

/**
 * Closes the rows of former releases, once, when the schema learns of MACs. It is never done again: a boundary that vanished later is a
 * fault, and not the occasion to draw another where somebody wishes it.
 */
export async function sealBoundaries(db: Db): Promise<void> {
  for (const { organisationId, ...head } of await db.selectFrom('auditHeads').selectAll().execute())
    await insertBoundary(db, organisationId, head);
}

/**
 * Appends entries to their organisation's chain inside the command's transaction. The head row stays locked until the commit, so call
 * it last: everything before it runs in parallel with other commands.
 */
export async function appendAudit<Action extends AuditAction>(tx: Tx, entry: AuditEntry<Action>): Promise<void> {
  const head = (await lockHead(tx, entry.organisationId)) ?? (await makeHead(tx, entry.organisationId));
  const row: Digested = {
    organisationId: entry.organisationId,
    seq: head.seq + 1,
    at: entry.at,
    actorKind: entry.actor.kind,
    actorId: entry.actor.id,
    actorName: entry.actor.name.slice(0, 200),
    action: entry.action,
    entityKind: entityOf[entry.action],
    entityId: entry.entityId,
    commandId: entry.commandId,
    details: JSON.stringify(entry.details),
    prevHash: head.hash,
  };
  const hash = rowHash(row);
  const { version, mac } = newestMac(auditKeysOf(tx), rowText(row.organisationId, row.seq, hash));
  await tx
    .insertInto('audit')
    .values({ ...row, hash, keyVersion: version, mac })
    .execute();
  await tx.updateTable('auditHeads').set({ seq: row.seq, hash }).where('organisationId', '=', row.organisationId).execute();
}

const lockHead = (tx: Tx, id: string): Promise<Boundary | undefined> =>
  tx.selectFrom('auditHeads').select(['seq', 'hash']).where('organisationId', '=', id).forUpdate().executeTakeFirst();

/** The first entry of an organisation. Inserting before locking every time would take a shared lock first, and two writers would deadlock. */
async function makeHead(tx: Tx, id: string): Promise<Boundary> {
  await tx.insertInto('auditHeads').ignore().values({ organisationId: id, seq: 0, hash: genesis }).execute();
  const head = await lockHead(tx, id);
  if (!head) throw new Error('audit head vanished');
  if (head.seq === 0) await insertBoundary(tx, id, { seq: 0, hash: genesis });
  return head;
}

/** Whether a row of this command, action and thing has been written. */
export async function hasAudit(db: Db, row: { commandId: string; action: AuditAction; entityId: string }): Promise<boolean> {
  const ofCommand = db.selectFrom('audit').select('seq').where('commandId', '=', row.commandId);
  return (await ofCommand.where('action', '=', row.action).where('entityId', '=', row.entityId).executeTakeFirst()) !== undefined;
}

/** The history of one thing, oldest first, at most `limit` rows after `afterSeq`. */
export async function auditOf(db: Db, organisationId: string, entityId: string, limit = 500, afterSeq = 0): Promise<AuditRow[]> {
  const own = db.selectFrom('audit').selectAll().where('organisationId', '=', organisationId).where('entityId', '=', entityId);
  const rows = await own.where('seq', '>', afterSeq).orderBy('seq').limit(limit).execute();
  return rows.map((row) => ({
    organisationId: row.organisationId,
    seq: row.seq,
    at: row.at,
    actor: { kind: row.actorKind as AuditActor['kind'], id: row.actorId, name: row.actorName },
    action: row.action,
    entityKind: row.entityKind,
    entityId: row.entityId,
    commandId: row.commandId,
    details: JSON.parse(row.details) as Record<string, unknown>,
    hash: row.hash.toString('hex'),
  }));
}

/** Name and kind of an actor as the audit log keeps them. */
export const auditActor = (actor: Actor, name: string): AuditActor => ({
  kind: actor.kind,
  id: actor.kind === 'member' ? actor.personId : actor.participantId,
  name,
});

/** The row of this action that a command wrote, or null. */
export async function eventOf(db: Db, commandId: string, action?: AuditAction): Promise<StoredAudit | null> {
  const written = db.selectFrom('audit').selectAll().where('commandId', '=', commandId);
  return (await (action ? written.where('action', '=', action) : written).limit(1).executeTakeFirst()) ?? null;
}
