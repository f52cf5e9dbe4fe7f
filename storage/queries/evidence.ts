import { change, execute, select, selectOne } from '../sql';
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

const columns = `signature_id AS signatureId, e.state, e.verdict, e.code, e.level, e.pending, e.problem, e.attempts, e.checked_at AS checkedAt,
  e.next_at AS nextAt, e.object_key AS objectKey, e.proof_ends_at AS proofEndsAt`;
type Row = Omit<Evidence, 'pending'> & { pending: string };
const shaped = <R extends { pending: string }>(row: R): Omit<R, 'pending'> & { pending: string[] } => ({
  ...row,
  pending: row.pending === '' ? [] : row.pending.split(','),
});

/** Opens the gathering of the proof of a signature, in the transaction that accepts it. */
export const openEvidence = (tx: Tx, signatureId: string, now: Date): Promise<void> =>
  execute(
    tx,
    `INSERT IGNORE INTO evidence (signature_id, organisation_id, state, verdict, code, level, next_at, created_at)
     SELECT id, organisation_id, 'gathering', verdict, code, '', :now, :now FROM signatures WHERE id = :signatureId`,
    { signatureId, now },
  );

/** The evidence of each of these signatures that has any, by signature. */
export async function evidenceOf(db: Db, signatureIds: readonly string[]): Promise<Map<string, Evidence>> {
  if (signatureIds.length === 0) return new Map();
  const rows = await select<Row>(db, `SELECT ${columns} FROM evidence e WHERE e.signature_id IN (:signatureIds)`, { signatureIds });
  return new Map(rows.map((row) => [row.signatureId, shaped(row)]));
}

/** The same with the last report on each, as JSON. */
export async function evidenceWithReports(
  db: Db,
  signatureIds: readonly string[],
): Promise<Map<string, Evidence & { report: string | null }>> {
  if (signatureIds.length === 0) return new Map();
  const rows = await select<Row & { report: string | null }>(
    db,
    `SELECT ${columns}, e.report FROM evidence e WHERE e.signature_id IN (:signatureIds)`,
    { signatureIds },
  );
  return new Map(rows.map((row) => [row.signatureId, shaped(row)]));
}

/** The last report on a signature, as JSON; null before the first look. */
export async function evidenceReport(db: Db, signatureId: string): Promise<string | null> {
  const row = await selectOne<{ report: string | null }>(db, 'SELECT report FROM evidence WHERE signature_id = :signatureId', {
    signatureId,
  });
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
  const row = await selectOne<Omit<EvidenceCase, 'pending'> & { pending: string }>(
    db,
    `SELECT ${columns}, s.organisation_id AS organisationId, s.document_id AS documentId, s.route_id AS routeId, n.purpose,
            s.object_key AS cmsKey, s.received_at AS receivedAt, s.signer_name AS signerName, f.sha256, f.streebog512, f.object_key AS fileKey
       FROM evidence e JOIN signatures s ON s.id = e.signature_id JOIN files f ON f.id = s.file_id
       JOIN signing_sessions n ON n.id = s.session_id WHERE e.signature_id = :signatureId`,
    { signatureId },
  );
  return row && shaped(row);
}

export type EvidenceFinding = Pick<
  Evidence,
  'state' | 'verdict' | 'code' | 'level' | 'pending' | 'problem' | 'nextAt' | 'objectKey' | 'proofEndsAt'
> & { signatureId: string; report: string; checkedAt: Date };

/** Stores the outcome of one look. */
export async function saveEvidence(tx: Tx, finding: EvidenceFinding): Promise<void> {
  await change(
    tx,
    `UPDATE evidence SET state = :state, verdict = :verdict, code = :code, level = :level, pending = :pending, problem = :problem,
            attempts = attempts + 1, checked_at = :checkedAt, next_at = :nextAt, object_key = :objectKey, proof_ends_at = :proofEndsAt,
            report = :report WHERE signature_id = :signatureId`,
    { ...finding, pending: finding.pending.join(','), problem: finding.problem.slice(0, 300) },
  );
}

