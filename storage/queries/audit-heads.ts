import { execute, select } from '../sql';
import type { AuditHead, AuditStamp } from './evidence';
import type { Db } from '../db';

/** Heads no time-stamp covers yet, and those whose newest stamp is from before `before`. */
export async function headsToStamp(db: Db, before: Date): Promise<AuditHead[]> {
  const rows = await select<AuditHead>(
    db,
    `SELECT h.organisation_id AS organisationId, h.seq, h.hash FROM audit_heads h
       LEFT JOIN audit_stamps s ON s.organisation_id = h.organisation_id AND s.seq = h.seq
       LEFT JOIN audit_confirmations c ON c.organisation_id = h.organisation_id AND c.seq = h.seq
      WHERE h.seq > 0 AND (s.seq IS NULL OR COALESCE(c.stamped_at, s.stamped_at) < :before)`,
    { before },
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}

/**
 * Keeps a stamp. The first over a head stays for ever, as the earliest proof that its rows existed; a later one over the same head is
 * its confirmation, of which the newest is kept.
 */
export async function saveAuditStamp(db: Db, stamp: AuditStamp): Promise<void> {
  await execute(
    db,
    `INSERT IGNORE INTO audit_stamps (organisation_id, seq, hash, token, stamped_at) VALUES (:organisationId, :seq, :hash, :token, :stampedAt)`,
    stamp,
  );
  await execute(
    db,
    `INSERT INTO audit_confirmations (organisation_id, seq, hash, token, stamped_at) VALUES (:organisationId, :seq, :hash, :token, :stampedAt)
     ON DUPLICATE KEY UPDATE seq = :seq, hash = :hash, token = :token, stamped_at = :stampedAt`,
    stamp,
  );
}

/** The newest stamp of each organisation, over a head that may have been stamped before. */
export async function auditConfirmations(db: Db): Promise<AuditStamp[]> {
  const rows = await select<AuditStamp>(
    db,
    'SELECT organisation_id AS organisationId, seq, hash, token, stamped_at AS stampedAt FROM audit_confirmations ORDER BY organisation_id',
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}

export type Owner = { personId: string; name: string; email: string; language: 'ru' | 'kk' | 'en'; organisation: string };

/** Owners with an address, by organisation, of those that have not been told this night (`YYYY-MM-DD`). */
export async function ownersToTell(db: Db, night: string): Promise<Map<string, Owner[]>> {
  const rows = await select<Owner & { organisationId: string }>(
    db,
    `SELECT m.organisation_id AS organisationId, p.id AS personId, p.name, p.email, p.language, o.name AS organisation
       FROM memberships m JOIN people p ON p.id = m.person_id JOIN organisations o ON o.id = m.organisation_id
      WHERE m.role = 'owner' AND m.ended_at IS NULL AND p.email IS NOT NULL AND p.email <> ''
        AND NOT EXISTS (SELECT 1 FROM audit_head_mails t WHERE t.organisation_id = m.organisation_id AND t.night = :night)
      ORDER BY m.organisation_id, p.id`,
    { night },
  );
  const owners = new Map<string, Owner[]>();
  for (const { organisationId, ...owner } of rows) owners.set(organisationId, [...(owners.get(organisationId) ?? []), owner]);
  return owners;
}

/** Remembers that the owners of an organisation have been told. */
export const noteHeadMail = (db: Db, organisationId: string, night: string, now: Date): Promise<void> =>
  execute(db, 'INSERT IGNORE INTO audit_head_mails (organisation_id, night, sent_at) VALUES (:organisationId, :night, :now)', {
    organisationId,
    night,
    now,
  });

/** The last row of each organisation that is older than `before`. */
export async function rowsBefore(db: Db, before: Date): Promise<{ organisationId: string; seq: number }[]> {
  const rows = await select<{ organisationId: string; seq: number }>(
    db,
    'SELECT organisation_id AS organisationId, MAX(seq) AS seq FROM audit WHERE at < :before GROUP BY organisation_id',
    { before },
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}
