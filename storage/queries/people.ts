import { normalLogin } from '../../domain/people/logins';
import type { OrganisationRole } from '../../domain/people/roles';
import { newId } from '../ids';
import { change, containing, insert, select, selectOne, type Bind } from '../sql';
import { type Db, isDuplicate, type Tx } from '../db';

export type Person = {
  id: string;
  iin: string | null;
  name: string;
  email: string | null;
  language: 'ru' | 'kk' | 'en';
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

type AccountRow = Omit<Account, 'mustChange' | 'totp'> & {
  mustChange: number | boolean;
  totpSecret: Buffer | null;
  totpSince: Date | null;
  totpStep: number | string;
};
const accountColumns = `a.id, a.person_id AS personId, a.source, a.login, a.password_hash AS passwordHash, a.directory_id AS directoryId,
  a.organisation_id AS organisationId, a.must_change AS mustChange, a.disabled_at AS disabledAt, a.totp_secret AS totpSecret,
  a.totp_since AS totpSince, a.totp_step AS totpStep`;
const asAccount = ({ totpSecret, totpSince, totpStep, ...row }: AccountRow): Account => ({
  ...row,
  mustChange: Boolean(row.mustChange),
  totp: totpSecret && { secret: totpSecret, since: totpSince, step: Number(totpStep) },
});
const accountWhere = async (db: Db, where: string, values: Bind): Promise<Account | null> => {
  const row = await selectOne<AccountRow>(db, `SELECT ${accountColumns} FROM accounts a WHERE ${where}`, values);
  return row && asAccount(row);
};

/** The account behind a login in its normal form, compared byte by byte, or null. */
export async function accountByLogin(db: Db, login: string): Promise<Account | null> {
  const key = normalLogin(login);
  return key === null ? null : accountWhere(db, 'a.login_key = :key', { key });
}

/** The account the directory knows by this id of its own, or null. */
export const accountByDirectoryId = (db: Db, directoryId: string): Promise<Account | null> =>
  accountWhere(db, "a.directory_id = :directoryId AND a.source = 'ldap'", { directoryId });

/** One account, or null. */
export const accountById = (db: Db, id: string): Promise<Account | null> => accountWhere(db, 'a.id = :id', { id });

/** The account of one kind that a person has, or null. */
export const accountOf = (db: Db, personId: string, source: 'local' | 'ldap'): Promise<Account | null> =>
  accountWhere(db, 'a.person_id = :personId AND a.source = :source', { personId, source });

/**
 * The local account of a person that an organisation may give a new password or relieve of its second factor: its own, and opening nothing
 * but this organisation. Null when there is none such.
 */
export const accountInTrust = (tx: Tx, organisationId: string, personId: string): Promise<Account | null> =>
  accountWhere(
    tx,
    `a.person_id = :personId AND a.source = 'local' AND a.organisation_id = :organisationId AND NOT EXISTS (SELECT 1 FROM memberships m
       WHERE m.person_id = a.person_id AND m.organisation_id <> :organisationId AND m.ended_at IS NULL)`,
    { organisationId, personId },
  );

/** Notes the name and the id the directory has for an account now. */
export const refreshAccount = (tx: Tx, id: string, known: { login: string; directoryId: string }): Promise<number> =>
  change(tx, 'UPDATE accounts SET login = :login, login_key = :key, directory_id = :directoryId WHERE id = :id', {
    id,
    ...known,
    key: normalLogin(known.login) ?? '',
  });

/** One person, or null. */
export const personById = (db: Db, id: string): Promise<Person | null> =>
  selectOne<Person>(db, 'SELECT id, iin, name, email, language, theme, menu FROM people WHERE id = :id', { id });

/** Organisations this person belongs to today, strongest role first, then by name. */
export async function membershipsOf(db: Db, personId: string): Promise<Membership[]> {
  return select<Membership>(
    db,
    `SELECT m.organisation_id AS organisationId, o.name AS organisationName, o.bin, m.role, m.position, m.person_id AS personId
       FROM memberships m JOIN organisations o ON o.id = m.organisation_id
      WHERE m.person_id = :personId AND m.ended_at IS NULL
      ORDER BY FIELD(m.role, 'owner', 'admin', 'employee', 'user'), o.name`,
    { personId },
  );
}

export type Colleague = {
  personId: string;
  name: string;
  position: string;
  email: string | null;
  iin: string | null;
  language: string;
  active: boolean;
};

const colleagueColumns = `p.id AS personId, p.name, m.position, p.email, p.iin, p.language,
  (m.ended_at IS NULL AND EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = p.id AND a.disabled_at IS NULL)) AS active`;

/** Active people of one organisation whose name, position, e-mail or login holds the text; at most `limit`, by name. */
export async function searchColleagues(db: Db, organisationId: string, text: string, limit: number): Promise<Colleague[]> {
  const rows = await select<Colleague & { active: number | boolean }>(
    db,
    `SELECT ${colleagueColumns} FROM memberships m JOIN people p ON p.id = m.person_id
      WHERE m.organisation_id = :organisationId AND m.ended_at IS NULL
        AND (p.name LIKE :like OR m.position LIKE :like OR p.email LIKE :like
             OR EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = p.id AND a.login LIKE :like))
      ORDER BY p.name, p.id LIMIT :limit`,
    { organisationId, like: containing(text), limit },
  );
  return rows.map((row) => ({ ...row, active: Boolean(row.active) })).filter((row) => row.active);
}

/** The named people as members of this organisation; people of other organisations are left out. */
export async function colleaguesByIds(db: Db, organisationId: string, ids: readonly string[]): Promise<Map<string, Colleague>> {
  if (ids.length === 0) return new Map();
  const rows = await select<Colleague & { active: number | boolean }>(
    db,
    `SELECT ${colleagueColumns} FROM memberships m JOIN people p ON p.id = m.person_id
      WHERE m.organisation_id = :organisationId AND p.id IN (:ids)`,
    { organisationId, ids },
  );
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
  isOwnAccount: number | boolean;
  endedAt: Date | null;
  endedBy: 'hand' | 'directory' | null;
  lastSeenAt: Date | null;
};

/** People of one organisation, those who work there first, then by name, at most `limit`; `text` narrows by name, login, e-mail or position. */
export function listPeople(db: Db, organisationId: string, text: string, limit: number): Promise<PersonListRow[]> {
  return select<PersonListRow>(
    db,
    `SELECT p.id, m.rev, p.name, a.login, p.email, m.position, m.role, m.role_source AS roleSource, a.source,
            (a.source = 'local' AND a.organisation_id = m.organisation_id AND NOT EXISTS (SELECT 1 FROM memberships e
               WHERE e.person_id = p.id AND e.organisation_id <> m.organisation_id AND e.ended_at IS NULL)) AS isOwnAccount, m.ended_at AS endedAt, m.ended_by AS endedBy,
            (SELECT MAX(s.seen_at) FROM sessions s WHERE s.person_id = p.id AND s.organisation_id = m.organisation_id) AS lastSeenAt
       FROM memberships m JOIN people p ON p.id = m.person_id
       JOIN accounts a ON a.id = (SELECT x.id FROM accounts x WHERE x.person_id = p.id ORDER BY x.source = 'ldap' DESC, x.id LIMIT 1)
      WHERE m.organisation_id = :organisationId
        AND (:text = '' OR p.name LIKE :like OR a.login LIKE :like OR p.email LIKE :like OR m.position LIKE :like)
      ORDER BY m.ended_at IS NOT NULL, p.name, p.id LIMIT :limit`,
    { organisationId, text, like: containing(text), limit },
  );
}

export type NewPerson = { name: string; email: string | null; iin: string | null; language?: string };
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
  const found = await selectOne<{ id: string }>(tx, 'SELECT id FROM organisations WHERE bin = :bin', { bin: organisation.bin });
  if (found) return found.id;
  const id = newId();
  await insert(tx, 'organisations', [{ id, bin: organisation.bin, name: organisation.name, created_at: now }]);
  return id;
}

