import type { NotNull } from 'kysely';
import { changes } from '../sql';
import type { Db, Tx } from '../db';

/** Gives an account a new password. `mustChange`: somebody else chose it, its first use asks for another. */
export const setPassword = (tx: Tx, accountId: string, password: { hash: string; mustChange: boolean }, now: Date): Promise<number> =>
  changes(
    tx
      .updateTable('accounts')
      .set({ passwordHash: password.hash, mustChange: Number(password.mustChange), passwordAt: now })
      .where('id', '=', accountId)
      .where('source', '=', 'local'),
  );

// ---- a link to a new password

/** Stores that a link to a new password was given out; links given out before end. */
export async function insertReset(tx: Tx, reset: { id: string; accountId: string; expiresAt: Date }, now: Date): Promise<void> {
  const { id, accountId, expiresAt } = reset;
  await tx.updateTable('passwordResets').set({ usedAt: now }).where('accountId', '=', accountId).where('usedAt', 'is', null).execute();
  await tx.insertInto('passwordResets').values({ id, accountId, createdAt: now, expiresAt }).execute();
}

/** The account a link to a new password is for, while it may still be used. */
export const liveReset = async (db: Db, id: string, now: Date): Promise<{ accountId: string; login: string; personId: string } | null> =>
  (await db
    .selectFrom('passwordResets as r')
    .innerJoin('accounts as a', 'a.id', 'r.accountId')
    .select(['r.accountId', 'a.login', 'a.personId'])
    .where('r.id', '=', id)
    .where('r.usedAt', 'is', null)
    .where('r.expiresAt', '>', now)
    .where('a.disabledAt', 'is', null)
    .executeTakeFirst()) ?? null;

/** Uses a link up; false when another use came first. */
export const useReset = async (tx: Tx, id: string, now: Date): Promise<boolean> =>
  (await changes(
    tx.updateTable('passwordResets').set({ usedAt: now }).where('id', '=', id).where('usedAt', 'is', null).where('expiresAt', '>', now),
  )) === 1;

/** Local accounts of a login or an e-mail address that may be sent a link, with where it goes; at most a handful. */
export const resettable = (
  db: Db,
  wanted: { key: string; email: string },
): Promise<{ id: string; login: string; name: string; email: string; language: 'ru' | 'kk' | 'en'; organisation: string }[]> =>
  db
    .selectFrom('accounts as a')
    .innerJoin('people as p', 'p.id', 'a.personId')
    .select(['a.id', 'a.login', 'p.name', 'p.email', 'p.language'])
    .select((eb) => {
      const organisation = eb
        .selectFrom('memberships as m')
        .innerJoin('organisations as o', 'o.id', 'm.organisationId')
        .select('o.name')
        .whereRef('m.personId', '=', 'p.id')
        .where('m.endedAt', 'is', null)
        .orderBy('o.name')
        .limit(1);
      return eb.fn.coalesce(organisation, eb.val('')).as('organisation');
    })
    .where('a.source', '=', 'local')
    .where('a.disabledAt', 'is', null)
    .where('p.email', 'is not', null)
    .where((eb) => eb.or([eb('a.loginKey', '=', wanted.key), ...(wanted.email === '' ? [] : [eb('p.email', '=', wanted.email)])]))
    .where((eb) =>
      eb.exists(eb.selectFrom('memberships as m').select('m.personId').whereRef('m.personId', '=', 'p.id').where('m.endedAt', 'is', null)),
    )
    .orderBy('a.id')
    .limit(5)
    .$narrowType<{ email: NotNull }>()
    .execute();

// ---- the second factor

/** Keeps a sealed secret that waits to be shown to work. */
export const proposeTotp = (tx: Tx, accountId: string, secret: Buffer): Promise<number> =>
  changes(tx.updateTable('accounts').set({ totpSecret: secret, totpSince: null, totpStep: 0 }).where('id', '=', accountId));

