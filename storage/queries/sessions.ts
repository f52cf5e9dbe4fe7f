import { createHash } from 'node:crypto';
import type { Proof } from '../../domain/people/proofs';
import type { OrganisationRole } from '../../domain/people/roles';
import { change, insert, select, selectOne } from '../sql';
import type { Person } from './people';
import type { Db, Tx } from '../db';

/** How long a session lives: after the last request, and in any case. Milliseconds. */
export type SessionLimits = { idleMs: number; absoluteMs: number };

export type Session = {
  id: string;
  csrf: string;
  person: Person;
  account: { id: string; source: 'local' | 'ldap'; login: string; mustChange: boolean };
  /** By what means the session was opened. */
  means: 'local' | 'ldap' | 'eds' | 'qr';
  /** How well the person showed who they are, and when last. */
  proof: Proof;
  provedAt: Date;
  /** The IIN whose key was shown in this session: leads to every organisation that has written it down. */
  keyIin: string | null;
  keySerial: string | null;
  organisation: { id: string; name: string; bin: string; role: OrganisationRole; position: string } | null;
  /** How many organisations this person may work in. */
  organisations: number;
  createdAt: Date;
  seenAt: Date;
};

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Stores a session; only the hash of its token is kept. */
export const insertSession = (
  db: Db,
  session: {
    id: string;
    token: string;
    csrf: string;
    personId: string;
    organisationId: string | null;
    source: string;
    proof: Proof;
    key: { iin: string; serial: string } | null;
    address: string;
    userAgent: string;
  },
  limits: SessionLimits,
  now: Date,
): Promise<void> =>
  insert(db, 'sessions', [
    {
      id: session.id,
      token_hash: hashOf(session.token),
      csrf: session.csrf,
      person_id: session.personId,
      organisation_id: session.organisationId,
      address: session.address.slice(0, 45),
      user_agent: session.userAgent.slice(0, 300),
      source: session.source,
      proof: session.proof,
      key_iin: session.key?.iin ?? null,
      key_serial: session.key?.serial ?? null,
      proved_at: now,
      created_at: now,
      seen_at: now,
      expires_at: new Date(now.getTime() + limits.absoluteMs),
    },
  ]);

/** The live session behind a token with its person and role, or null: revoked, expired, idle too long, or the account was switched off. */
export async function sessionByToken(db: Db, token: string, limits: SessionLimits, now: Date): Promise<Session | null> {
  type Row = Person & {
    sessionId: string;
    csrf: string;
    createdAt: Date;
    seenAt: Date;
    accountId: string;
    source: 'local' | 'ldap';
    login: string;
    mustChange: number | boolean;
    means: Session['means'];
    proof: Proof;
    provedAt: Date | null;
    keyIin: string | null;
    keySerial: string | null;
    organisationId: string | null;
    organisationName: string | null;
    bin: string | null;
    role: OrganisationRole | null;
    position: string | null;
    organisations: number | string;
  };
  const row = await selectOne<Row>(
    db,
    `SELECT s.id AS sessionId, s.csrf, s.created_at AS createdAt, s.seen_at AS seenAt, s.source AS means, s.proof, s.proved_at AS provedAt,
            s.key_iin AS keyIin, s.key_serial AS keySerial, a.id AS accountId, a.source, a.login, a.must_change AS mustChange,
            p.id, p.iin, p.name, p.email, p.language, p.theme, p.menu,
            o.id AS organisationId, o.name AS organisationName, o.bin, m.role, m.position,
            (SELECT COUNT(*) FROM memberships am WHERE am.person_id = p.id AND am.ended_at IS NULL)
            + (SELECT COUNT(*) FROM people k JOIN memberships km ON km.person_id = k.id AND km.ended_at IS NULL
                WHERE k.iin = s.key_iin AND k.id <> p.id) AS organisations
       FROM sessions s JOIN people p ON p.id = s.person_id JOIN accounts a ON a.person_id = p.id AND a.disabled_at IS NULL
       LEFT JOIN memberships m ON m.person_id = p.id AND m.organisation_id = s.organisation_id AND m.ended_at IS NULL
       LEFT JOIN organisations o ON o.id = m.organisation_id
      WHERE s.token_hash = :hash AND s.revoked_at IS NULL AND s.expires_at > :now AND s.seen_at > :idleSince
      ORDER BY (a.source = s.source) DESC, a.id LIMIT 1`,
    { hash: hashOf(token), now, idleSince: new Date(now.getTime() - limits.idleMs) },
  );
  if (!row) return null;
  const { id, iin, name, email, language, theme, menu } = row;
  return {
    id: row.sessionId,
    csrf: row.csrf,
    person: { id, iin, name, email, language, theme, menu },
    account: { id: row.accountId, source: row.source, login: row.login, mustChange: Boolean(row.mustChange) },
    means: row.means,
    proof: row.proof,
    provedAt: row.provedAt ?? row.createdAt,
    keyIin: row.keyIin,
    keySerial: row.keySerial,
    organisation:
      row.organisationId && row.role
        ? { id: row.organisationId, name: row.organisationName ?? '', bin: row.bin ?? '', role: row.role, position: row.position ?? '' }
        : null,
    organisations: Number(row.organisations),
    createdAt: row.createdAt,
    seenAt: row.seenAt,
  };
}

