import { type Expression, expressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Lang } from '../../domain/languages';
import { normalLogin } from '../../domain/people/logins';
import { type OrganisationRole, organisationRoles } from '../../domain/people/roles';
import { newId } from '../ids';
import { changes, containing } from '../sql';
import { type Db, isDuplicate, type Tx } from '../db';
import type { Schema } from '../schema';

export type Person = {
  id: string;
  iin: string | null;
  name: string;
  email: string | null;
  language: Lang;
  theme: '' | 'light' | 'dark';
  menu: 'wide' | 'narrow';
};
export type Account = {
  id: string;
  personId: string;
  source: 'local' | 'ldap';
  login: string;
  passwordHash: string | null;
  directoryId: string | null;
  /** The organisation that may give it a new password; null: only the operator. */
  organisationId: string | null;
  mustChange: boolean;
  disabledAt: Date | null;
  /** The sealed secret of the second factor, its beginning (null: not yet confirmed) and the last step of thirty seconds used. */
  totp: { secret: Buffer; since: Date | null; step: number } | null;
};
export type Membership = {
  organisationId: string;
  organisationName: string;
  bin: string;
  role: OrganisationRole;
  position: string;
  personId: string;
};

/** The place of a role among the roles, the strongest first. */
export const rankOfRole = (role: Expression<OrganisationRole>): RawBuilder<number> => sql`FIELD(${role}, ${sql.join(organisationRoles)})`;

/** Whether a person has an account that is switched on. */
export const hasAccount = (personId: Expression<string>): Expression<SqlBool> => {
  const eb = expressionBuilder<Schema>();
  return eb.exists(eb.selectFrom('accounts as a').select('a.id').where('a.personId', '=', personId).where('a.disabledAt', 'is', null));
};

/** Whether a person belongs to an organisation other than this one. */
const isElsewhere = (personId: Expression<string>, organisationId: Expression<string>): Expression<SqlBool> => {
  const eb = expressionBuilder<Schema>();
  return eb.exists(
    eb
      .selectFrom('memberships as e')
      .select('e.personId')
      .where('e.personId', '=', personId)
      .where('e.organisationId', '<>', organisationId)
      .where('e.endedAt', 'is', null),
  );
};

const accounts = (db: Db) =>
  db
    .selectFrom('accounts as a')
    .select(['a.id', 'a.personId', 'a.source', 'a.login', 'a.passwordHash', 'a.directoryId', 'a.organisationId', 'a.mustChange'])
    .select(['a.disabledAt', 'a.totpSecret', 'a.totpSince', 'a.totpStep']);
const oneAccount = async (query: ReturnType<typeof accounts>): Promise<Account | null> => {
  const found = await query.executeTakeFirst();
  if (!found) return null;
  const { totpSecret, totpSince, totpStep, ...row } = found;
  return { ...row, mustChange: Boolean(row.mustChange), totp: totpSecret && { secret: totpSecret, since: totpSince, step: totpStep } };
};

/** The account behind a login in its normal form, compared byte by byte, or null. */
export async function accountByLogin(db: Db, login: string): Promise<Account | null> {
  const key = normalLogin(login);
  return key === null ? null : oneAccount(accounts(db).where('a.loginKey', '=', key));
}

/** The account the directory knows by this id of its own, or null. */
export const accountByDirectoryId = (db: Db, directoryId: string): Promise<Account | null> =>
  oneAccount(accounts(db).where('a.directoryId', '=', directoryId).where('a.source', '=', 'ldap'));

/** One account, or null. */
export const accountById = (db: Db, id: string): Promise<Account | null> => oneAccount(accounts(db).where('a.id', '=', id));

/** The account of one kind that a person has, or null. */
export const accountOf = (db: Db, personId: string, source: 'local' | 'ldap'): Promise<Account | null> =>
  oneAccount(accounts(db).where('a.personId', '=', personId).where('a.source', '=', source));

/**
 * The local account of a person that an organisation may give a new password or relieve of its second factor: its own, and opening nothing
 * but this organisation. Null when there is none such.
 */