/** All organisations of the installation, by name. */
export const organisations = (db: Db): Promise<{ id: string; bin: string; name: string }[]> =>
  select(db, 'SELECT id, bin, name FROM organisations ORDER BY name, id');

/**
 * Creates a person with an account; returns `taken` when the login exists. Always a new person: an IIN that somebody typed, or that a
 * directory holds, never leads to a person already known. Only a key joins the two (see `peopleByIin`).
 */
export async function createPerson(tx: Tx, person: NewPerson, account: NewAccount, now: Date): Promise<{ personId: string } | 'taken'> {
  const key = normalLogin(account.login);
  if (key === null) throw new Error('a login that is none');
  if (await selectOne(tx, 'SELECT id FROM accounts WHERE login_key = :key', { key })) return 'taken';
  const personId = newId();
  await insert(tx, 'people', [
    { id: personId, iin: person.iin, name: person.name, email: person.email, language: person.language ?? 'ru', created_at: now },
  ]);
  try {
    await insert(tx, 'accounts', [
      {
        id: newId(),
        person_id: personId,
        source: account.source,
        login: account.login.trim(),
        login_key: key,
        password_hash: account.passwordHash,
        password_at: account.passwordHash === null ? null : now,
        directory_id: account.directoryId ?? null,
        organisation_id: account.organisationId ?? null,
        must_change: account.mustChange ?? false,
        created_at: now,
      },
    ]);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    await change(tx, 'DELETE FROM people WHERE id = :personId', { personId });
    return 'taken';
  }
  return { personId };
}