/** Notes that the session was used; at most once a minute, so that reading pages does not write. */
export const touchSession = (db: Db, id: string, now: Date): Promise<number> =>
  change(db, 'UPDATE sessions SET seen_at = :now WHERE id = :id AND seen_at < :before', {
    now,
    id,
    before: new Date(now.getTime() - 60_000),
  });

/** Chooses the organisation the session works in, and who the reader is there. */
export const setSessionOrganisation = (db: Db, id: string, place: { personId: string; organisationId: string }): Promise<number> =>
  change(db, 'UPDATE sessions SET organisation_id = :organisationId, person_id = :personId WHERE id = :id', { id, ...place });

/** Notes that the person of a session has shown again who they are; a better proof than before stays with the session. */
export const noteProof = (
  db: Db,
  id: string,
  shown: { proof: Proof; key: { iin: string; serial: string } | null },
  now: Date,
): Promise<number> =>
  change(
    db,
    `UPDATE sessions SET proved_at = :now, key_iin = COALESCE(:iin, key_iin), key_serial = COALESCE(:serial, key_serial),
            proof = IF(FIELD(:proof, 'password', 'two-factor', 'key') > FIELD(proof, 'password', 'two-factor', 'key'), :proof, proof)
      WHERE id = :id`,
    { id, proof: shown.proof, iin: shown.key?.iin ?? null, serial: shown.key?.serial ?? null, now },
  );

/** Live sessions of a person, the last used first. */
export const liveSessions = (
  db: Db,
  personId: string,
  limits: SessionLimits,
  now: Date,
): Promise<{ id: string; address: string; userAgent: string; createdAt: Date; seenAt: Date }[]> =>
  select(
    db,
    `SELECT id, address, user_agent AS userAgent, created_at AS createdAt, seen_at AS seenAt FROM sessions
      WHERE person_id = :personId AND revoked_at IS NULL AND expires_at > :now AND seen_at > :idleSince ORDER BY seen_at DESC, id LIMIT 200`,
    { personId, now, idleSince: new Date(now.getTime() - limits.idleMs) },
  );

/** Ends one of this person's own sessions; 0 when it is somebody else's or has ended. */
export const revokeSession = (db: Db, personId: string, id: string, now: Date): Promise<number> =>
  change(db, 'UPDATE sessions SET revoked_at = :now WHERE id = :id AND person_id = :personId AND revoked_at IS NULL', {
    now,
    id,
    personId,
  });

/** Ends all sessions of a person but one. */
export const revokeOtherSessions = (db: Db, personId: string, keptId: string, now: Date): Promise<number> =>
  change(db, 'UPDATE sessions SET revoked_at = :now WHERE person_id = :personId AND id <> :keptId AND revoked_at IS NULL', {
    now,
    personId,
    keptId,
  });

/** Ends the sessions of an organisation's people of one role that were opened with less than the rules ask for now. */
export const revokeWeakSessions = (
  tx: Tx,
  wanted: { organisationId: string; role: OrganisationRole; proof: Proof },
  now: Date,
): Promise<number> =>
  change(
    tx,
    `UPDATE sessions s JOIN memberships m ON m.organisation_id = s.organisation_id AND m.person_id = s.person_id AND m.role = :role
        SET s.revoked_at = :now
      WHERE s.organisation_id = :organisationId AND s.revoked_at IS NULL
        AND FIELD(s.proof, 'password', 'two-factor', 'key') < FIELD(:proof, 'password', 'two-factor', 'key')`,
    { ...wanted, now },
  );

/** Forgets sessions that ended more than thirty days ago. */
export const sweepSessions = (db: Db, now: Date): Promise<number> =>
  change(db, 'DELETE FROM sessions WHERE expires_at < :before', { before: new Date(now.getTime() - 30 * 86_400_000) });

/** Forgets counters of failed sign-ins whose time is over. */
export const sweepRateLimits = (db: Db, now: Date): Promise<number> =>
  change(db, 'DELETE FROM rate_limits WHERE expire < :now', { now: now.getTime() });
