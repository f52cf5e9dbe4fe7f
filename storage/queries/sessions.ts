import { createHash } from 'node:crypto';
import { type Expression, type RawBuilder, sql } from 'kysely';
import { type Proof, proofs } from '../../domain/people/proofs';
import type { OrganisationRole } from '../../domain/people/roles';
import { changes } from '../sql';
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

/** Sessions last used before this have been idle too long. */
const idleSince = (limits: SessionLimits, now: Date): Date => new Date(now.getTime() - limits.idleMs);

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** How well a proof shows who somebody is: the higher the better. */
const rankOf = (proof: Expression<Proof>): RawBuilder<number> => sql`FIELD(${proof}, ${sql.join(proofs)})`;

/** Stores a session; only the hash of its token is kept. */
export async function insertSession(
  db: Db,
  session: {
    id: string;
    token: string;
    csrf: string;
    personId: string;
    organisationId: string | null;
    source: Session['means'];
    proof: Proof;
    key: { iin: string; serial: string } | null;
    address: string;
    userAgent: string;
  },
  limits: SessionLimits,
  now: Date,
): Promise<void> {
  await db
    .insertInto('sessions')
    .values({
      id: session.id,
      tokenHash: hashOf(session.token),
      csrf: session.csrf,
      personId: session.personId,
      organisationId: session.organisationId,
      address: session.address.slice(0, 45),
      userAgent: session.userAgent.slice(0, 300),
      source: session.source,
      proof: session.proof,
      keyIin: session.key?.iin ?? null,
      keySerial: session.key?.serial ?? null,
      provedAt: now,
      createdAt: now,
      seenAt: now,
      expiresAt: new Date(now.getTime() + limits.absoluteMs),
    })
    .execute();
}

/** The live session behind a token with its person and role, or null: revoked, expired, idle too long, or the account was switched off. */
export async function sessionByToken(db: Db, token: string, limits: SessionLimits, now: Date): Promise<Session | null> {
  const row = await db
    .selectFrom('sessions as s')
    .innerJoin('people as p', 'p.id', 's.personId')
    .innerJoin('accounts as a', 'a.personId', 'p.id')
    .leftJoin('memberships as m', (join) =>
      join.onRef('m.personId', '=', 'p.id').onRef('m.organisationId', '=', 's.organisationId').on('m.endedAt', 'is', null),
    )
    .leftJoin('organisations as o', 'o.id', 'm.organisationId')
    .select(['s.id as sessionId', 's.csrf', 's.createdAt', 's.seenAt', 's.source as means', 's.proof', 's.provedAt', 's.keyIin'])
    .select(['s.keySerial', 'a.id as accountId', 'a.source', 'a.login', 'a.mustChange'])
    .select(['p.id', 'p.iin', 'p.name', 'p.email', 'p.language', 'p.theme', 'p.menu'])
    .select(['o.id as organisationId', 'o.name as organisationName', 'o.bin', 'm.role', 'm.position'])
    .select((eb) => {
      const n = eb.fn.countAll<number>().as('n');
      const own = eb.selectFrom('memberships as am').select(n).whereRef('am.personId', '=', 'p.id').where('am.endedAt', 'is', null);
      const byKey = eb
        .selectFrom('people as k')
        .innerJoin('memberships as km', 'km.personId', 'k.id')
        .select(n)
        .whereRef('k.iin', '=', 's.keyIin')
        .whereRef('k.id', '<>', 'p.id')
        .where('km.endedAt', 'is', null);
      return eb(own, '+', byKey).$notNull().as('organisations');
    })
    .where('s.tokenHash', '=', hashOf(token))
    .where('s.revokedAt', 'is', null)
    .where('s.expiresAt', '>', now)
    .where('s.seenAt', '>', idleSince(limits, now))
    .where('a.disabledAt', 'is', null)
    .orderBy((eb) => eb('s.source', '=', eb.ref('a.source')), 'desc')
    .orderBy('a.id')
    .limit(1)
    .executeTakeFirst();
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
    organisations: row.organisations,
    createdAt: row.createdAt,
    seenAt: row.seenAt,
  };
}

