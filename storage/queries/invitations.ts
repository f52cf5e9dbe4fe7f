import { changes } from '../sql';
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

const columns = ['participantId', 'organisationId', 'version', 'expiresAt', 'openedAt', 'revokedAt', 'tokenHash'] as const;

/** The invitation behind the hash of a link's token, or null. */
export const invitationByHash = async (db: Db, tokenHash: Buffer): Promise<Invitation | null> =>
  (await db.selectFrom('invitations').select(columns).where('tokenHash', '=', tokenHash).executeTakeFirst()) ?? null;

/** A participant's invitation, or null for a member. */
export const invitationOf = async (db: Db, participantId: string): Promise<Invitation | null> =>
  (await db.selectFrom('invitations').select(columns).where('participantId', '=', participantId).executeTakeFirst()) ?? null;

/** Stores one-person links of outside participants. */
export async function insertInvitations(
  tx: Tx,
  invitations: readonly { participantId: string; organisationId: string; tokenHash: Buffer; version: number; expiresAt: Date }[],
): Promise<void> {
  if (invitations.length === 0) return;
  const rows = invitations.map((i) => ({
    participantId: i.participantId,
    organisationId: i.organisationId,
    tokenHash: i.tokenHash,
    version: i.version,
    expiresAt: i.expiresAt,
  }));
  await tx.insertInto('invitations').values(rows).execute();
}

/** Gives a participant a new link; the former one stops working. 0 when somebody else did so first. */
export const renewInvitation = (tx: Tx, participantId: string, version: number, tokenHash: Buffer, expiresAt: Date): Promise<number> =>
  changes(
    tx
      .updateTable('invitations')
      .set({ tokenHash, version: version + 1, expiresAt, revokedAt: null })
      .where('participantId', '=', participantId)
      .where('version', '=', version),
  );

/** Stops a link. */
export const revokeInvitation = (tx: Tx, participantId: string, now: Date): Promise<number> =>
  changes(tx.updateTable('invitations').set({ revokedAt: now }).where('participantId', '=', participantId).where('revokedAt', 'is', null));

/** Notes the first time a link was opened. */
export const noteOpened = (db: Db, participantId: string, now: Date): Promise<number> =>
  changes(db.updateTable('invitations').set({ openedAt: now }).where('participantId', '=', participantId).where('openedAt', 'is', null));

/** Links of a route's outside participants: when each was first followed, and whether it was stopped. */
export const linksOf = (db: Db, routeId: string): Promise<{ id: string; openedAt: Date | null; revokedAt: Date | null }[]> =>
  db
    .selectFrom('invitations as i')
    .innerJoin('routeParticipants as p', 'p.id', 'i.participantId')
    .select(['i.participantId as id', 'i.openedAt', 'i.revokedAt'])
    .where('p.routeId', '=', routeId)
    .execute();
