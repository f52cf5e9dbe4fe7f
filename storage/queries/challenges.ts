import type { Sequelize } from 'sequelize';
import type { ChallengePurpose } from '../../domain/signing/challenge';
import { change, execute, insert, selectOne } from '../sql';
import type { Tx } from '../tx';

/** A text issued to one visitor to be signed once. `visitor` is a digest of what binds it to their browser. */
export type Challenge = { id: string; purpose: ChallengePurpose; text: string; visitor: Buffer; createdAt: Date; expiresAt: Date };

/** Issues a challenge. */
export const insertChallenge = (db: Sequelize, challenge: Challenge): Promise<void> =>
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
  db: Sequelize,
  wanted: { id: string; purpose: ChallengePurpose; visitor: Buffer },
  now: Date,
): Promise<{ text: string } | null> =>
  selectOne<{ text: string }>(
    db,
    'SELECT text FROM challenges WHERE id = :id AND purpose = :purpose AND visitor = :visitor AND used_at IS NULL AND expires_at > :now',
    { ...wanted, now },
  );

/** Uses a challenge up; false when another answer came first. */
export const useChallenge = async (db: Sequelize, id: string, now: Date): Promise<boolean> =>
  (await change(db, 'UPDATE challenges SET used_at = :now WHERE id = :id AND used_at IS NULL', { id, now })) === 1;

/** Forgets challenges that ended more than a day ago. */
export const sweepChallenges = (db: Sequelize, now: Date): Promise<number> =>
  change(db, 'DELETE FROM challenges WHERE expires_at < :before', { before: new Date(now.getTime() - 86_400_000) });

/** When and with which certificate a person showed that they hold the key of an IIN, or null. */
export const confirmedIin = (db: Sequelize, personId: string): Promise<{ iin: string; serial: string; confirmedAt: Date } | null> =>
  selectOne(db, 'SELECT iin, serial, confirmed_at AS confirmedAt FROM confirmed_iins WHERE person_id = :personId', { personId });

/** Ties an IIN to a person; an IIN not written down before is written down now. The caller has made sure that nobody else holds it. */
export async function confirmIin(
  db: Sequelize,
  tx: Tx,
  personId: string,
  signed: { iin: string; serial: string },
  now: Date,
): Promise<void> {
  await execute(
    db,
    `INSERT INTO confirmed_iins (person_id, iin, serial, confirmed_at) VALUES (:personId, :iin, :serial, :now)
     ON DUPLICATE KEY UPDATE iin = :iin, serial = :serial, confirmed_at = :now`,
    { personId, ...signed, now },
    tx,
  );
  await change(db, 'UPDATE people SET iin = :iin WHERE id = :personId AND iin IS NULL', { personId, iin: signed.iin }, tx);
}

/** The person who may enter with this IIN: their account is switched on and they belong somewhere. */
export const personByIin = (db: Sequelize, iin: string, tx?: Tx): Promise<{ id: string; name: string; mayEnter: number } | null> =>
  selectOne(
    db,
    `SELECT p.id, p.name,
            EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = p.id AND a.disabled_at IS NULL)
            AND EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = p.id AND m.ended_at IS NULL) AS mayEnter
       FROM people p WHERE p.iin = :iin`,
    { iin },
    tx,
  );