/** Keeps changes of the people of one organisation in line, so that what is counted or compared before a change still holds after it. */
export async function lockPeopleOf(tx: Tx, organisationId: string): Promise<void> {
  await selectOne(tx, 'SELECT id FROM organisations WHERE id = :organisationId FOR UPDATE', { organisationId });
}

/** Who in this organisation carries an IIN already, other than `exceptId`; null when nobody does. */
export const holderOfIin = (tx: Tx, organisationId: string, iin: string, exceptId = ''): Promise<{ id: string; name: string } | null> =>
  selectOne(
    tx,
    `SELECT p.id, p.name FROM people p JOIN memberships m ON m.person_id = p.id AND m.organisation_id = :organisationId AND m.ended_at IS NULL
      WHERE p.iin = :iin AND p.id <> :exceptId LIMIT 1`,
    { organisationId, iin, exceptId },
  );

export type NewMembership = {
  organisationId: string;
  personId: string;
  role: OrganisationRole;
  roleSource: 'hand' | 'directory';
  position: string;
};

/** Puts a person into an organisation they have never belonged to; raises the duplicate when they have: what stands is never overwritten. */
export const insertMembership = (tx: Tx, membership: NewMembership, now: Date): Promise<void> =>
  insert(tx, 'memberships', [
    {
      organisation_id: membership.organisationId,
      person_id: membership.personId,
      role: membership.role,
      role_source: membership.roleSource,
      position: membership.position,
      created_at: now,
    },
  ]);

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
  select(
    db,
    `SELECT organisation_id AS organisationId, role, role_source AS roleSource, position, ended_at AS endedAt, ended_by AS endedBy
       FROM memberships WHERE person_id = :personId`,
    { personId },
  );

/** Brings a membership that the directory gave up to date and gives it back when the directory had ended it; nobody's word is overruled. */
export const refreshMembership = (
  tx: Tx,
  membership: Pick<NewMembership, 'organisationId' | 'personId' | 'role' | 'position'>,
): Promise<number> =>
  change(
    tx,
    `UPDATE memberships SET role = IF(role_source = 'directory', :role, role), position = :position, ended_at = NULL, ended_by = NULL, rev = rev + 1
      WHERE organisation_id = :organisationId AND person_id = :personId AND (ended_at IS NULL OR ended_by = 'directory')
        AND (ended_at IS NOT NULL OR position <> :position OR (role_source = 'directory' AND role <> :role))`,
    membership,
  );

/** Ends a membership and the sessions that work in it; 0 when it had ended already. */
export async function endMembership(
  tx: Tx,
  organisationId: string,
  personId: string,
  by: 'hand' | 'directory',
  now: Date,
): Promise<number> {
  const ended = await change(
    tx,
    `UPDATE memberships SET ended_at = :now, ended_by = :by, rev = rev + 1
      WHERE organisation_id = :organisationId AND person_id = :personId AND ended_at IS NULL`,
    { organisationId, personId, by, now },
  );
  await change(
    tx,
    'UPDATE sessions SET revoked_at = :now WHERE person_id = :personId AND (organisation_id = :organisationId OR organisation_id IS NULL) AND revoked_at IS NULL',
    { organisationId, personId, now },
  );
  return ended;
}

