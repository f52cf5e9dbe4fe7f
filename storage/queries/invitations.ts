import { change, insert, select, selectOne } from '../sql';
import type { Db, Tx } from '../db';

export type Invitation = {
  participantId: string;
  organisationId: string;
  version: number;
  expiresAt: Date;
  openedAt: Date | null;
  revokedAt: Date | null;
  tokenHash: Buffer;
};

const columns =
  'participant_id AS participantId, organisation_id AS organisationId, version, expires_at AS expiresAt, opened_at AS openedAt, revoked_at AS revokedAt, token_hash AS tokenHash';

/** The invitation behind the hash of a link's token, or null. */
export const invitationByHash = (db: Db, tokenHash: Buffer): Promise<Invitation | null> =>
  selectOne<Invitation>(db, `SELECT ${columns} FROM invitations WHERE token_hash = :tokenHash`, { tokenHash });

/** A participant's invitation, or null for a member. */
export const invitationOf = (db: Db, participantId: string): Promise<Invitation | null> =>
  selectOne<Invitation>(db, `SELECT ${columns} FROM invitations WHERE participant_id = :participantId`, { participantId });

/** Stores one-person links of outside participants. */
export const insertInvitations = (
  tx: Tx,
  invitations: readonly { participantId: string; organisationId: string; tokenHash: Buffer; version: number; expiresAt: Date }[],
): Promise<void> =>
  insert(
    tx,
    'invitations',
    invitations.map((i) => ({
      participant_id: i.participantId,
      organisation_id: i.organisationId,
      token_hash: i.tokenHash,
      version: i.version,
      expires_at: i.expiresAt,
    })),
  );

/** Gives a participant a new link; the former one stops working. 0 when somebody else did so first. */
export const renewInvitation = (tx: Tx, participantId: string, version: number, tokenHash: Buffer, expiresAt: Date): Promise<number> =>
  change(
    tx,
    'UPDATE invitations SET token_hash = :tokenHash, version = :next, expires_at = :expiresAt, revoked_at = NULL WHERE participant_id = :participantId AND version = :version',
    { tokenHash, next: version + 1, expiresAt, participantId, version },
  );

/** Stops a link. */
export const revokeInvitation = (tx: Tx, participantId: string, now: Date): Promise<number> =>
  change(tx, 'UPDATE invitations SET revoked_at = :now WHERE participant_id = :participantId AND revoked_at IS NULL', {
    participantId,
    now,
  });

/** Notes the first time a link was opened. */
export const noteOpened = (db: Db, participantId: string, now: Date): Promise<number> =>
  change(db, 'UPDATE invitations SET opened_at = :now WHERE participant_id = :participantId AND opened_at IS NULL', { participantId, now });

/** Links of a route's outside participants: when each was first followed, and whether it was stopped. */
export const linksOf = (db: Db, routeId: string): Promise<{ id: string; openedAt: Date | null; revokedAt: Date | null }[]> =>
  select(
    db,
    `SELECT i.participant_id AS id, i.opened_at AS openedAt, i.revoked_at AS revokedAt
       FROM invitations i JOIN route_participants p ON p.id = i.participant_id WHERE p.route_id = :routeId`,
    { routeId },
  );
