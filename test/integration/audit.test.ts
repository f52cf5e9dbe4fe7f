import { appendAudit, auditOf, type AuditEntry } from '../../storage/audit';
import { verifyAudit, verifyEntity } from '../../storage/audit-verify';
import { CommandUsed, perform } from '../../storage/command';
import { newId } from '../../storage/ids';
import { freshDatabase, type TestDatabase } from '../support/database';
import { type InTx, transactions } from '../../storage/db';
import { execute } from '../../storage/sql';

let database: TestDatabase;
let inTx: InTx;
const [org, other, document] = [newId(), newId(), newId()];

const entry = (change: Partial<AuditEntry> = {}): AuditEntry => ({
  organisationId: org,
  at: new Date(),
  actor: { kind: 'member', id: newId(), name: 'Әлия "Қ" 🙂' },
  action: 'route.sent',
  entityId: document,
  commandId: newId(),
  details: { attempt: 1, stages: 1, people: 1, sha256: 'ёж' },
  ...change,
});
const sql = (statement: string) => execute(database.db, statement);

beforeEach(async () => {
  database = await freshDatabase();
  inTx = transactions(database.db);
  for (let i = 0; i < 5; i++) await inTx((tx) => appendAudit(tx, entry()));
  await inTx((tx) => appendAudit(tx, entry({ organisationId: other })));
});
afterEach(() => database.drop());

test('an untouched log is whole, each organisation its own chain', async () => {
  expect(await verifyAudit(database.db)).toEqual({ rows: 6, faults: [] });
  expect((await auditOf(database.db, org, document)).map((r) => r.seq)).toEqual([1, 2, 3, 4, 5]);
  expect(await verifyEntity(database.db, org, document)).toEqual({ isWhole: true, count: 5 });
});

test.each([
  ['a changed name', "UPDATE audit SET actor_name = 'Other' WHERE seq = 3", 'changed', 3],
  ['a changed detail', `UPDATE audit SET details = REPLACE(details, '1', '2') WHERE seq = 3`, 'changed', 3],
  ['a moved instant', 'UPDATE audit SET at = at + INTERVAL 1 SECOND WHERE seq = 3', 'changed', 3],
  ['a removed row', 'DELETE FROM audit WHERE seq = 3', 'missing', 4],
  ['a removed last row', `DELETE FROM audit WHERE seq = 5`, 'head-mismatch', 4],
])('%s is found', async (_name, statement, fault, seq) => {
  await sql(`${statement} AND organisation_id = '${org}'`);
  expect((await verifyAudit(database.db)).faults).toContainEqual({ organisationId: org, seq, fault });
});

test('a row written in by hand is found, also when it hashes by itself', async () => {
  await sql(
    `INSERT INTO audit SELECT organisation_id, 6, at, actor_kind, actor_id, actor_name, action, entity_kind, entity_id, 'forged', details, prev_hash, hash, key_version, mac FROM audit WHERE seq = 5 AND organisation_id = '${org}'`,
  );
  expect((await verifyAudit(database.db)).faults.map((f) => f.fault)).toEqual(expect.arrayContaining(['changed', 'head-mismatch']));
});

test('two rows that changed places are found', async () => {
  await sql(`UPDATE audit SET seq = 100 WHERE seq = 2 AND organisation_id = '${org}'`);
  await sql(`UPDATE audit SET seq = 2 WHERE seq = 3 AND organisation_id = '${org}'`);
  await sql(`UPDATE audit SET seq = 3 WHERE seq = 100 AND organisation_id = '${org}'`);
  expect((await verifyAudit(database.db)).faults.length).toBeGreaterThan(0);
});

test('a whole chain without its head is found', async () => {
  await sql(`DELETE FROM audit_heads WHERE organisation_id = '${org}'`);
  expect((await verifyAudit(database.db)).faults).toContainEqual({ organisationId: org, seq: 0, fault: 'head-mismatch' });
});

test('a hundred writers at once make one chain without a gap', async () => {
  await Promise.all(Array.from({ length: 100 }, () => inTx((tx) => appendAudit(tx, entry()))));
  expect(await verifyAudit(database.db)).toEqual({ rows: 106, faults: [] });
});

test('a command repeated at the same instant is done once and answers the same', async () => {
  const act = { id: newId(), by: { kind: 'member' as const, id: 'a', name: 'Әлия' }, at: new Date() };
  const on = { organisationId: org, id: document };
  let runs = 0;
  const run = (target = on) =>
    perform({ inTx }, act, target, 'document.trashed', () => Promise.resolve({ details: {}, result: { run: ++runs } }));
  const results = await Promise.all(Array.from({ length: 8 }, () => run()));
  expect(new Set(results.map((r) => r.run))).toEqual(new Set([1]));
  expect(runs).toBe(1);
  await expect(run({ ...on, id: newId() })).rejects.toThrow(CommandUsed);
  expect((await auditOf(database.db, org, document)).filter((row) => row.commandId === act.id)).toHaveLength(1);
  expect(await verifyAudit(database.db)).toEqual({ rows: 7, faults: [] });
});

test('a command whose work fails leaves nothing, and may be given again', async () => {
  const act = { id: newId(), by: { kind: 'member' as const, id: 'a', name: 'Әлия' }, at: new Date() };
  const on = { organisationId: org, id: document };
  await expect(perform({ inTx }, act, on, 'document.trashed', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await verifyAudit(database.db)).toEqual({ rows: 6, faults: [] });
  expect(await perform({ inTx }, act, on, 'document.trashed', () => Promise.resolve({ details: {}, result: 'done' }))).toBe('done');
});
