import type { ChallengePurpose } from '../../domain/signing/challenge';
import { change, execute, insert, select, selectOne } from '../sql';
import type { Membership } from './people';
import type { Db, Tx } from '../db';

/** A text issued to one visitor to be signed once. `visitor` is a digest of what binds it to their browser. */
export type Challenge = { id: string; purpose: ChallengePurpose; text: string; visitor: Buffer; createdAt: Date; expiresAt: Date };

/** Issues a challenge. */
export const insertChallenge = (db: Db, challenge: Challenge): Promise<void> =>
  insert(db, 'challenges', [
    {
      id: challenge.id,
      purpose: challenge.purpose,
      text: challenge.text,
      visitor: challenge.visitor,
      created_at: challenge.createdAt,
      expires_at: challenge.expiresAt,
    },
  ]);

/** The text of a challenge still waiting for this visitor's answer, or null: unknown, somebody else's, answered already or too old. */
export const waitingChallenge = (
  db: Db,
  wanted: { id: string; purpose: ChallengePurpose; visitor: Buffer },
  now: Date,
): Promise<{ text: string } | null> =>
  selectOne<{ text: string }>(
    db,
    'SELECT text FROM challenges WHERE id = :id AND purpose = :purpose AND visitor = :visitor AND used_at IS NULL AND expires_at > :now',
    { ...wanted, now },
  );

/** Uses a challenge up; false when another answer came first. */
export const useChallenge = async (db: Db, id: string, now: Date): Promise<boolean> =>
  (await change(db, 'UPDATE challenges SET used_at = :now WHERE id = :id AND used_at IS NULL', { id, now })) === 1;

/** Forgets challenges that ended more than a day ago. */
export const sweepChallenges = (db: Db, now: Date): Promise<number> =>
  change(db, 'DELETE FROM challenges WHERE expires_at < :before', { before: new Date(now.getTime() - 86_400_000) });

/** When and with which certificate a person showed that they hold the key of an IIN, or null. */
export const confirmedIin = (db: Db, personId: string): Promise<{ iin: string; serial: string; confirmedAt: Date } | null> =>
  selectOne(db, 'SELECT iin, serial, confirmed_at AS confirmedAt FROM confirmed_iins WHERE person_id = :personId', { personId });

/** Ties an IIN to a person; an IIN not written down before is written down now. */
export async function confirmIin(tx: Tx, personId: string, signed: { iin: string; serial: string }, now: Date): Promise<void> {
  await execute(
    tx,
    `INSERT INTO confirmed_iins (person_id, iin, serial, confirmed_at) VALUES (:personId, :iin, :serial, :now)
     ON DUPLICATE KEY UPDATE iin = :iin, serial = :serial, confirmed_at = :now`,
    { personId, ...signed, now },
  );
  await change(tx, 'UPDATE people SET iin = :iin WHERE id = :personId AND iin IS NULL', { personId, iin: signed.iin });
}

export type PersonOfIin = Membership & { isConfirmed: number | boolean };

/**
 * Where the holder of a key may work: every live membership of every person written down with this IIN whose account is switched on,
 * those confirmed by a key before first. An organisation that only wrote the number down is entered by choosing it.
 */
export const membershipsByIin = (db: Db, iin: string): Promise<PersonOfIin[]> =>
  select(
    db,
    `SELECT m.organisation_id AS organisationId, o.name AS organisationName, o.bin, m.role, m.position, p.id AS personId,
            (c.iin IS NOT NULL) AS isConfirmed
       FROM people p JOIN memberships m ON m.person_id = p.id AND m.ended_at IS NULL JOIN organisations o ON o.id = m.organisation_id
       LEFT JOIN confirmed_iins c ON c.person_id = p.id AND c.iin = p.iin
      WHERE p.iin = :iin AND EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = p.id AND a.disabled_at IS NULL)
      ORDER BY isConfirmed DESC, FIELD(m.role, 'owner', 'admin', 'employee', 'user'), o.name, p.id`,
    { iin },
  );

/** Whether anybody is written down with this IIN, wherever they belong. */
export const isIinKnown = async (db: Db, iin: string): Promise<boolean> =>
  (await selectOne(db, 'SELECT id FROM people WHERE iin = :iin LIMIT 1', { iin })) !== null;

/** People who have shown the key of an IIN, other than one of them: they are told when another account does so. */
export const othersOfIin = (
  tx: Tx,
  iin: string,
  personId: string,
): Promise<{ id: string; name: string; email: string; language: 'ru' | 'kk' | 'en' }[]> =>
  select(
    tx,
    `SELECT p.id, p.name, p.email, p.language FROM confirmed_iins c JOIN people p ON p.id = c.person_id
      WHERE c.iin = :iin AND p.id <> :personId AND p.email IS NOT NULL`,
    { iin, personId },
  );
