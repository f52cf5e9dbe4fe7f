import { change, insert, select, selectOne } from '../sql';
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
export const insertSigningSession = (db: Db, session: Omit<SigningSession, 'usedAt'>, now: Date): Promise<void> =>
  insert(db, 'signing_sessions', [
    {
      id: session.id,
      organisation_id: session.organisationId,
      route_id: session.routeId,
      participant_id: session.participantId,
      file_id: session.fileId,
      sha256: session.sha256,
      streebog512: session.streebog512,
      iin: session.iin,
      bin: session.bin,
      purpose: session.purpose,
      created_at: now,
      expires_at: session.expiresAt,
    },
  ]);

/** The signing session of this participant with this id, or null. */
export const signingSession = (db: Db, id: string, participantId: string): Promise<SigningSession | null> =>
  selectOne<SigningSession>(
    db,
    `SELECT id, organisation_id AS organisationId, route_id AS routeId, participant_id AS participantId, file_id AS fileId, sha256, streebog512, iin, bin,
            purpose, expires_at AS expiresAt, used_at AS usedAt FROM signing_sessions WHERE id = :id AND participant_id = :participantId`,
    { id, participantId },
  );

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
    organisation_id: signature.organisationId,
    document_id: signature.documentId,
    route_id: signature.routeId,
    participant_id: signature.participantId,
    file_id: signature.fileId,
    session_id: signature.sessionId,
    state: 'received',
    object_key: signature.objectKey,
    sha256: signature.sha256,
    verdict: signature.verdict,
    code: signature.code,
    iin: signature.iin,
    bin: signature.bin,
    signer_name: signature.signerName,
    organisation_name: signature.organisationName,
    roles: signature.roles.join(','),
    serial: signature.serial,
    claimed_at: signature.claimedAt,
    best_at: signature.bestAt,
    received_at: signature.receivedAt,
    report: signature.report,
  };
  await insert(db, 'signatures', [row]).catch((error: unknown) => {
    if (!isDuplicate(error)) throw error;
  });
}

/** Accepts a received signature and uses up its session; false when either has been used before. */
export async function acceptSignature(tx: Tx, id: string, participantId: string, now: Date): Promise<boolean> {
  const accepted = await change(
    tx,
    "UPDATE signatures SET state = 'accepted' WHERE id = :id AND participant_id = :participantId AND state = 'received'",
    { id, participantId },
  );
  if (accepted === 0) return false;
  const used = await change(
    tx,
    'UPDATE signing_sessions SET used_at = :now WHERE id = (SELECT session_id FROM signatures WHERE id = :id) AND used_at IS NULL',
    { now, id },
  );
  return used === 1;
}

/** Accepted signatures of one route, in the order they came. */
export async function signaturesOf(db: Db, routeId: string): Promise<SignatureRecord[]> {
  const rows = await select<Omit<SignatureRecord, 'roles'> & { roles: string }>(
    db,
    `SELECT id, organisation_id AS organisationId, document_id AS documentId, route_id AS routeId, participant_id AS participantId, file_id AS fileId,
            session_id AS sessionId, state, object_key AS objectKey, sha256, verdict, code, iin, bin, signer_name AS signerName,
            organisation_name AS organisationName, roles, serial, claimed_at AS claimedAt, best_at AS bestAt, received_at AS receivedAt, report
       FROM signatures WHERE route_id = :routeId AND state = 'accepted' ORDER BY received_at, id`,
    { routeId },
  );
  return rows.map((row) => ({ ...row, roles: row.roles === '' ? [] : row.roles.split(',') }));
}

/** What the audit log says of a kept signature. */
export const signatureFacts = (tx: Tx, id: string): Promise<{ sha256: Buffer; serial: string; verdict: string } | null> =>
  selectOne(tx, 'SELECT sha256, serial, verdict FROM signatures WHERE id = :id', { id });
