import type { Selectable } from 'kysely';
import type { AuditStamps, RevocationLists } from '../schema';
import type { Db, Tx } from '../db';

/** How far the proof of one signature has come. `gathering`: something is still awaited; `given-up`: nothing more can be had. */
export type EvidenceState = 'gathering' | 'complete' | 'given-up';
export type Evidence = {
  signatureId: string;
  state: EvidenceState;
  verdict: 'valid' | 'invalid' | 'indeterminate';
  code: string;
  /** CMS, CAdES-BES, CAdES-T, CAdES-LT, CAdES-LTA; empty before the first look. */
  level: string;
  /** What further answers from outside could settle. */
  pending: string[];
  /** Why the last try brought no answer, in the words of the transport; empty when it did. */
  problem: string;
  attempts: number;
  checkedAt: Date | null;
  /** When the next try, or the renewal of a complete proof, is due. */
  nextAt: Date | null;
  /** The upgraded CMS; null until something was added to the signature as it came. */
  objectKey: string | null;
  proofEndsAt: Date | null;
};

const columns = [
  ...['e.signatureId', 'e.state', 'e.verdict', 'e.code', 'e.level', 'e.pending', 'e.problem', 'e.attempts'],
  ...['e.checkedAt', 'e.nextAt', 'e.objectKey', 'e.proofEndsAt'],
] as const;
const shaped = <R extends { pending: string }>(row: R): Omit<R, 'pending'> & { pending: string[] } => ({
  ...row,
  pending: row.pending === '' ? [] : row.pending.split(','),
});

/** Opens the gathering of the proof of a signature, in the transaction that accepts it. */
export async function openEvidence(tx: Tx, signatureId: string, now: Date): Promise<void> {
  await tx
    .insertInto('evidence')
    .ignore()
    .columns(['signatureId', 'organisationId', 'state', 'verdict', 'code', 'level', 'nextAt', 'createdAt'])
    .expression((eb) =>
      eb
        .selectFrom('signatures as s')
        .select(['s.id', 's.organisationId', eb.val('gathering').as('state'), 's.verdict', 's.code'])
        .select([eb.val('').as('level'), eb.val(now).as('nextAt'), eb.val(now).as('createdAt')])
        .where('s.id', '=', signatureId),
    )
    .execute();
}

/** The evidence of each of these signatures that has any, by signature. */
export async function evidenceOf(db: Db, signatureIds: readonly string[]): Promise<Map<string, Evidence>> {
  if (signatureIds.length === 0) return new Map();
  const rows = await db.selectFrom('evidence as e').select(columns).where('e.signatureId', 'in', signatureIds).execute();
  return new Map(rows.map((row) => [row.signatureId, shaped(row)]));
}

/** The same with the last report on each, as JSON. */
export async function evidenceWithReports(
  db: Db,
  signatureIds: readonly string[],
): Promise<Map<string, Evidence & { report: string | null }>> {
  if (signatureIds.length === 0) return new Map();
  const found = db.selectFrom('evidence as e').select(columns).select('e.report').where('e.signatureId', 'in', signatureIds);
  return new Map((await found.execute()).map((row) => [row.signatureId, shaped(row)]));
}

/** The last report on a signature, as JSON; null before the first look. */
export async function evidenceReport(db: Db, signatureId: string): Promise<string | null> {
  const row = await db.selectFrom('evidence').select('report').where('signatureId', '=', signatureId).executeTakeFirst();
  return row?.report ?? null;
}

/** Everything a look at a signature starts from: the CMS as it came, the document's digests, what is known so far. */
export type EvidenceCase = Evidence & {
  organisationId: string;
  documentId: string;
  routeId: string;
  purpose: string;
  cmsKey: string;
  receivedAt: Date;
  signerName: string;
  sha256: Buffer;
  streebog512: Buffer;
  fileKey: string;
};

