import { createHash } from 'node:crypto';
import type { KeptHead } from '../domain/audit/heads';
import type { Actor } from '../domain/people/roles';
import type { SecretKeys } from '../domain/secret-keys';
import { type AuditAction, type AuditDetails, entityOf } from './audit-actions';
import { auditKeysOf } from './audit-keys';
import { isSameText, macOf, newestMac } from './secret-keys';
import { change, execute, insert, select, selectOne } from './sql';
import type { Db, Tx } from './db';

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

/** A row as it stands in the table. */
export type StoredAudit = {
  organisation_id: string;
  seq: number;
  at: Date;
  actor_kind: string;
  actor_id: string;
  actor_name: string;
  action: string;
  entity_kind: string;
  entity_id: string;
  command_id: string;
  details: string;
  prev_hash: Buffer;
  hash: Buffer;
  /** Version of the secret its MAC is made with; null for rows written before rows had one. */
  key_version: number | null;
  mac: Buffer | null;
};

/** A row as its digest sees it: what it says and its place. */
type Digested = Omit<StoredAudit, 'hash' | 'key_version' | 'mac'>;

const genesis = Buffer.alloc(32);

const sha256 = (...parts: (Buffer | string)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** What a row says, in fixed order: everything but its place in the chain. */
export const auditContent = (row: Omit<Digested, 'prev_hash'>): (string | number)[] => [
  row.organisation_id,
  Number(row.seq),
  row.at.toISOString(),
  row.actor_kind,
  row.actor_id,
  row.actor_name,
  row.action,
  row.entity_kind,
  row.entity_id,
  row.command_id,
  row.details,
];

/** SHA-256 over the JSON of a row's content: stands for the row where its content is nobody's business. */
export const contentHash = (row: Omit<Digested, 'prev_hash'>): Buffer => sha256(JSON.stringify(auditContent(row)));

/** SHA-256 over the digest of the content and the previous row's hash: a change anywhere breaks the chain from there on. */
const rowHash = (row: Digested): Buffer => sha256(contentHash(row), row.prev_hash);

/** As 0.1.0 hashed rows: the previous hash was the last element of the JSON, so that no row could be linked without its content. */
const firstRowHash = (row: Digested): Buffer => sha256(JSON.stringify([...auditContent(row), row.prev_hash.toString('hex')]));

/** Whether a row's hash is that of its content and the row before it. */
const isWhole = (row: StoredAudit): boolean => isLinkable(row) || firstRowHash(row).equals(row.hash);

/** Whether the digest of a row's content is enough to link the row before it to the one after it. */
export const isLinkable = (row: StoredAudit): boolean => rowHash(row).equals(row.hash);

/** What the MAC of a row is made over: with the hash, all that the row and the rows before it say. */
const rowText = (organisationId: string, seq: number, hash: Buffer): string => `audit-row:${organisationId}:${seq}:${hash.toString('hex')}`;
const boundaryText = (organisationId: string, seq: number, hash: Buffer): string =>
  `audit-boundary:${organisationId}:${seq}:${hash.toString('hex')}`;

/** Whether a MAC is the one its version of the secret makes; `unknown-key` when that version is not at hand. */
function checkMac(keys: SecretKeys, version: number | null, mac: Buffer | null, text: string): 'good' | 'bad' | 'missing' | 'unknown-key' {
  if (version === null || !mac) return 'missing';
  const expected = macOf(keys, version, text);
  if (!expected) return 'unknown-key';
  return isSameText(expected.toString('hex'), mac.toString('hex')) ? 'good' : 'bad';
}

/** The last row of an organisation's log that was written before rows had MACs; 0 for an organisation that is younger. */
export type Boundary = { seq: number; hash: Buffer };
type StoredBoundary = { organisation_id: string; seq: number; hash: Buffer; key_version: number; mac: Buffer };

async function insertBoundary(db: Db, organisationId: string, { seq, hash }: Boundary): Promise<void> {
  const { version, mac } = newestMac(auditKeysOf(db), boundaryText(organisationId, seq, hash));
  await execute(
    db,
    'INSERT IGNORE INTO audit_boundaries (organisation_id, seq, hash, key_version, mac) VALUES (:organisationId, :seq, :hash, :version, :mac)',
    { organisationId, seq, hash, version, mac },
  );
}

/**
 * Closes the rows of former releases, once, when the schema learns of MACs. It is never done again: a boundary that vanished later is a
 * fault, and not the occasion to draw another where somebody wishes it.
 */
export async function sealBoundaries(db: Db): Promise<void> {
  const heads = await select<{ organisation_id: string; seq: number; hash: Buffer }>(
    db,
    'SELECT organisation_id, seq, hash FROM audit_heads',
  );
  for (const head of heads) await insertBoundary(db, head.organisation_id, { seq: Number(head.seq), hash: head.hash });
}

/** The boundary as it counts: null when it is not one that this installation has drawn. */
function readBoundary(keys: SecretKeys, row: StoredBoundary): Boundary | null {
  const boundary = { seq: Number(row.seq), hash: row.hash };
  const text = boundaryText(row.organisation_id, boundary.seq, boundary.hash);
  return checkMac(keys, row.key_version, row.mac, text) === 'good' ? boundary : null;
}

/** The boundary of an organisation, or null when there is none that counts. */
async function boundaryOf(db: Db, organisationId: string): Promise<Boundary | null> {
  const row = await selectOne<StoredBoundary>(db, 'SELECT * FROM audit_boundaries WHERE organisation_id = :organisationId', {
    organisationId,
  });
  return row && readBoundary(auditKeysOf(db), row);
}

/** The boundaries that count, by organisation. */
async function allBoundaries(db: Db): Promise<Map<string, Boundary>> {
  const rows = await select<StoredBoundary>(db, 'SELECT * FROM audit_boundaries');
  return new Map(
    rows.flatMap((row): [string, Boundary][] => {
      const boundary = readBoundary(auditKeysOf(db), row);
      return boundary ? [[row.organisation_id, boundary]] : [];
    }),
  );
}

/** Whether a row is as this installation wrote it: under its MAC, or before the boundary without one. */
function sealOf(keys: SecretKeys, boundary: Boundary | null, row: StoredAudit): 'good' | 'unkeyed' | 'forged' | 'unknown-key' {
  const seq = Number(row.seq);
  if (boundary && seq < boundary.seq) return 'good'; // the chain leads from it to the boundary's own hash
  if (boundary && seq === boundary.seq) return boundary.hash.equals(row.hash) ? 'good' : 'forged';
  const found = checkMac(keys, row.key_version, row.mac, rowText(row.organisation_id, seq, row.hash));
  return found === 'missing' ? 'unkeyed' : found === 'bad' ? 'forged' : found;
}

/**
 * Appends entries to their organisation's chain inside the command's transaction. The head row stays locked until the commit, so call
 * it last: everything before it runs in parallel with other commands.
 */
export async function appendAudit<Action extends AuditAction>(tx: Tx, entry: AuditEntry<Action>): Promise<void> {
  const head = (await lockHead(tx, entry.organisationId)) ?? (await makeHead(tx, entry.organisationId));
  const row: Digested = {
    organisation_id: entry.organisationId,
    seq: Number(head.seq) + 1,
    at: entry.at,
    actor_kind: entry.actor.kind,
    actor_id: entry.actor.id,
    actor_name: entry.actor.name.slice(0, 200),
    action: entry.action,
    entity_kind: entityOf[entry.action],
    entity_id: entry.entityId,
    command_id: entry.commandId,
    details: JSON.stringify(entry.details),
    prev_hash: head.hash,
  };
  const hash = rowHash(row);
  const { version, mac } = newestMac(auditKeysOf(tx), rowText(row.organisation_id, row.seq, hash));
  await insert(tx, 'audit', [{ ...row, hash, key_version: version, mac }]);
  await change(tx, 'UPDATE audit_heads SET seq = :seq, hash = :hash WHERE organisation_id = :id', {
    seq: row.seq,
    hash,
    id: row.organisation_id,
  });
}

type Head = { seq: number; hash: Buffer };

const lockHead = (tx: Tx, id: string): Promise<Head | null> =>
  selectOne<Head>(tx, 'SELECT seq, hash FROM audit_heads WHERE organisation_id = :id FOR UPDATE', { id });

/** The first entry of an organisation. Inserting before locking every time would take a shared lock first, and two writers would deadlock. */
async function makeHead(tx: Tx, id: string): Promise<Head> {
  await execute(tx, 'INSERT IGNORE INTO audit_heads (organisation_id, seq, hash) VALUES (:id, 0, :genesis)', { id, genesis });
  const head = await lockHead(tx, id);
  if (!head) throw new Error('audit head vanished');
  if (Number(head.seq) === 0) await insertBoundary(tx, id, { seq: 0, hash: genesis });
  return head;
}

/** Whether a row of this command, action and thing has been written. */
export const hasAudit = async (db: Db, row: { commandId: string; action: string; entityId: string }): Promise<boolean> =>
  (await selectOne(db, 'SELECT seq FROM audit WHERE command_id = :commandId AND action = :action AND entity_id = :entityId', row)) !== null;

/** The history of one thing, oldest first, at most `limit` rows after `afterSeq`. */
export async function auditOf(db: Db, organisationId: string, entityId: string, limit = 500, afterSeq = 0): Promise<AuditRow[]> {
  const rows = await select<StoredAudit>(
    db,
    'SELECT * FROM audit WHERE organisation_id = :organisationId AND entity_id = :entityId AND seq > :afterSeq ORDER BY seq LIMIT :limit',
    { organisationId, entityId, afterSeq, limit },
  );
  return rows.map((row) => ({
    organisationId: row.organisation_id,
    seq: Number(row.seq),
    at: row.at,
    actor: { kind: row.actor_kind as AuditActor['kind'], id: row.actor_id, name: row.actor_name },
    action: row.action,
    entityKind: row.entity_kind,
    entityId: row.entity_id,
    commandId: row.command_id,
    details: JSON.parse(row.details) as Record<string, unknown>,
    hash: row.hash.toString('hex'),
  }));
}

/** Whether the rows of one thing still hash to what was written, each beside the row before it; the whole chain is `verifyAudit`'s work. */
export async function verifyEntity(db: Db, organisationId: string, entityId: string): Promise<{ isWhole: boolean; count: number }> {
  const rows = await select<StoredAudit & { before: Buffer | null }>(
    db,
    `SELECT a.*, b.hash AS \`before\` FROM audit a LEFT JOIN audit b ON b.organisation_id = a.organisation_id AND b.seq = a.seq - 1
      WHERE a.organisation_id = :organisationId AND a.entity_id = :entityId ORDER BY a.seq`,
    { organisationId, entityId },
  );
  const [keys, boundary] = [auditKeysOf(db), await boundaryOf(db, organisationId)];
  const isUnbroken = rows.every(
    ({ before, ...row }) => isWhole(row) && row.prev_hash.equals(before ?? genesis) && sealOf(keys, boundary, row) === 'good',
  );
  return { isWhole: isUnbroken, count: rows.length };
}

/**
 * What is wrong with a chain: a row was changed, one is missing before `seq`, the newest rows were cut off; a row has no MAC, another one
 * than ours, or one under a version of the secret that is not at hand; the boundary of rows without MACs is gone or not ours.
 */
export type AuditFault = {
  organisationId: string;
  seq: number;
  fault: 'changed' | 'missing' | 'broken-link' | 'head-mismatch' | 'unkeyed' | 'forged' | 'unknown-key' | 'boundary';
};

/** The hash of one row of a chain, or null; a time-stamp says that it existed. */
export async function hashAt(db: Db, organisationId: string, seq: number): Promise<Buffer | null> {
  const row = await selectOne<{ hash: Buffer }>(db, 'SELECT hash FROM audit WHERE organisation_id = :organisationId AND seq = :seq', {
    organisationId,
    seq,
  });
  return row?.hash ?? null;
}

/** Walks every chain in pages and returns each fault found with the number of rows read. A row inserted by hand shows as a broken link. */
export async function verifyAudit(db: Db): Promise<{ rows: number; faults: AuditFault[] }> {
  const [keys, boundaries] = [auditKeysOf(db), await allBoundaries(db)];
  const faults: AuditFault[] = [];
  let rows = 0;
  const heads = await select<{ organisation_id: string; seq: number; hash: Buffer }>(
    db,
    'SELECT * FROM audit_heads ORDER BY organisation_id',
  );
  for (const orphan of await select<{ organisation_id: string }>(
    db,
    'SELECT DISTINCT organisation_id FROM audit WHERE organisation_id NOT IN (SELECT organisation_id FROM audit_heads)',
  )) {
    faults.push({ organisationId: orphan.organisation_id, seq: 0, fault: 'head-mismatch' });
  }
  for (const head of heads) {
    let previous: { seq: number; hash: Buffer } = { seq: 0, hash: genesis };
    const boundary = boundaries.get(head.organisation_id) ?? null;
    if (!boundary || boundary.seq > Number(head.seq)) faults.push({ organisationId: head.organisation_id, seq: 0, fault: 'boundary' });
    for (;;) {
      const page = await select<StoredAudit>(db, 'SELECT * FROM audit WHERE organisation_id = :id AND seq > :seq ORDER BY seq LIMIT 1000', {
        id: head.organisation_id,
        seq: previous.seq,
      });
      for (const row of page) {
        const seq = Number(row.seq);
        const report = (fault: AuditFault['fault']) => faults.push({ organisationId: row.organisation_id, seq, fault });
        if (seq !== previous.seq + 1) report('missing');
        else if (!row.prev_hash.equals(previous.hash)) report('broken-link');
        if (!isWhole(row)) report('changed');
        const seal = sealOf(keys, boundary, row);
        if (seal !== 'good') report(seal);
        previous = { seq, hash: row.hash };
      }
      rows += page.length;
      if (page.length < 1000) break;
    }
    if (Number(head.seq) !== previous.seq || !head.hash.equals(previous.hash)) {
      faults.push({ organisationId: head.organisation_id, seq: previous.seq, fault: 'head-mismatch' });
    }
  }
  return { rows, faults };
}

/** Where every organisation's log stands now, in the form that is kept outside. */
export async function currentHeads(db: Db, at: Date): Promise<KeptHead[]> {
  const heads = await select<{ organisation_id: string; seq: number; hash: Buffer }>(
    db,
    'SELECT organisation_id, seq, hash FROM audit_heads WHERE seq > 0 ORDER BY organisation_id',
  );
  const boundaries = await allBoundaries(db);
  return heads.map((row) => ({
    organisationId: row.organisation_id,
    seq: Number(row.seq),
    hash: row.hash.toString('hex'),
    keyedAfter: boundaries.get(row.organisation_id)?.seq ?? null,
    at: at.toISOString(),
  }));
}

export type HeadFault = { kept: KeptHead; fault: 'gone' | 'written-anew' | 'boundary-moved' };
/** Rows asked for at once. */
const headsAtOnce = 500;

/** Heads kept outside that the log no longer leads to. */
export async function compareHeads(db: Db, kept: readonly KeptHead[]): Promise<HeadFault[]> {
  const boundaries = await allBoundaries(db);
  const faults: HeadFault[] = [];
  for (const organisationId of new Set(kept.map((head) => head.organisationId))) {
    const own = kept.filter((head) => head.organisationId === organisationId);
    for (let from = 0; from < own.length; from += headsAtOnce) {
      const some = own.slice(from, from + headsAtOnce);
      const rows = await select<{ seq: number; hash: Buffer }>(
        db,
        'SELECT seq, hash FROM audit WHERE organisation_id = :organisationId AND seq IN (:seqs)',
        { organisationId, seqs: some.map((head) => head.seq) },
      );
      const hashes = new Map(rows.map((row) => [Number(row.seq), row.hash.toString('hex')]));
      for (const head of some) {
        const hash = hashes.get(head.seq);
        const isMoved = head.keyedAfter !== null && head.keyedAfter !== boundaries.get(organisationId)?.seq;
        const fault = hash === undefined ? 'gone' : hash !== head.hash ? 'written-anew' : isMoved ? 'boundary-moved' : null;
        if (fault) faults.push({ kept: head, fault });
      }
    }
  }
  return faults;
}

/** Name and kind of an actor as the audit log keeps them. */
export const auditActor = (actor: Actor, name: string): AuditActor => ({
  kind: actor.kind,
  id: actor.kind === 'member' ? actor.personId : actor.participantId,
  name,
});

/** The row a command wrote, of one action if it wrote several; null when there is none. */
export const eventOf = (
  db: Db,
  commandId: string,
  action?: string,
): Promise<{ actorName: string; at: Date; action: string; details: string } | null> =>
  selectOne(
    db,
    `SELECT actor_name AS actorName, at, action, details FROM audit
      WHERE command_id = :commandId${action === undefined ? '' : ' AND action = :action'} LIMIT 1`,
    { commandId, action: action ?? '' },
  );
