import { migrate, migrations } from '../../storage/migrate';
import { execute, select } from '../../storage/sql';
import { emptyDatabase, type TestDatabase } from '../support/database';

// From the first release, with what an administrator could do there: hang accounts of their own on somebody, switch off people of others.

let database: TestDatabase;
beforeAll(async () => {
  database = await emptyDatabase();
  const { db } = database;
  await migrate(db, '0009-create-phone');
  const run = (sql: string): Promise<unknown> => execute(db, sql);
  const at = "'2026-11-01 05:00:00.000'";
  await run(
    `INSERT INTO organisations (id, bin, name, created_at) VALUES ('O1', '150340010215', 'Ours', ${at}), ('O2', '160440010216', 'Theirs', ${at})`,
  );
  await run(
    `INSERT INTO people (id, iin, name, created_at) VALUES ('VICTIM', '800101300101', 'Victim', ${at}), ('OFF', NULL, 'Off', ${at}), ('BOTH', NULL, 'Both', ${at})`,
  );
  await run(`INSERT INTO accounts (id, person_id, source, login, password_hash, disabled_at, created_at) VALUES
    ('A1', 'VICTIM', 'local', 'Victim', 'x', NULL, ${at}),
    ('A2', 'VICTIM', 'local', 'impostor', 'y', NULL, '2026-11-02 05:00:00.000'),
    ('A3', 'VICTIM', 'ldap', 'victim.ad', NULL, NULL, '2026-11-03 05:00:00.000'),
    ('A4', 'OFF', 'local', 'off', 'z', '2026-11-04 05:00:00.000', ${at}),
    ('A5', 'BOTH', 'local', 'both', 'z', NULL, ${at})`);
  await run(`INSERT INTO memberships (organisation_id, person_id, role, created_at) VALUES ('O1', 'VICTIM', 'owner', ${at}), ('O1', 'OFF', 'user', ${at}),
    ('O1', 'BOTH', 'user', ${at}), ('O2', 'BOTH', 'user', ${at})`);
  const session = (id: string, person: string): Promise<unknown> =>
    run(`INSERT INTO sessions (id, token_hash, csrf, person_id, address, user_agent, source, created_at, seen_at, expires_at)
      VALUES ('${id}', UNHEX(SHA2('${id}', 256)), 'c', '${person}', '', '', 'local', ${at}, ${at}, '2036-01-01')`);
  await session('S1', 'VICTIM');
  await session('S2', 'BOTH');
});
afterAll(() => database.drop());

test('an account hung on somebody becomes a person of its own, who belongs nowhere, and its sessions end', async () => {
  const { db } = database;
  await migrate(db);
  const accounts = await select<{ id: string; person: string; key: string; organisation: string | null }>(
    db,
    'SELECT id, person_id AS person, login_key AS `key`, organisation_id AS organisation FROM accounts ORDER BY id',
  );
  expect(accounts).toEqual([
    { id: 'A1', person: 'VICTIM', key: 'victim', organisation: 'O1' },
    { id: 'A2', person: 'A2', key: 'impostor', organisation: null },
    { id: 'A3', person: 'VICTIM', key: 'victim.ad', organisation: null },
    { id: 'A4', person: 'OFF', key: 'off', organisation: 'O1' },
    { id: 'A5', person: 'BOTH', key: 'both', organisation: null },
  ]);
  expect(await select(db, "SELECT organisation_id FROM memberships WHERE person_id = 'A2'")).toEqual([]);
  expect(await select(db, "SELECT iin FROM people WHERE id = 'A2'")).toEqual([{ iin: null }]);
  const live = await select<{ id: string }>(db, 'SELECT id FROM sessions WHERE revoked_at IS NULL');
  expect(live.map(({ id }) => id)).toEqual(['S2']); // whose hands the victim's sessions are in, nobody knows
});

test('an account switched off is an ended membership, which its organisation gives back', async () => {
  const rows = await select<{ person: string; by: string | null }>(
    database.db,
    "SELECT person_id AS person, ended_by AS `by` FROM memberships WHERE organisation_id = 'O1' ORDER BY person_id",
  );
  expect(rows).toEqual([
    { person: 'BOTH', by: null },
    { person: 'OFF', by: 'hand' },
    { person: 'VICTIM', by: null },
  ]);
  expect(await select(database.db, 'SELECT id FROM accounts WHERE disabled_at IS NOT NULL')).toEqual([]);
});

test('every step may be run again after it has stopped half-way', async () => {
  const { db } = database;
  const before = await select(db, 'SELECT * FROM accounts ORDER BY id');
  for (const name of ['0010-separate-identities', '0011-count-uploads', '0012-key-audit']) {
    expect(migrations.some((migration) => migration.name === name)).toBe(true);
    await execute(db, 'DELETE FROM migrations WHERE name = :name', { name });
  }
  await migrate(db);
  expect(await select(db, 'SELECT * FROM accounts ORDER BY id')).toEqual(before);
});