/** Switches the second factor on, with its recovery codes as digests. */
export async function confirmTotp(tx: Tx, accountId: string, step: number, codes: readonly Buffer[], now: Date): Promise<void> {
  await tx.updateTable('accounts').set({ totpSince: now, totpStep: step }).where('id', '=', accountId).execute();
  await replaceCodes(tx, accountId, codes);
}

/** Replaces the recovery codes. */
export async function replaceCodes(tx: Tx, accountId: string, codes: readonly Buffer[]): Promise<void> {
  await tx.deleteFrom('recoveryCodes').where('accountId', '=', accountId).execute();
  if (codes.length === 0) return;
  await tx
    .insertInto('recoveryCodes')
    .values(codes.map((codeHash) => ({ accountId, codeHash })))
    .execute();
}

/** Switches the second factor off. */
export async function removeTotp(tx: Tx, accountId: string): Promise<void> {
  await tx.updateTable('accounts').set({ totpSecret: null, totpSince: null, totpStep: 0 }).where('id', '=', accountId).execute();
  await tx.deleteFrom('recoveryCodes').where('accountId', '=', accountId).execute();
}

/** Uses up a step of thirty seconds; false when this or a later one was used before (RFC 6238 §5.2: a code is good once). */
export const useTotpStep = async (db: Db, accountId: string, step: number): Promise<boolean> =>
  (await changes(db.updateTable('accounts').set({ totpStep: step }).where('id', '=', accountId).where('totpStep', '<', step))) === 1;

/** Uses up a recovery code; false when there is none such. */
export const useRecoveryCode = async (db: Db, accountId: string, code: Buffer, now: Date): Promise<boolean> =>
  (await changes(
    db
      .updateTable('recoveryCodes')
      .set({ usedAt: now })
      .where('accountId', '=', accountId)
      .where('codeHash', '=', code)
      .where('usedAt', 'is', null),
  )) === 1;

/** How many recovery codes are left. */
export async function codesLeft(db: Db, accountId: string): Promise<number> {
  const row = await db
    .selectFrom('recoveryCodes')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('accountId', '=', accountId)
    .where('usedAt', 'is', null)
    .executeTakeFirst();
  return row?.n ?? 0;
}

// ---- between the password and the second factor

/** Stores that a visitor has shown the password of an account and owes the second factor. */
export async function insertStep(
  db: Db,
  { id, accountId, visitor, expiresAt }: { id: string; accountId: string; visitor: Buffer; expiresAt: Date },
  now: Date,
): Promise<void> {
  await db.insertInto('signInSteps').values({ id, accountId, visitor, createdAt: now, expiresAt }).execute();
}

/** The account a visitor owes the second factor of, or null. */
export const waitingStep = async (db: Db, id: string, visitor: Buffer, now: Date): Promise<{ accountId: string } | null> =>
  (await db
    .selectFrom('signInSteps')
    .select('accountId')
    .where('id', '=', id)
    .where('visitor', '=', visitor)
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', now)
    .executeTakeFirst()) ?? null;

/** Counts one answer before it is looked at; false when there have been `most` already. */
export const countStepAnswer = async (db: Db, id: string, most: number): Promise<boolean> =>
  (await changes(
    db
      .updateTable('signInSteps')
      .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
      .where('id', '=', id)
      .where('usedAt', 'is', null)
      .where('attempts', '<', most),
  )) === 1;

/** Uses a step up; false when another answer came first. */
export const useStep = async (db: Db, id: string, now: Date): Promise<boolean> =>
  (await changes(db.updateTable('signInSteps').set({ usedAt: now }).where('id', '=', id).where('usedAt', 'is', null))) === 1;

/** Forgets links and half-made sign-ins that ended more than a day ago. */
export async function sweepSignIns(db: Db, now: Date): Promise<void> {
  const before = new Date(now.getTime() - 86_400_000);
  await db.deleteFrom('signInSteps').where('expiresAt', '<', before).execute();
  await db.deleteFrom('passwordResets').where('expiresAt', '<', before).execute();
}
