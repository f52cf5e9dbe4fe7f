import type { Selectable } from 'kysely';
import type { Signatures, SigningSessions } from '../schema';
import { changes } from '../sql';
import { type Db, isDuplicate, type Tx } from '../db';

/** What one person is about to sign, frozen when the dialog opened: the answer must match all of it. */
export type SigningSession = Omit<Selectable<SigningSessions>, 'createdAt'>;

/** Opens a signing session. */
export async function insertSigningSession(db: Db, session: Omit<SigningSession, 'usedAt'>, now: Date): Promise<void> {
  await db
    .insertInto('signingSessions')
    .values({ ...session, createdAt: now })
    .execute();
}

/** The signing session of this participant with this id, or null. */
export const signingSession = async (db: Db, id: string, participantId: string): Promise<SigningSession | null> =>
  (await db
    .selectFrom('signingSessions')
    .select(['id', 'organisationId', 'routeId', 'participantId', 'fileId', 'sha256', 'streebog512'])
    .select(['iin', 'bin', 'purpose', 'expiresAt', 'usedAt'])
    .where('id', '=', id)
    .where('participantId', '=', participantId)
    .executeTakeFirst()) ?? null;

/** A signature and what its check found; `report` is the whole report as JSON. */
export type SignatureRecord = Omit<Selectable<Signatures>, 'roles'> & { roles: string[] };

/** Keeps a signature that has arrived and been checked; it counts once its route's command accepts it. Repeating is harmless. */
export async function insertReceived(db: Db, signature: Omit<SignatureRecord, 'state'>): Promise<void> {
  const row = { ...signature, state: 'received' as const, roles: signature.roles.join(',') };
  try {
    await db.insertInto('signatures').values(row).execute();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}

/** Accepts a received signature and uses up its session; false when either has been used before. */
export async function acceptSignature(tx: Tx, id: string, participantId: string, now: Date): Promise<boolean> {
  const accepted = await changes(
    tx
      .updateTable('signatures')
      .set({ state: 'accepted' })
      .where('id', '=', id)
      .where('participantId', '=', participantId)
      .where('state', '=', 'received'),
  );
  if (accepted === 0) return false;
  const used = await changes(
    tx
      .updateTable('signingSessions')
      .set({ usedAt: now })
      .where('id', '=', (eb) => eb.selectFrom('signatures').select('sessionId').where('signatures.id', '=', id))
      .where('usedAt', 'is', null),
  );
  return used === 1;
}

/** Accepted signatures of one route, in the order they came. */
export async function signaturesOf(db: Db, routeId: string): Promise<SignatureRecord[]> {
  const rows = await db
    .selectFrom('signatures')
    .selectAll()
    .where('routeId', '=', routeId)
    .where('state', '=', 'accepted')
    .orderBy('receivedAt')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, roles: row.roles === '' ? [] : row.roles.split(',') }));
}

/** What the audit log says of a kept signature. */
export const signatureFacts = async (tx: Tx, id: string): Promise<Pick<SignatureRecord, 'sha256' | 'serial' | 'verdict'> | null> =>
  (await tx.selectFrom('signatures').select(['sha256', 'serial', 'verdict']).where('id', '=', id).executeTakeFirst()) ?? null;