/** The case of one signature, or null when it was never accepted. */
export async function evidenceCase(db: Db, signatureId: string): Promise<EvidenceCase | null> {
  const row = await db
    .selectFrom('evidence as e')
    .innerJoin('signatures as s', 's.id', 'e.signatureId')
    .innerJoin('files as f', 'f.id', 's.fileId')
    .innerJoin('signingSessions as n', 'n.id', 's.sessionId')
    .select(columns)
    .select(['s.organisationId', 's.documentId', 's.routeId', 's.objectKey as cmsKey', 's.receivedAt', 's.signerName', 'n.purpose'])
    .select(['f.sha256', 'f.streebog512', 'f.objectKey as fileKey'])
    .where('e.signatureId', '=', signatureId)
    .executeTakeFirst();
  return row ? shaped(row) : null;
}

export type EvidenceFinding = Pick<
  Evidence,
  'state' | 'verdict' | 'code' | 'level' | 'pending' | 'problem' | 'nextAt' | 'objectKey' | 'proofEndsAt'
> & { signatureId: string; report: string; checkedAt: Date };

/** Stores the outcome of one look. */
export async function saveEvidence(tx: Tx, finding: EvidenceFinding): Promise<void> {
  const { signatureId, state, verdict, code, level, pending, problem, checkedAt, nextAt, objectKey, proofEndsAt, report } = finding;
  await tx
    .updateTable('evidence')
    .set({ state, verdict, code, level, pending: pending.join(','), problem: problem.slice(0, 300) })
    .set({ checkedAt, nextAt, objectKey, proofEndsAt, report })
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('signatureId', '=', signatureId)
    .execute();
}

/**
 * Signatures whose next step is due since `before`: tries whose run was lost, and complete proofs to be renewed. At most `limit`,
 * the longest waiting first.
 */
export async function overdueEvidence(db: Db, before: Date, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('evidence')
    .select('signatureId')
    .where('state', 'in', ['gathering', 'complete'])
    .where('nextAt', '<', before)
    .orderBy('nextAt')
    .limit(limit)
    .execute();
  return rows.map((row) => row.signatureId);
}

/** Signatures whose proof is being gathered, by id after `after`, at most `limit`. */
export async function gatheringEvidence(db: Db, after: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('evidence')
    .select('signatureId')
    .where('state', '=', 'gathering')
    .where('signatureId', '>', after)
    .orderBy('signatureId')
    .limit(limit)
    .execute();
  return rows.map((row) => row.signatureId);
}

/** A revocation list as it was last fetched from its address. */
export type StoredList = Selectable<RevocationLists>;

/** All lists at hand. */
export const revocationLists = (db: Db): Promise<StoredList[]> => db.selectFrom('revocationLists').selectAll().orderBy('url').execute();

/** What tells one state of the lists at hand from another, without their bytes. */
export async function revocationListVersions(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('revocationLists').select(['url', 'thisUpdate', 'fetchedAt']).orderBy('url').execute();
  return rows.map(({ url, thisUpdate, fetchedAt }) => `${url} ${thisUpdate.toISOString()} ${fetchedAt.toISOString()}`);
}

/** Keeps the newest list of an address. */
export async function saveRevocationList(db: Db, { url, der, thisUpdate, nextUpdate, fetchedAt }: StoredList): Promise<void> {
  const newest = { der, thisUpdate, nextUpdate, fetchedAt };
  await db
    .insertInto('revocationLists')
    .values({ url, ...newest })
    .onDuplicateKeyUpdate(newest)
    .execute();
}

/** A time-stamp over the head of an organisation's audit log: the log up to `seq` existed at `stampedAt`. */
export type AuditStamp = Selectable<AuditStamps>;
export type AuditHead = Pick<AuditStamp, 'organisationId' | 'seq' | 'hash'>;

/** All stamps, an organisation after the other, oldest first; for a walk over the whole log. */
export const allAuditStamps = (db: Db): Promise<AuditStamp[]> =>
  db.selectFrom('auditStamps').selectAll().orderBy('organisationId').orderBy('seq').execute();

/** Stamps of one organisation from `fromSeq` on, oldest first; the first of them covers the row `fromSeq`. */
export const auditStamps = (db: Db, organisationId: string, fromSeq = 0, limit = 10_000): Promise<AuditStamp[]> =>
  db
    .selectFrom('auditStamps')
    .selectAll()
    .where('organisationId', '=', organisationId)
    .where('seq', '>=', fromSeq)
    .orderBy('seq')
    .limit(limit)
    .execute();