export const accountInTrust = (tx: Tx, organisationId: string, personId: string): Promise<Account | null> =>
  oneAccount(
    accounts(tx)
      .where('a.personId', '=', personId)
      .where('a.source', '=', 'local')
      .where('a.organisationId', '=', organisationId)
      .where((eb) => eb.not(isElsewhere(eb.ref('a.personId'), eb.val(organisationId)))),
  );

/** Notes the name and the id the directory has for an account now. */
export const refreshAccount = (tx: Tx, id: string, { login, directoryId }: { login: string; directoryId: string }): Promise<number> =>
  changes(
    tx
      .updateTable('accounts')
      .set({ login, loginKey: normalLogin(login) ?? '', directoryId })
      .where('id', '=', id),
  );

/** One person, or null. */
export const personById = async (db: Db, id: string): Promise<Person | null> =>
  (await db
    .selectFrom('people')
    .select(['id', 'iin', 'name', 'email', 'language', 'theme', 'menu'])
    .where('id', '=', id)
    .executeTakeFirst()) ?? null;

/** Organisations this person belongs to today, strongest role first, then by name. */
export const membershipsOf = (db: Db, personId: string): Promise<Membership[]> =>
  db
    .selectFrom('memberships as m')
    .innerJoin('organisations as o', 'o.id', 'm.organisationId')
    .select(['m.organisationId', 'o.name as organisationName', 'o.bin', 'm.role', 'm.position', 'm.personId'])
    .where('m.personId', '=', personId)
    .where('m.endedAt', 'is', null)
    .orderBy((eb) => rankOfRole(eb.ref('m.role')))
    .orderBy('o.name')
    .execute();

export type Colleague = {
  personId: string;
  name: string;
  position: string;
  email: string | null;
  iin: string | null;
  language: Lang;
  active: boolean;
};

const colleagues = (db: Db, organisationId: string) =>
  db
    .selectFrom('memberships as m')
    .innerJoin('people as p', 'p.id', 'm.personId')
    .select(['p.id as personId', 'p.name', 'm.position', 'p.email', 'p.iin', 'p.language'])
    .select((eb) => eb.and([eb('m.endedAt', 'is', null), hasAccount(eb.ref('p.id'))]).as('active'))
    .where('m.organisationId', '=', organisationId);

