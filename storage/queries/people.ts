import type { Sequelize } from 'sequelize';
import type { OrganisationRole } from '../../domain/people/roles';
import { newId } from '../ids';
import { change, containing, execute, insert, select, selectOne } from '../sql';
import { isDuplicate, type Tx } from '../tx';

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
  disabledAt: Date | null;
};
export type Membership = { organisationId: string; organisationName: string; bin: string; role: OrganisationRole; position: string };

type AccountRow = {
  id: string;
  person_id: string;
  source: 'local' | 'ldap';
  login: string;
  password_hash: string | null;
  disabled_at: Date | null;
};
const asAccount = (row: AccountRow): Account => ({
  id: row.id,
  personId: row.person_id,
  source: row.source,
  login: row.login,
  passwordHash: row.password_hash,
  disabledAt: row.disabled_at,
});

/** The account behind a login (compared without case), or null. */
export async function accountByLogin(db: Sequelize, login: string, tx?: Tx): Promise<Account | null> {
  const row = await selectOne<AccountRow>(
    db,
    'SELECT id, person_id, source, login, password_hash, disabled_at FROM accounts WHERE login = :login',
    { login },
    tx,
  );
  return row && asAccount(row);
}

/** One person, or null. */
export const personById = (db: Sequelize, id: string, tx?: Tx): Promise<Person | null> =>
  selectOne<Person>(db, 'SELECT id, iin, name, email, language, theme, menu FROM people WHERE id = :id', { id }, tx);