/**
 * Signatures whose next step is due since `before`: tries whose run was lost, and complete proofs to be renewed. At most `limit`,
 * the longest waiting first.
 */
export async function overdueEvidence(db: Db, before: Date, limit: number): Promise<string[]> {
  const rows = await select<{ id: string }>(
    db,
    `SELECT signature_id AS id FROM evidence WHERE state IN ('gathering', 'complete') AND next_at < :before ORDER BY next_at LIMIT :limit`,
    { before, limit },
  );
  return rows.map((row) => row.id);
}

/** Signatures whose proof is being gathered, by id after `after`, at most `limit`. */
export async function gatheringEvidence(db: Db, after: string, limit: number): Promise<string[]> {
  const rows = await select<{ id: string }>(
    db,
    "SELECT signature_id AS id FROM evidence WHERE state = 'gathering' AND signature_id > :after ORDER BY signature_id LIMIT :limit",
    { after, limit },
  );
  return rows.map((row) => row.id);
}

/** A revocation list as it was last fetched from its address. */
export type StoredList = { url: string; der: Buffer; thisUpdate: Date; nextUpdate: Date | null; fetchedAt: Date };

/** All lists at hand. */
export const revocationLists = (db: Db): Promise<StoredList[]> =>
  select<StoredList>(
    db,
    'SELECT url, der, this_update AS thisUpdate, next_update AS nextUpdate, fetched_at AS fetchedAt FROM revocation_lists ORDER BY url',
  );

/** What tells one state of the lists at hand from another, without their bytes. */
export async function revocationListVersions(db: Db): Promise<string[]> {
  const rows = await select<{ url: string; thisUpdate: Date; fetchedAt: Date }>(
    db,
    'SELECT url, this_update AS thisUpdate, fetched_at AS fetchedAt FROM revocation_lists ORDER BY url',
  );
  return rows.map(({ url, thisUpdate, fetchedAt }) => `${url} ${thisUpdate.toISOString()} ${fetchedAt.toISOString()}`);
}

/** Keeps the newest list of an address. */
export const saveRevocationList = (db: Db, list: StoredList): Promise<void> =>
  execute(
    db,
    `INSERT INTO revocation_lists (url, der, this_update, next_update, fetched_at) VALUES (:url, :der, :thisUpdate, :nextUpdate, :fetchedAt)
     ON DUPLICATE KEY UPDATE der = :der, this_update = :thisUpdate, next_update = :nextUpdate, fetched_at = :fetchedAt`,
    list,
  );

export type AuditHead = { organisationId: string; seq: number; hash: Buffer };
/** A time-stamp over the head of an organisation's audit log: the log up to `seq` existed at `stampedAt`. */
export type AuditStamp = AuditHead & { token: Buffer; stampedAt: Date };

/** All stamps, an organisation after the other, oldest first; for a walk over the whole log. */
export async function allAuditStamps(db: Db): Promise<AuditStamp[]> {
  const rows = await select<AuditStamp>(
    db,
    'SELECT organisation_id AS organisationId, seq, hash, token, stamped_at AS stampedAt FROM audit_stamps ORDER BY organisation_id, seq',
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}

/** Stamps of one organisation from `fromSeq` on, oldest first; the first of them covers the row `fromSeq`. */
export async function auditStamps(db: Db, organisationId: string, fromSeq = 0, limit = 10_000): Promise<AuditStamp[]> {
  const rows = await select<AuditStamp>(
    db,
    `SELECT organisation_id AS organisationId, seq, hash, token, stamped_at AS stampedAt FROM audit_stamps
      WHERE organisation_id = :organisationId AND seq >= :fromSeq ORDER BY seq LIMIT :limit`,
    { organisationId, fromSeq, limit },
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}