/** Active people of one organisation whose name, position, e-mail or login holds the text; at most `limit`, by name. */
export async function searchColleagues(db: Db, organisationId: string, text: string, limit: number): Promise<Colleague[]> {
  const like = containing(text);
  const rows = await colleagues(db, organisationId)
    .where('m.endedAt', 'is', null)
    .where((eb) =>
      eb.or([
        eb('p.name', 'like', like),
        eb('m.position', 'like', like),
        eb('p.email', 'like', like),
        eb.exists(eb.selectFrom('accounts as a').select('a.id').whereRef('a.personId', '=', 'p.id').where('a.login', 'like', like)),
      ]),
    )
    .orderBy('p.name')
    .orderBy('p.id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, active: Boolean(row.active) })).filter((row) => row.active);
}

/** The named people as members of this organisation; people of other organisations are left out. */
export async function colleaguesByIds(db: Db, organisationId: string, ids: readonly string[]): Promise<Map<string, Colleague>> {
  if (ids.length === 0) return new Map();
  const rows = await colleagues(db, organisationId).where('p.id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.personId, { ...row, active: Boolean(row.active) }]));
}

export type PersonListRow = {
  id: string;
  rev: number;
  name: string;
  login: string;
  email: string | null;
  position: string;
  role: OrganisationRole;
  roleSource: 'hand' | 'directory';
  source: 'local' | 'ldap';
  /** Whether this organisation may give the account a new password. */
  isOwnAccount: SqlBool;
  endedAt: Date | null;
  endedBy: 'hand' | 'directory' | null;
  lastSeenAt: Date | null;
};

/** People of one organisation, those who work there first, then by name, at most `limit`; `text` narrows by name, login, e-mail or position. */
export function listPeople(db: Db, organisationId: string, text: string, limit: number): Promise<PersonListRow[]> {
  const like = containing(text);
  return db
    .selectFrom('memberships as m')
    .innerJoin('people as p', 'p.id', 'm.personId')
    .innerJoin('accounts as a', (join) =>
      join.on('a.id', '=', (eb) =>
        eb
          .selectFrom('accounts as x')
          .select('x.id')
          .whereRef('x.personId', '=', 'p.id')
          .orderBy((x) => x('x.source', '=', 'ldap'), 'desc')
          .orderBy('x.id')
          .limit(1),
      ),
    )
    .select(['p.id', 'm.rev', 'p.name', 'a.login', 'p.email', 'm.position', 'm.role', 'm.roleSource', 'a.source', 'm.endedAt', 'm.endedBy'])
    .select((eb) => [
      eb
        .and([
          eb('a.source', '=', 'local'),
          eb('a.organisationId', '=', eb.ref('m.organisationId')),
          eb.not(isElsewhere(eb.ref('p.id'), eb.ref('m.organisationId'))),
        ])
        .as('isOwnAccount'),
      eb
        .selectFrom('sessions as s')
        .select((s) => s.fn.max('s.seenAt').as('at'))
        .whereRef('s.personId', '=', 'p.id')
        .whereRef('s.organisationId', '=', 'm.organisationId')
        .as('lastSeenAt'),
    ])
    .where('m.organisationId', '=', organisationId)
    .$if(text !== '', (query) =>
      query.where((eb) => eb.or((['p.name', 'a.login', 'p.email', 'm.position'] as const).map((column) => eb(column, 'like', like)))),
    )
    .orderBy((eb) => eb('m.endedAt', 'is not', null))
    .orderBy('p.name')
    .orderBy('p.id')
    .limit(limit)
    .execute();
}

export type NewPerson = { name: string; email: string | null; iin: string | null; language?: Person['language'] };
export type NewAccount = {
  login: string;
  source: 'local' | 'ldap';
  passwordHash: string | null;
  directoryId?: string | null;
  organisationId?: string | null;
  /** The password was chosen by somebody else: its first use asks for another. */
  mustChange?: boolean;
};

/** Creates an organisation, or returns the id of the one with this BIN. */
export async function ensureOrganisation(tx: Tx, organisation: { bin: string; name: string }, now: Date): Promise<string> {
  const { bin, name } = organisation;
  const found = await tx.selectFrom('organisations').select('id').where('bin', '=', bin).executeTakeFirst();
  if (found) return found.id;
  const id = newId();
  await tx.insertInto('organisations').values({ id, bin, name, createdAt: now }).execute();
  return id;
}

/** All organisations of the installation, by name. */
export const organisations = (db: Db): Promise<{ id: string; bin: string; name: string }[]> =>
  db.selectFrom('organisations').select(['id', 'bin', 'name']).orderBy('name').orderBy('id').execute();

/**
 * Creates a person with an account; returns `taken` when the login exists. Always a new person: an IIN that somebody typed, or that a
 * directory holds, never leads to a person already known. Only a key joins the two (see `peopleByIin`).
 */
export async function createPerson(tx: Tx, person: NewPerson, account: NewAccount, now: Date): Promise<{ personId: string } | 'taken'> {
  const key = normalLogin(account.login);
  if (key === null) throw new Error('a login that is none');
  if (await tx.selectFrom('accounts').select('id').where('loginKey', '=', key).executeTakeFirst()) return 'taken';
  const personId = newId();
  const { iin, name, email, language = 'ru' } = person;
  await tx.insertInto('people').values({ id: personId, iin, name, email, language, createdAt: now }).execute();
  try {
    await tx
      .insertInto('accounts')
      .values({
        id: newId(),
        personId,
        source: account.source,
        login: account.login.trim(),
        loginKey: key,
        passwordHash: account.passwordHash,
        passwordAt: account.passwordHash === null ? null : now,
        directoryId: account.directoryId ?? null,
        organisationId: account.organisationId ?? null,
        mustChange: Number(account.mustChange ?? false),
        createdAt: now,
      })
      .execute();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    await tx.deleteFrom('people').where('id', '=', personId).execute();
    return 'taken';
  }
  return { personId };
}

/** Keeps changes of the people of one organisation in line, so that what is counted or compared before a change still holds after it. */
export async function lockPeopleOf(tx: Tx, organisationId: string): Promise<void> {
  await tx.selectFrom('organisations').select('id').where('id', '=', organisationId).forUpdate().execute();
}

/** Who in this organisation carries an IIN already, other than `exceptId`; null when nobody does. */
export const holderOfIin = async (
  tx: Tx,
  organisationId: string,
  iin: string,
  exceptId = '',
): Promise<{ id: string; name: string } | null> =>
  (await tx
    .selectFrom('people as p')
    .innerJoin('memberships as m', 'm.personId', 'p.id')
    .select(['p.id', 'p.name'])
    .where('m.organisationId', '=', organisationId)
    .where('m.endedAt', 'is', null)
    .where('p.iin', '=', iin)
    .where('p.id', '<>', exceptId)
    .limit(1)
    .executeTakeFirst()) ?? null;

export type NewMembership = {
  organisationId: string;
  personId: string;
  role: OrganisationRole;
  roleSource: 'hand' | 'directory';
  position: string;
};

/** Puts a person into an organisation they have never belonged to; raises the duplicate when they have: what stands is never overwritten. */
export async function insertMembership(
  tx: Tx,
  { organisationId, personId, role, roleSource, position }: NewMembership,
  now: Date,
): Promise<void> {
  await tx.insertInto('memberships').values({ organisationId, personId, role, roleSource, position, createdAt: now }).execute();
}

export type HeldMembership = {
  organisationId: string;
  role: OrganisationRole;
  roleSource: 'hand' | 'directory';
  position: string;
  endedAt: Date | null;
  endedBy: 'hand' | 'directory' | null;
};

/** Every organisation a person belongs or belonged to. */
export const allMembershipsOf = (db: Db, personId: string): Promise<HeldMembership[]> =>
  db
    .selectFrom('memberships')
    .select(['organisationId', 'role', 'roleSource', 'position', 'endedAt', 'endedBy'])
    .where('personId', '=', personId)
    .execute();

/** The change of a membership, which gives it its next revision. */
const membership = (tx: Tx, organisationId: string, personId: string) =>
  tx
    .updateTable('memberships')
    .set((eb) => ({ rev: eb('rev', '+', 1) }))
    .where('organisationId', '=', organisationId)
    .where('personId', '=', personId);

/** Brings a membership that the directory gave up to date and gives it back when the directory had ended it; nobody's word is overruled. */
export const refreshMembership = (
  tx: Tx,
  { organisationId, personId, role, position }: Pick<NewMembership, 'organisationId' | 'personId' | 'role' | 'position'>,
): Promise<number> =>
  changes(
    membership(tx, organisationId, personId)
      .set((eb) => ({
        role: eb.case().when('roleSource', '=', 'directory').then(role).else(eb.ref('role')).end(),
        position,
        endedAt: null,
        endedBy: null,
      }))
      .where((eb) => eb.or([eb('endedAt', 'is', null), eb('endedBy', '=', 'directory')]))
      .where((eb) =>
        eb.or([
          eb('endedAt', 'is not', null),
          eb('position', '<>', position),
          eb.and([eb('roleSource', '=', 'directory'), eb('role', '<>', role)]),
        ]),
      ),
  );

/** Ends a membership and the sessions that work in it; 0 when it had ended already. */
export async function endMembership(
  tx: Tx,
  organisationId: string,
  personId: string,
  by: 'hand' | 'directory',
  now: Date,
): Promise<number> {
  const ended = await changes(membership(tx, organisationId, personId).set({ endedAt: now, endedBy: by }).where('endedAt', 'is', null));
  await tx
    .updateTable('sessions')
    .set({ revokedAt: now })
    .where('personId', '=', personId)
    .where((eb) => eb.or([eb('organisationId', '=', organisationId), eb('organisationId', 'is', null)]))
    .where('revokedAt', 'is', null)
    .execute();
  return ended;
}

/** Gives an ended membership back, with the role held before; 0 when it had not ended. */
export const restoreMembership = (tx: Tx, organisationId: string, personId: string): Promise<number> =>
  changes(membership(tx, organisationId, personId).set({ endedAt: null, endedBy: null }).where('endedAt', 'is not', null));

/** Changes the role given by hand; 0 when somebody else changed the row first. */
export const changeRole = (tx: Tx, organisationId: string, personId: string, role: OrganisationRole, rev: number): Promise<number> =>
  changes(membership(tx, organisationId, personId).set({ role, roleSource: 'hand' }).where('rev', '=', rev).where('endedAt', 'is', null));

/** Follows a change of groups: the role of somebody whose role the directory gives. */
export const setDirectoryRole = (tx: Tx, organisationId: string, personId: string, role: OrganisationRole): Promise<number> =>
  changes(membership(tx, organisationId, personId).set({ role }).where('roleSource', '=', 'directory').where('endedAt', 'is', null));

/** One member, also one whose membership has ended, locked for a change; null when the person never was one. */
export const lockMember = async (
  tx: Tx,
  organisationId: string,
  personId: string,
): Promise<{ role: OrganisationRole; endedAt: Date | null; iin: string | null; name: string } | null> =>
  (await tx
    .selectFrom('memberships as m')
    .innerJoin('people as p', 'p.id', 'm.personId')
    .select(['m.role', 'm.endedAt', 'p.iin', 'p.name'])
    .where('m.organisationId', '=', organisationId)
    .where('m.personId', '=', personId)
    .forUpdate()
    .executeTakeFirst()) ?? null;

/** Owners still able to sign in; the last one must not be lost. Count them under `lockPeopleOf`. */
export async function countOwners(tx: Tx, organisationId: string): Promise<number> {
  const row = await tx
    .selectFrom('memberships as m')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('m.organisationId', '=', organisationId)
    .where('m.role', '=', 'owner')
    .where('m.endedAt', 'is', null)
    .where((eb) => hasAccount(eb.ref('m.personId')))
    .executeTakeFirst();
  return row?.n ?? 0;
}

/** Switches an account on or off for the operator; switching off also ends the person's sessions. 0 when nothing changed. */
export async function setAccountActive(tx: Tx, account: Account, isActive: boolean, now: Date): Promise<number> {
  const { id, personId } = account;
  const changed = await changes(
    tx
      .updateTable('accounts')
      .set({ disabledAt: isActive ? null : now })
      .where('id', '=', id)
      .where('disabledAt', isActive ? 'is not' : 'is', null),
  );
  if (!isActive)
    await tx.updateTable('sessions').set({ revokedAt: now }).where('personId', '=', personId).where('revokedAt', 'is', null).execute();
  return changed;
}

/**
 * Refreshes what the directory says of a person. An IIN once known is never taken away by an empty attribute or changed; the name of
 * somebody who also has an account of an organisation is not the directory's to write.
 */
export const refreshPerson = (tx: Tx, personId: string, { name, email, iin }: NewPerson): Promise<number> =>
  changes(
    tx
      .updateTable('people')
      .set((eb) => {
        const isOurs = eb.exists(
          eb.selectFrom('accounts as a').select('a.id').whereRef('a.personId', '=', 'people.id').where('a.source', '<>', 'ldap'),
        );
        return {
          name: eb.case().when(isOurs).then(eb.ref('name')).else(name).end(),
          ...(email === null ? {} : { email }),
          iin: eb.fn.coalesce('iin', eb.val(iin)),
        };
      })
      .where('id', '=', personId),
  );

/** Keeps the reader's language, theme or menu width. */
export async function savePreferences(
  db: Db,
  personId: string,
  wanted: Partial<Pick<Person, 'language' | 'theme' | 'menu'>>,
): Promise<void> {
  if (Object.keys(wanted).length === 0) return;
  const { language, theme, menu } = wanted;
  await db.updateTable('people').set({ language, theme, menu }).where('id', '=', personId).execute();
}