/** Organisations this person belongs to today, strongest role first, then by name. */
export async function membershipsOf(db: Sequelize, personId: string, tx?: Tx): Promise<Membership[]> {
  return select<Membership>(
    db,
    `SELECT m.organisation_id AS organisationId, o.name AS organisationName, o.bin, m.role, m.position
       FROM memberships m JOIN organisations o ON o.id = m.organisation_id
      WHERE m.person_id = :personId AND m.ended_at IS NULL
      ORDER BY FIELD(m.role, 'owner', 'admin', 'employee', 'user'), o.name`,
    { personId },
    tx,
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
  (m.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = p.id AND a.disabled_at IS NOT NULL)) AS active`;

/** Active people of one organisation whose name, position, e-mail or login holds the text; at most `limit`, by name. */
export async function searchColleagues(db: Sequelize, organisationId: string, text: string, limit: number): Promise<Colleague[]> {
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
export async function colleaguesByIds(
  db: Sequelize,
  organisationId: string,
  ids: readonly string[],
  tx?: Tx,
): Promise<Map<string, Colleague>> {
  if (ids.length === 0) return new Map();
  const rows = await select<Colleague & { active: number | boolean }>(
    db,
    `SELECT ${colleagueColumns} FROM memberships m JOIN people p ON p.id = m.person_id
      WHERE m.organisation_id = :organisationId AND p.id IN (:ids)`,
    { organisationId, ids },
    tx,
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
  source: 'local' | 'ldap';
  disabledAt: Date | null;
  lastSeenAt: Date | null;
};

/** People of one organisation by name, at most `limit`; `text` narrows by name, login, e-mail or position. */
export function listPeople(db: Sequelize, organisationId: string, text: string, limit: number): Promise<PersonListRow[]> {
  return select<PersonListRow>(
    db,
    `SELECT p.id, m.rev, p.name, a.login, p.email, m.position, m.role, a.source, a.disabled_at AS disabledAt,
            (SELECT MAX(s.seen_at) FROM sessions s WHERE s.person_id = p.id) AS lastSeenAt
       FROM memberships m JOIN people p ON p.id = m.person_id JOIN accounts a ON a.person_id = p.id
      WHERE m.organisation_id = :organisationId AND m.ended_at IS NULL
        AND (:text = '' OR p.name LIKE :like OR a.login LIKE :like OR p.email LIKE :like OR m.position LIKE :like)
      ORDER BY p.name, p.id LIMIT :limit`,
    { organisationId, text, like: containing(text), limit },
  );
}

export type NewPerson = { name: string; email: string | null; iin: string | null; language?: string };
export type NewAccount = { login: string; source: 'local' | 'ldap'; passwordHash: string | null; directoryId?: string | null };

/** Creates an organisation, or returns the id of the one with this BIN. */
export async function ensureOrganisation(db: Sequelize, tx: Tx, organisation: { bin: string; name: string }, now: Date): Promise<string> {
  const found = await selectOne<{ id: string }>(db, 'SELECT id FROM organisations WHERE bin = :bin', { bin: organisation.bin }, tx);
  if (found) return found.id;
  const id = newId();
  await insert(db, 'organisations', [{ id, bin: organisation.bin, name: organisation.name, created_at: now }], tx);
  return id;
}

/** All organisations of the installation, by name. */
export const organisations = (db: Sequelize): Promise<{ id: string; bin: string; name: string }[]> =>
  select(db, 'SELECT id, bin, name FROM organisations ORDER BY name, id');

/** Creates a person with an account. A person already known by IIN is reused; returns `taken` when the login exists. */
export async function createPerson(
  db: Sequelize,
  tx: Tx,
  person: NewPerson,
  account: NewAccount,
  now: Date,
): Promise<{ personId: string } | 'taken'> {
  const known = person.iin ? await selectOne<{ id: string }>(db, 'SELECT id FROM people WHERE iin = :iin', { iin: person.iin }, tx) : null;
  const personId = known?.id ?? newId();
  if (!known) {
    await insert(
      db,
      'people',
      [{ id: personId, iin: person.iin, name: person.name, email: person.email, language: person.language ?? 'ru', created_at: now }],
      tx,
    );
  }
  try {
    await insert(
      db,
      'accounts',
      [
        {
          id: newId(),
          person_id: personId,
          source: account.source,
          login: account.login,
          password_hash: account.passwordHash,
          directory_id: account.directoryId ?? null,
          created_at: now,
        },
      ],
      tx,
    );
  } catch (error) {
    if (isDuplicate(error)) return 'taken';
    throw error;
  }
  return { personId };
}

/** Puts a person into an organisation or changes the role and position held there. */
export async function putMembership(
  db: Sequelize,
  tx: Tx,
  membership: { organisationId: string; personId: string; role: OrganisationRole; roleSource: 'hand' | 'directory'; position: string },
  now: Date,
): Promise<void> {
  await execute(
    db,
    `INSERT INTO memberships (organisation_id, person_id, role, role_source, position, created_at)
     VALUES (:organisationId, :personId, :role, :roleSource, :position, :now)
     ON DUPLICATE KEY UPDATE role = VALUES(role), role_source = VALUES(role_source), position = VALUES(position), ended_at = NULL, rev = rev + 1`,
    { ...membership, now },
    tx,
  );
}

/** Changes the role given by hand; 0 when somebody else changed the row first. */
export const changeRole = (
  db: Sequelize,
  tx: Tx,
  organisationId: string,
  personId: string,
  role: OrganisationRole,
  rev: number,
): Promise<number> =>
  change(
    db,
    "UPDATE memberships SET role = :role, role_source = 'hand', rev = rev + 1 WHERE organisation_id = :organisationId AND person_id = :personId AND rev = :rev AND ended_at IS NULL",
    { organisationId, personId, role, rev },
    tx,
  );

/** The role of one member, locked for a change; null when the person is none. */
export const lockMember = (db: Sequelize, tx: Tx, organisationId: string, personId: string): Promise<{ role: OrganisationRole } | null> =>
  selectOne(
    db,
    'SELECT role FROM memberships WHERE organisation_id = :organisationId AND person_id = :personId AND ended_at IS NULL FOR UPDATE',
    { organisationId, personId },
    tx,
  );

/** Owners still able to sign in; the last one must not be lost. */
export async function countOwners(db: Sequelize, organisationId: string, tx: Tx): Promise<number> {
  const row = await selectOne<{ n: number }>(
    db,
    `SELECT COUNT(*) AS n FROM memberships m JOIN accounts a ON a.person_id = m.person_id
      WHERE m.organisation_id = :organisationId AND m.role = 'owner' AND m.ended_at IS NULL AND a.disabled_at IS NULL`,
    { organisationId },
    tx,
  );
  return Number(row?.n ?? 0);
}

/** Switches an account on or off; switching off also ends its sessions. */
export async function setAccountActive(db: Sequelize, tx: Tx, personId: string, isActive: boolean, now: Date): Promise<void> {
  await change(db, 'UPDATE accounts SET disabled_at = :at WHERE person_id = :personId', { at: isActive ? null : now, personId }, tx);
  if (!isActive)
    await change(db, 'UPDATE sessions SET revoked_at = :now WHERE person_id = :personId AND revoked_at IS NULL', { now, personId }, tx);
}

/** Refreshes what the directory says of a person. An IIN once known is never taken away by an empty attribute. */
export const refreshPerson = (db: Sequelize, tx: Tx, personId: string, facts: NewPerson): Promise<number> =>
  change(
    db,
    'UPDATE people SET name = :name, email = COALESCE(:email, email), iin = COALESCE(iin, :iin) WHERE id = :personId',
    { name: facts.name, email: facts.email, iin: facts.iin, personId },
    tx,
  );

/** Keeps the reader's language, theme or menu width. */
export async function savePreferences(
  db: Sequelize,
  personId: string,
  wanted: Partial<Pick<Person, 'language' | 'theme' | 'menu'>>,
): Promise<void> {
  const columns = Object.keys(wanted) as (keyof typeof wanted)[];
  if (columns.length === 0) return;
  await change(db, `UPDATE people SET ${columns.map((c) => `${c} = :${c}`).join(', ')} WHERE id = :personId`, { ...wanted, personId });
}
