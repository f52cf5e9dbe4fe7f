import type { NotNull, SqlBool } from 'kysely';
import type { ChallengePurpose } from '../../domain/signing/challenge';
import { changes } from '../sql';
import { hasAccount, type Membership, rankOfRole } from './people';
import type { Db, Tx } from '../db';

/** A text issued to one visitor to be signed once. `visitor` is a digest of what binds it to their browser. */
export type Challenge = { id: string; purpose: ChallengePurpose; text: string; visitor: Buffer; createdAt: Date; expiresAt: Date };

/** Issues a challenge. */
export async function insertChallenge(db: Db, { id, purpose, text, visitor, createdAt, expiresAt }: Challenge): Promise<void> {
  await db.insertInto('challenges').values({ id, purpose, text, visitor, createdAt, expiresAt }).execute();
}

/** The text of a challenge still waiting for this visitor's answer, or null: unknown, somebody else's, answered already or too old. */
export const waitingChallenge = async (
  db: Db,
  wanted: { id: string; purpose: ChallengePurpose; visitor: Buffer },
  now: Date,
): Promise<{ text: string } | null> =>
  (await db
    .selectFrom('challenges')
    .select('text')
    .where('id', '=', wanted.id)
    .where('purpose', '=', wanted.purpose)
    .where('visitor', '=', wanted.visitor)
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', now)
    .executeTakeFirst()) ?? null;

/** Uses a challenge up; false when another answer came first. */
export const useChallenge = async (db: Db, id: string, now: Date): Promise<boolean> =>
  (await changes(db.updateTable('challenges').set({ usedAt: now }).where('id', '=', id).where('usedAt', 'is', null))) === 1;

/** Forgets challenges that ended more than a day ago. */
export const sweepChallenges = (db: Db, now: Date): Promise<number> =>
  changes(db.deleteFrom('challenges').where('expiresAt', '<', new Date(now.getTime() - 86_400_000)));

/** When and with which certificate a person showed that they hold the key of an IIN, or null. */
export const confirmedIin = async (db: Db, personId: string): Promise<{ iin: string; serial: string; confirmedAt: Date } | null> =>
  (await db.selectFrom('confirmedIins').select(['iin', 'serial', 'confirmedAt']).where('personId', '=', personId).executeTakeFirst()) ??
  null;

/** Ties an IIN to a person; an IIN not written down before is written down now. */
export async function confirmIin(tx: Tx, personId: string, { iin, serial }: { iin: string; serial: string }, now: Date): Promise<void> {
  const shown = { iin, serial, confirmedAt: now };
  await tx
    .insertInto('confirmedIins')
    .values({ personId, ...shown })
    .onDuplicateKeyUpdate(shown)
    .execute();
  await tx.updateTable('people').set({ iin }).where('id', '=', personId).where('iin', 'is', null).execute();
}

export type PersonOfIin = Membership & { isConfirmed: SqlBool };

/**
 * Where the holder of a key may work: every live membership of every person written down with this IIN whose account is switched on,
 * those confirmed by a key before first. An organisation that only wrote the number down is entered by choosing it.
 */
export const membershipsByIin = (db: Db, iin: string): Promise<PersonOfIin[]> =>
  db
    .selectFrom('people as p')
    .innerJoin('memberships as m', 'm.personId', 'p.id')
    .innerJoin('organisations as o', 'o.id', 'm.organisationId')
    .leftJoin('confirmedIins as c', (join) => join.onRef('c.personId', '=', 'p.id').onRef('c.iin', '=', 'p.iin'))
    .select(['m.organisationId', 'o.name as organisationName', 'o.bin', 'm.role', 'm.position', 'p.id as personId'])
    .select((eb) => eb('c.iin', 'is not', null).as('isConfirmed'))
    .where('p.iin', '=', iin)
    .where('m.endedAt', 'is', null)
    .where((eb) => hasAccount(eb.ref('p.id')))
    .orderBy('isConfirmed', 'desc')
    .orderBy((eb) => rankOfRole(eb.ref('m.role')))
    .orderBy('o.name')
    .orderBy('p.id')
    .execute();

/** Whether anybody is written down with this IIN, wherever they belong. */
export const isIinKnown = async (db: Db, iin: string): Promise<boolean> =>
  (await db.selectFrom('people').select('id').where('iin', '=', iin).limit(1).executeTakeFirst()) !== undefined;

/** People who have shown the key of an IIN, other than one of them: they are told when another account does so. */
export const othersOfIin = (
  tx: Tx,
  iin: string,
  personId: string,
): Promise<{ id: string; name: string; email: string; language: 'ru' | 'kk' | 'en' }[]> =>
  tx
    .selectFrom('confirmedIins as c')
    .innerJoin('people as p', 'p.id', 'c.personId')
    .select(['p.id', 'p.name', 'p.email', 'p.language'])
    .where('c.iin', '=', iin)
    .where('p.id', '<>', personId)
    .where('p.email', 'is not', null)
    .$narrowType<{ email: NotNull }>()
    .execute();