/** Notes that the session was used; at most once a minute, so that reading pages does not write. */
export const touchSession = (db: Db, id: string, now: Date): Promise<number> =>
  changes(
    db
      .updateTable('sessions')
      .set({ seenAt: now })
      .where('id', '=', id)
      .where('seenAt', '<', new Date(now.getTime() - 60_000)),
  );

/** Chooses the organisation the session works in, and who the reader is there. */
export const setSessionOrganisation = (db: Db, id: string, place: { personId: string; organisationId: string }): Promise<number> =>
  changes(db.updateTable('sessions').set({ organisationId: place.organisationId, personId: place.personId }).where('id', '=', id));

/** Notes that the person of a session has shown again who they are; a better proof than before stays with the session. */
export const noteProof = (
  db: Db,
  id: string,
  { proof, key }: { proof: Proof; key: { iin: string; serial: string } | null },
  now: Date,
): Promise<number> =>
  changes(
    db
      .updateTable('sessions')
      .set((eb) => ({
        provedAt: now,
        ...(key ? { keyIin: key.iin, keySerial: key.serial } : {}),
        proof: eb
          .case()
          .when(rankOf(eb.val(proof)), '>', rankOf(eb.ref('proof')))
          .then(proof)
          .else(eb.ref('proof'))
          .end(),
      }))
      .where('id', '=', id),
  );

/** Live sessions of a person, the last used first. */
export const liveSessions = (
  db: Db,
  personId: string,
  limits: SessionLimits,
  now: Date,
): Promise<{ id: string; address: string; userAgent: string; createdAt: Date; seenAt: Date }[]> =>
  db
    .selectFrom('sessions')
    .select(['id', 'address', 'userAgent', 'createdAt', 'seenAt'])
    .where('personId', '=', personId)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', now)
    .where('seenAt', '>', idleSince(limits, now))
    .orderBy('seenAt', 'desc')
    .orderBy('id')
    .limit(200)
    .execute();

/** Ends one of this person's own sessions; 0 when it is somebody else's or has ended. */
export const revokeSession = (db: Db, personId: string, id: string, now: Date): Promise<number> =>
  changes(
    db.updateTable('sessions').set({ revokedAt: now }).where('id', '=', id).where('personId', '=', personId).where('revokedAt', 'is', null),
  );

/** Ends all sessions of a person but one. */
export const revokeOtherSessions = (db: Db, personId: string, keptId: string, now: Date): Promise<number> =>
  changes(
    db
      .updateTable('sessions')
      .set({ revokedAt: now })
      .where('personId', '=', personId)
      .where('id', '<>', keptId)
      .where('revokedAt', 'is', null),
  );

/** Ends the sessions of an organisation's people of one role that were opened with less than the rules ask for now. */
export const revokeWeakSessions = (
  tx: Tx,
  wanted: { organisationId: string; role: OrganisationRole; proof: Proof },
  now: Date,
): Promise<number> =>
  changes(
    tx
      .updateTable(['sessions as s', 'memberships as m'])
      .set('s.revokedAt', now)
      .whereRef('m.organisationId', '=', 's.organisationId')
      .whereRef('m.personId', '=', 's.personId')
      .where('m.role', '=', wanted.role)
      .where('s.organisationId', '=', wanted.organisationId)
      .where('s.revokedAt', 'is', null)
      .where((eb) => eb(rankOf(eb.ref('s.proof')), '<', rankOf(eb.val(wanted.proof)))),
  );

/** Forgets sessions that ended more than thirty days ago. */
export const sweepSessions = (db: Db, now: Date): Promise<number> =>
  changes(db.deleteFrom('sessions').where('expiresAt', '<', new Date(now.getTime() - 30 * 86_400_000)));

/** Forgets counters of failed sign-ins whose time is over. */
export const sweepRateLimits = (db: Db, now: Date): Promise<number> =>
  changes(db.deleteFrom('rateLimits').where('expire', '<', now.getTime()));
