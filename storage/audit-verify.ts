import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { KeptHead } from '../domain/audit/heads';
import type { SecretKeys } from '../domain/secret-keys';
import { auditContent, type Boundary, boundaryText, type Digested, genesis, isLinkable, rowText, type StoredAudit } from './audit';
import { auditKeysOf } from './audit-keys';
import type { Db } from './db';
import type { AuditBoundaries } from './schema';
import { isSameText, macOf } from './secret-keys';

type StoredBoundary = Selectable<AuditBoundaries>;

/** As 0.1.0 hashed rows: the previous hash was the last element of the JSON, so that no row could be linked without its content. */
const firstRowHash = (row: Digested): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([...auditContent(row), row.prevHash.toString('hex')]))
    .digest();

/** Whether a row's hash is that of its content and the row before it. */
const isWhole = (row: StoredAudit): boolean => isLinkable(row) || firstRowHash(row).equals(row.hash);

/** Whether a MAC is the one its version of the secret makes; `unknown-key` when that version is not at hand. */
function checkMac(keys: SecretKeys, version: number | null, mac: Buffer | null, text: string): 'good' | 'bad' | 'missing' | 'unknown-key' {
  if (version === null || !mac) return 'missing';
  const expected = macOf(keys, version, text);
  if (!expected) return 'unknown-key';
  return isSameText(expected.toString('hex'), mac.toString('hex')) ? 'good' : 'bad';
}

/** The boundary as it counts: null when it is not one that this installation has drawn. */
function readBoundary(keys: SecretKeys, row: StoredBoundary): Boundary | null {
  const boundary = { seq: row.seq, hash: row.hash };
  const text = boundaryText(row.organisationId, boundary.seq, boundary.hash);
  return checkMac(keys, row.keyVersion, row.mac, text) === 'good' ? boundary : null;
}

/** The boundary of an organisation, or null when there is none that counts. */
async function boundaryOf(db: Db, organisationId: string): Promise<Boundary | null> {
  const row = await db.selectFrom('auditBoundaries').selectAll().where('organisationId', '=', organisationId).executeTakeFirst();
  return row ? readBoundary(auditKeysOf(db), row) : null;
}

/** The boundaries that count, by organisation. */
async function allBoundaries(db: Db): Promise<Map<string, Boundary>> {
  const rows = await db.selectFrom('auditBoundaries').selectAll().execute();
  return new Map(
    rows.flatMap((row): [string, Boundary][] => {
      const boundary = readBoundary(auditKeysOf(db), row);
      return boundary ? [[row.organisationId, boundary]] : [];
    }),
  );
}

/** Whether a row is as this installation wrote it: under its MAC, or before the boundary without one. */
function sealOf(keys: SecretKeys, boundary: Boundary | null, row: StoredAudit): 'good' | 'unkeyed' | 'forged' | 'unknown-key' {
  const { seq } = row;
  if (boundary && seq < boundary.seq) return 'good'; // the chain leads from it to the boundary's own hash
  if (boundary && seq === boundary.seq) return boundary.hash.equals(row.hash) ? 'good' : 'forged';
  const found = checkMac(keys, row.keyVersion, row.mac, rowText(row.organisationId, seq, row.hash));
  return found === 'missing' ? 'unkeyed' : found === 'bad' ? 'forged' : found;
}

/** Whether the rows of one thing still hash to what was written, each beside the row before it; the whole chain is `verifyAudit`'s work. */
export async function verifyEntity(db: Db, organisationId: string, entityId: string): Promise<{ isWhole: boolean; count: number }> {
  const rows = await db
    .selectFrom('audit as a')
    .leftJoin('audit as b', (join) =>
      join.onRef('b.organisationId', '=', 'a.organisationId').on((eb) => eb('b.seq', '=', eb('a.seq', '-', 1))),
    )
    .selectAll('a')
    .select('b.hash as before')
    .where('a.organisationId', '=', organisationId)
    .where('a.entityId', '=', entityId)
    .orderBy('a.seq')
    .execute();
  const [keys, boundary] = [auditKeysOf(db), await boundaryOf(db, organisationId)];
  const isUnbroken = rows.every(
    ({ before, ...row }) => isWhole(row) && row.prevHash.equals(before ?? genesis) && sealOf(keys, boundary, row) === 'good',
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
  const row = db.selectFrom('audit').select('hash').where('organisationId', '=', organisationId).where('seq', '=', seq);
  return (await row.executeTakeFirst())?.hash ?? null;
}

/** Rows of a chain read at once. */
const pageRows = 1_000;

/** Walks every chain in pages and returns each fault found with the number of rows read. A row inserted by hand shows as a broken link. */
export async function verifyAudit(db: Db): Promise<{ rows: number; faults: AuditFault[] }> {
  const [keys, boundaries] = [auditKeysOf(db), await allBoundaries(db)];
  const faults: AuditFault[] = [];
  let rows = 0;
  const heads = await db.selectFrom('auditHeads').selectAll().orderBy('organisationId').execute();
  const orphans = db.selectFrom('audit').select('organisationId').distinct();
  const withHead = db.selectFrom('auditHeads').select('organisationId');
  for (const { organisationId } of await orphans.where('organisationId', 'not in', withHead).execute())
    faults.push({ organisationId, seq: 0, fault: 'head-mismatch' });
  for (const head of heads) {
    let previous: { seq: number; hash: Buffer } = { seq: 0, hash: genesis };
    const boundary = boundaries.get(head.organisationId) ?? null;
    if (!boundary || boundary.seq > head.seq) faults.push({ organisationId: head.organisationId, seq: 0, fault: 'boundary' });
    for (;;) {
      const chain = db.selectFrom('audit').selectAll().where('organisationId', '=', head.organisationId);
      const page = await chain.where('seq', '>', previous.seq).orderBy('seq').limit(pageRows).execute();
      for (const row of page) {
        const { seq } = row;
        const report = (fault: AuditFault['fault']) => faults.push({ organisationId: row.organisationId, seq, fault });
        if (seq !== previous.seq + 1) report('missing');
        else if (!row.prevHash.equals(previous.hash)) report('broken-link');
        if (!isWhole(row)) report('changed');
        const seal = sealOf(keys, boundary, row);
        if (seal !== 'good') report(seal);
        previous = { seq, hash: row.hash };
      }
      rows += page.length;
      if (page.length < pageRows) break;
    }
    if (head.seq !== previous.seq || !head.hash.equals(previous.hash)) {
      faults.push({ organisationId: head.organisationId, seq: previous.seq, fault: 'head-mismatch' });
    }
  }
  return { rows, faults };
}

/** Where every organisation's log stands now, in the form that is kept outside. */
export async function currentHeads(db: Db, at: Date): Promise<KeptHead[]> {
  const heads = await db.selectFrom('auditHeads').selectAll().where('seq', '>', 0).orderBy('organisationId').execute();
  const boundaries = await allBoundaries(db);
  return heads.map((row) => ({
    organisationId: row.organisationId,
    seq: row.seq,
    hash: row.hash.toString('hex'),
    keyedAfter: boundaries.get(row.organisationId)?.seq ?? null,
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
      const seqs = some.map((head) => head.seq);
      const chain = db.selectFrom('audit').select(['seq', 'hash']).where('organisationId', '=', organisationId);
      const hashes = new Map((await chain.where('seq', 'in', seqs).execute()).map((row) => [row.seq, row.hash.toString('hex')]));
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
