import { changes } from '../sql';
import { type Db, isDuplicate, type Tx } from '../db';

/** What one person is about to sign, frozen when the dialog opened: the answer must match all of it. */
export type SigningSession = {
  id: string;
  organisationId: string;
  routeId: string;
  participantId: string;
  fileId: string;
  sha256: Buffer;
  streebog512: Buffer;
  iin: string;
  bin: string | null;
  purpose: string;
  expiresAt: Date;
  usedAt: Date | null;
};

/** Opens a signing session. */
export async function insertSigningSession(db: Db, session: Omit<SigningSession, 'usedAt'>, now: Date): Promise<void> {
  const row = {
    id: session.id,
    organisationId: session.organisationId,
    routeId: session.routeId,
    participantId: session.participantId,
    fileId: session.fileId,
    sha256: session.sha256,
    streebog512: session.streebog512,
    iin: session.iin,
    bin: session.bin,
    purpose: session.purpose,
    createdAt: now,
    expiresAt: session.expiresAt,
  };
  await db.insertInto('signingSessions').values(row).execute();
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

export type SignatureRecord = {
  id: string;
  organisationId: string;
  documentId: string;
  routeId: string;
  participantId: string;
  fileId: string;
  sessionId: string;
  state: 'received' | 'accepted';
  objectKey: string;
  sha256: Buffer;
  verdict: 'valid' | 'invalid' | 'indeterminate';
  code: string;
  iin: string | null;
  bin: string | null;
  signerName: string;
  organisationName: string;
  roles: string[];
  serial: string;
  claimedAt: Date | null;
  bestAt: Date;
  receivedAt: Date;
  /** The whole report of the check, as JSON. */
  report: string;
};

/** Keeps a signature that has arrived and been checked; it counts once its route's command accepts it. Repeating is harmless. */
export async function insertReceived(db: Db, signature: Omit<SignatureRecord, 'state'>): Promise<void> {
  const row = {
    id: signature.id,
    organisationId: signature.organisationId,
    documentId: signature.documentId,
    routeId: signature.routeId,
    participantId: signature.participantId,
    fileId: signature.fileId,
    sessionId: signature.sessionId,
    state: 'received' as const,
    objectKey: signature.objectKey,
    sha256: signature.sha256,
    verdict: signature.verdict,
    code: signature.code,
    iin: signature.iin,
    bin: signature.bin,
    signerName: signature.signerName,
    organisationName: signature.organisationName,
    roles: signature.roles.join(','),
    serial: signature.serial,
    claimedAt: signature.claimedAt,
    bestAt: signature.bestAt,
    receivedAt: signature.receivedAt,
    report: signature.report,
  };
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