/** Gives an ended membership back, with the role held before; 0 when it had not ended. */
export const restoreMembership = (tx: Tx, organisationId: string, personId: string): Promise<number> =>
  change(
    tx,
    `UPDATE memberships SET ended_at = NULL, ended_by = NULL, rev = rev + 1
      WHERE organisation_id = :organisationId AND person_id = :personId AND ended_at IS NOT NULL`,
    { organisationId, personId },
  );

/** Changes the role given by hand; 0 when somebody else changed the row first. */
export const changeRole = (tx: Tx, organisationId: string, personId: string, role: OrganisationRole, rev: number): Promise<number> =>
  change(
    tx,
    "UPDATE memberships SET role = :role, role_source = 'hand', rev = rev + 1 WHERE organisation_id = :organisationId AND person_id = :personId AND rev = :rev AND ended_at IS NULL",
    { organisationId, personId, role, rev },
  );

/** Follows a change of groups: the role of somebody whose role the directory gives. */
export const setDirectoryRole = (tx: Tx, organisationId: string, personId: string, role: OrganisationRole): Promise<number> =>
  change(
    tx,
    `UPDATE memberships SET role = :role, rev = rev + 1
      WHERE organisation_id = :organisationId AND person_id = :personId AND role_source = 'directory' AND ended_at IS NULL`,
    { organisationId, personId, role },
  );

/** One member, also one whose membership has ended, locked for a change; null when the person never was one. */
export const lockMember = (
  tx: Tx,
  organisationId: string,
  personId: string,
): Promise<{ role: OrganisationRole; endedAt: Date | null; iin: string | null; name: string } | null> =>
  selectOne(
    tx,
    `SELECT m.role, m.ended_at AS endedAt, p.iin, p.name FROM memberships m JOIN people p ON p.id = m.person_id
      WHERE m.organisation_id = :organisationId AND m.person_id = :personId FOR UPDATE`,
    { organisationId, personId },
  );

/** Owners still able to sign in; the last one must not be lost. Count them under `lockPeopleOf`. */
export async function countOwners(tx: Tx, organisationId: string): Promise<number> {
  const row = await selectOne<{ n: number }>(
    tx,
    `SELECT COUNT(*) AS n FROM memberships m
      WHERE m.organisation_id = :organisationId AND m.role = 'owner' AND m.ended_at IS NULL
        AND EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = m.person_id AND a.disabled_at IS NULL)`,
    { organisationId },
  );
  return Number(row?.n ?? 0);
}

/** Switches an account on or off for the operator; switching off also ends the person's sessions. 0 when nothing changed. */
export async function setAccountActive(tx: Tx, account: Account, isActive: boolean, now: Date): Promise<number> {
  const { id, personId } = account;
  const changed = await change(tx, 'UPDATE accounts SET disabled_at = :at WHERE id = :id AND (disabled_at IS NULL) <> :isActive', {
    id,
    at: isActive ? null : now,
    isActive,
  });
  if (!isActive)
    await change(tx, 'UPDATE sessions SET revoked_at = :now WHERE person_id = :personId AND revoked_at IS NULL', { now, personId });
  return changed;
}

/**
 * Refreshes what the directory says of a person. An IIN once known is never taken away by an empty attribute or changed; the name of
 * somebody who also has an account of an organisation is not the directory's to write.
 */
export const refreshPerson = (tx: Tx, personId: string, facts: NewPerson): Promise<number> =>
  change(
    tx,
    `UPDATE people SET name = IF(EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = people.id AND a.source <> 'ldap'), name, :name),
            email = COALESCE(:email, email), iin = COALESCE(iin, :iin)
      WHERE id = :personId`,
    { name: facts.name, email: facts.email, iin: facts.iin, personId },
  );

/** Keeps the reader's language, theme or menu width. */
export async function savePreferences(
  db: Db,
  personId: string,
  wanted: Partial<Pick<Person, 'language' | 'theme' | 'menu'>>,
): Promise<void> {
  const columns = Object.keys(wanted) as (keyof typeof wanted)[];
  if (columns.length === 0) return;
  await change(db, `UPDATE people SET ${columns.map((c) => `${c} = :${c}`).join(', ')} WHERE id = :personId`, { ...wanted, personId });
}
