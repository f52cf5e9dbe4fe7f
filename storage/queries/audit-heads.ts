import type { NotNull } from 'kysely';
import type { Lang } from '../../domain/languages';
import type { AuditHead, AuditStamp } from './evidence';
import type { Db } from '../db';

/** Heads no time-stamp covers yet, and those whose newest stamp is from before `before`. */
export const headsToStamp = (db: Db, before: Date): Promise<AuditHead[]> =>
  db
    .selectFrom('auditHeads as h')
    .leftJoin('auditStamps as s', (join) => join.onRef('s.organisationId', '=', 'h.organisationId').onRef('s.seq', '=', 'h.seq'))
    .leftJoin('auditConfirmations as c', (join) => join.onRef('c.organisationId', '=', 'h.organisationId').onRef('c.seq', '=', 'h.seq'))
    .select(['h.organisationId', 'h.seq', 'h.hash'])
    .where('h.seq', '>', 0)
    .where((eb) => eb.or([eb('s.seq', 'is', null), eb(eb.fn.coalesce('c.stampedAt', 's.stampedAt'), '<', before)]))
    .execute();

/**
 * Keeps a stamp. The first over a head stays for ever, as the earliest proof that its rows existed; a later one over the same head is
 * its confirmation, of which the newest is kept.
 */
export async function saveAuditStamp(db: Db, { organisationId, seq, hash, token, stampedAt }: AuditStamp): Promise<void> {
  const stamp = { seq, hash, token, stampedAt };
  await db
    .insertInto('auditStamps')
    .ignore()
    .values({ organisationId, ...stamp })
    .execute();
  await db
    .insertInto('auditConfirmations')
    .values({ organisationId, ...stamp })
    .onDuplicateKeyUpdate(stamp)
    .execute();
}

/** The newest stamp of each organisation, over a head that may have been stamped before. */
export const auditConfirmations = (db: Db): Promise<AuditStamp[]> =>
  db.selectFrom('auditConfirmations').selectAll().orderBy('organisationId').execute();

export type Owner = { personId: string; name: string; email: string; language: Lang; organisation: string };

/** Owners with an address, by organisation, of those that have not been told this night (`YYYY-MM-DD`). */
export async function ownersToTell(db: Db, night: string): Promise<Map<string, Owner[]>> {
  const rows = await db
    .selectFrom('memberships as m')
    .innerJoin('people as p', 'p.id', 'm.personId')
    .innerJoin('organisations as o', 'o.id', 'm.organisationId')
    .select(['m.organisationId', 'p.id as personId', 'p.name', 'p.email', 'p.language', 'o.name as organisation'])
    .where('m.role', '=', 'owner')
    .where('m.endedAt', 'is', null)
    .where('p.email', 'is not', null)
    .where('p.email', '<>', '')
    .where((eb) => {
      const told = eb.selectFrom('auditHeadMails as t').select('t.night').where('t.night', '=', night);
      return eb.not(eb.exists(told.whereRef('t.organisationId', '=', 'm.organisationId')));
    })
    .orderBy('m.organisationId')
    .orderBy('p.id')
    .$narrowType<{ email: NotNull }>()
    .execute();
  const owners = new Map<string, Owner[]>();
  for (const { organisationId, ...owner } of rows) owners.set(organisationId, [...(owners.get(organisationId) ?? []), owner]);
  return owners;
}

/** Remembers that the owners of an organisation have been told. */
export async function noteHeadMail(db: Db, organisationId: string, night: string, now: Date): Promise<void> {
  await db.insertInto('auditHeadMails').ignore().values({ organisationId, night, sentAt: now }).execute();
}

/** The last row of each organisation that is older than `before`. */
export const rowsBefore = (db: Db, before: Date): Promise<{ organisationId: string; seq: number }[]> =>
  db
    .selectFrom('audit')
    .select(({ fn }) => ['organisationId', fn.max('seq').as('seq')])
    .where('at', '<', before)
    .groupBy('organisationId')
    .execute();
