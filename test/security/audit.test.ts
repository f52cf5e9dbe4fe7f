import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createActivities } from '../../activities';
import { checkAuditLog } from '../../cli/audit';
import { formatHead, readHeads } from '../../domain/audit/heads';
import { type SecretKeys, secretKeysOf } from '../../domain/secret-keys';
import { activityDeps } from '../../services/open-deps';
import { root } from '../../services/root';
import { loadTrust } from '../../services/signing/check-signature';
import type { WorkerDeps } from '../../services/deps';
import { policyFor } from '../../signature';
import { appendAudit, auditContent, sealBoundaries } from '../../storage/audit';
import { currentHeads, verifyAudit, verifyEntity } from '../../storage/audit-verify';
import { openHeadStore } from '../../storage/head-store';
import { newId } from '../../storage/ids';
import { migrate } from '../../storage/migrate';
import { execute, select } from '../../storage/sql';
import { TestApplication } from '../support/application';
import { freshDatabase, type TestDatabase } from '../support/database';
import { mailsTo, waitForMails } from '../support/mail';
import { objectClient } from '../support/objects';
import { serverEnv } from '../support/servers';
import { openDatabase, transactions } from '../../storage/db';

const sha256 = (...parts: (Buffer | string)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
type Db = TestDatabase['db'];

/** Appends rows as the program does. */
async function append(db: Db, organisationId: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await transactions(db)((tx) =>
      appendAudit(tx, {
        organisationId,
        at: new Date(),
        actor: { kind: 'member', id: newId(), name: 'Әлия' },
        action: 'route.approved',
        entityId: newId(),
        commandId: newId(),
        details: { attempt: 1, stage: i },
      }),
    );
}

/** What somebody does who writes the database and knows the program, but has not the secret: one row is changed, all hashes are made anew. */
async function rewrite(db: Db, organisationId: string, seq: number): Promise<void> {
  await execute(db, `UPDATE audit SET actor_name = 'Somebody else' WHERE organisation_id = '${organisationId}' AND seq = ${seq}`);
  const rows = await db.selectFrom('audit').selectAll().where('organisationId', '=', organisationId).orderBy('seq').execute();
  let previous: Buffer = Buffer.alloc(32);
  for (const row of rows) {
    const hash = sha256(sha256(JSON.stringify(auditContent(row))), previous);
    await execute(db, 'UPDATE audit SET prev_hash = :previous, hash = :hash WHERE organisation_id = :organisationId AND seq = :seq', {
      previous,
      hash,
      organisationId,
      seq: row.seq,
    });
    previous = hash;
  }
  await execute(db, 'UPDATE audit_heads SET hash = :previous WHERE organisation_id = :organisationId', { previous, organisationId });
  await execute(db, `DELETE FROM audit_stamps WHERE organisation_id = '${organisationId}'`);
}

const faultsOf = async (db: Db): Promise<string[]> => (await verifyAudit(db)).faults.map(({ fault, seq }) => `${fault} ${seq}`);

describe('whoever writes the database and has not the secret', () => {
  let database: TestDatabase;
  const organisation = newId();
  const sql = (statement: string) => execute(database.db, statement);

  beforeEach(async () => {
    database = await freshDatabase();
    await append(database.db, organisation, 5);
  });
  afterEach(() => database.drop());

  test('cannot change a row and chain all rows anew', async () => {
    expect(await faultsOf(database.db)).toEqual([]);
    await rewrite(database.db, organisation, 3);
    expect(await faultsOf(database.db)).toEqual(['forged 3', 'forged 4', 'forged 5']);
    const [row] = await select<{ entity_id: string }>(database.db, 'SELECT entity_id FROM audit WHERE seq = 3');
    expect(await verifyEntity(database.db, organisation, row?.entity_id ?? '')).toEqual({ isWhole: false, count: 1 });
  });

  test('cannot take the MACs away', async () => {
    await rewrite(database.db, organisation, 3);
    await sql('UPDATE audit SET mac = NULL, key_version = NULL');
    expect(await faultsOf(database.db)).toContain('unkeyed 3');
  });

  test('cannot give rows the MACs of other rows, or name another version of the secret', async () => {
    await sql('UPDATE audit a JOIN audit b ON b.organisation_id = a.organisation_id AND b.seq = 4 SET a.mac = b.mac WHERE a.seq = 3');
    await sql('UPDATE audit SET key_version = 9 WHERE seq = 2');
    expect(await faultsOf(database.db)).toEqual(['unknown-key 2', 'forged 3']);
  });

  test.each([
    [
      'moved to the newest row',
      'UPDATE audit_boundaries b JOIN audit_heads h ON h.organisation_id = b.organisation_id SET b.seq = h.seq, b.hash = h.hash',
    ],
    ['removed', 'DELETE FROM audit_boundaries'],
    [
      'made by hand',
      'UPDATE audit_boundaries b JOIN audit_heads h ON h.organisation_id = b.organisation_id SET b.seq = h.seq, b.hash = h.hash, b.mac = h.hash',
    ],
  ])('cannot pass rows off as those of a former release: the boundary %s', async (_what, statement) => {
    await rewrite(database.db, organisation, 3);
    await sql('UPDATE audit SET mac = NULL, key_version = NULL');
    await sql(statement);
    expect(await faultsOf(database.db)).toContain('boundary 0');
    await migrate(database.db); // no later migration draws it again
    await append(database.db, organisation, 1);
    expect(await faultsOf(database.db)).toContain('boundary 0');
  });

  test('cannot write rows of former releases anew', async () => {
    await sql('UPDATE audit SET mac = NULL, key_version = NULL'); // as a former release left them
    await sql('DELETE FROM audit_boundaries');
    await sealBoundaries(database.db); // as the migration does
    await append(database.db, organisation, 2);
    expect(await faultsOf(database.db)).toEqual([]);
    await rewrite(database.db, organisation, 2);
    expect(await faultsOf(database.db)).toContain('forged 5');
  });
});

test('rows stay good after the secret was replaced, and without its former version they are not called good', async () => {
  const database = await freshDatabase();
  const [first, second] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const open = (keys: SecretKeys) => openDatabase({ url: database.url, poolMax: 2, keys });
  const pools = [open(secretKeysOf(first)), open(secretKeysOf(`1:${first},2:${second}`)), open(secretKeysOf(`2:${second}`))] as const;
  const organisation = newId();
  await append(pools[0], organisation, 2);
  await append(pools[1], organisation, 2);
  expect(await faultsOf(pools[1])).toEqual([]);
  expect(await faultsOf(pools[2])).toEqual(['boundary 0', 'unknown-key 1', 'unknown-key 2']);
  for (const pool of pools) await pool.destroy();
  await database.drop();
});

describe('kept outside', () => {
  let app: TestApplication;
  let deps: ReturnType<typeof activityDeps>;
  const later = (days: number): Date => new Date(Date.now() + days * 86_400_000);
  const activities = (change: Partial<WorkerDeps> = {}) => createActivities({ ...deps, ...change });
  const check = (change: Partial<Parameters<typeof checkAuditLog>[1]> = {}) =>
    checkAuditLog(app.deps.db, { at: new Date(), trust: loadTrust(app.config.trustFiles), policy: policyFor('sign'), ...change });

  beforeEach(async () => {
    app = await TestApplication.start({ worker: false, phone: false });
    deps = activityDeps(app.config, 5);
    await append(app.deps.db, app.ours.id, 4);
  });
  afterEach(async () => {
    await deps.close();
    await app.stop();
  });

  test('a log without a time-stamp is not called whole once its rows are two days old', async () => {
    expect((await check()).problems).toEqual([]);
    expect((await check({ at: later(3) })).problems).toEqual([expect.stringMatching(/no time-stamp at all/)]);
  });

  test('nor one whose newest time-stamp is older than two days, or covers only its beginning', async () => {
    await activities().stampAuditHeads();
    expect((await check()).problems).toEqual([]);
    expect((await check({ at: later(3) })).problems).toEqual([expect.stringMatching(/the newest time-stamp is of/)]);
    await append(app.deps.db, app.ours.id, 1);
    expect((await check({ at: later(3) })).problems).toEqual([
      expect.stringMatching(/row 5 is older than two days and under no time-stamp/),
    ]);
    await execute(app.deps.db, 'DELETE FROM audit_stamps');
    await execute(app.deps.db, 'DELETE FROM audit_confirmations');
    expect((await check({ at: later(3) })).problems).toEqual([expect.stringMatching(/no time-stamp at all/)]);
  });

  test('a log in which nothing happens is stamped again every night, and once a night', async () => {
    expect(await activities().stampAuditHeads()).toEqual({ stamped: 1 });
    expect(await activities().stampAuditHeads()).toEqual({ stamped: 0 });
    const tomorrow = { now: () => later(1) };
    expect(await activities(tomorrow).stampAuditHeads()).toEqual({ stamped: 1 });
    expect(await activities(tomorrow).stampAuditHeads()).toEqual({ stamped: 0 });
    expect((await check()).problems).toEqual([]);
  });

  test('heads lie in the object store where nobody can delete them, and show what was cut off with the secret in hand', async () => {
    const store = openHeadStore({ ...app.config.objects, ...app.config.auditHeads });
    expect((await check({ store })).problems).toEqual([]); // nothing kept yet is no fault
    expect(await activities().keepAuditHeads()).toEqual({ isLocked: true });
    expect(await check({ store })).toMatchObject({ heads: 1, problems: [] });

    const { bucket } = app.config.auditHeads;
    const objects: { name?: string; versionId?: string }[] = [];
    for await (const one of objectClient().listObjects(bucket, '', true, { IncludeVersion: true })) objects.push(one as never);
    const [kept] = objects;
    await expect(objectClient().removeObject(bucket, kept?.name ?? '', { versionId: kept?.versionId ?? '' })).rejects.toThrow();
    // what is written over it, or marked as deleted, leaves the first as it was
    await objectClient().putObject(bucket, kept?.name ?? '', Buffer.from('nothing'));
    await objectClient().removeObject(bucket, kept?.name ?? '');

    await execute(app.deps.db, 'DELETE FROM audit WHERE seq = 4');
    await execute(
      app.deps.db,
      'UPDATE audit_heads h JOIN audit a ON a.organisation_id = h.organisation_id AND a.seq = 3 SET h.seq = 3, h.hash = a.hash',
    );
    expect((await check()).problems).toEqual([]); // the chain, MACs and all, is whole
    expect((await check({ store })).problems).toEqual([expect.stringMatching(/row 4 as kept on .*: the row is gone/)]);
  });

  test('a store that does not answer is a fault, not a log without heads', async () => {
    const store = openHeadStore({ ...app.config.objects, ...app.config.auditHeads, endpoint: 'http://127.0.0.1:1' });
    expect((await check({ store })).problems).toEqual([expect.stringMatching(/cannot be read/)]);
  });

  test('the owner is mailed the head once a night; the mail shows what was written anew, MACs and all', async () => {
    const { owner } = app.ours.people;
    expect(await activities().mailAuditHeads()).toEqual({ mailed: 1 });
    expect(await activities().mailAuditHeads()).toEqual({ mailed: 0 });
    const [mail] = await waitForMails(owner.email);
    expect(await mailsTo(app.ours.people.admin.email)).toEqual([]);
    const text = mail?.text ?? '';
    const [expected] = await currentHeads(app.deps.db, new Date());
    const heads = readHeads(text);
    expect(heads).toMatchObject([{ organisationId: app.ours.id, seq: 4, hash: expected?.hash, keyedAfter: 0 }]);
    expect((await check({ heads })).problems).toEqual([]);

    await execute(app.deps.db, 'DELETE FROM audit');
    await execute(app.deps.db, 'DELETE FROM audit_heads');
    await append(app.deps.db, app.ours.id, 4);
    expect((await check()).problems).toEqual([]); // written by the program itself, so good in itself
    expect((await check({ heads })).problems).toEqual([expect.stringMatching(/row 4 as kept on .*written anew/)]);
  });

  test('while the mail server is away the mail is tried again', async () => {
    const away = {
      send: () => Promise.resolve({ state: 'try-later' as const, reason: 'away' }),
      ping: () => Promise.resolve(),
      close: () => undefined,
    };
    await expect(activities({ mailer: away }).mailAuditHeads()).rejects.toThrow(/away/);
    expect(await activities().mailAuditHeads()).toEqual({ mailed: 1 });
  });

  test('the command compares with a file of heads and says by its exit what it found', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'kense-heads-')), 'heads.txt');
    const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
      const own = Object.entries(process.env).filter(([name]) => !name.startsWith('KENSE_'));
      const env = {
        ...Object.fromEntries(own),
        ...serverEnv(),
        KENSE_TEST: '1',
        KENSE_TRUST_FILES: app.config.trustFiles.join(','),
        KENSE_PUBLIC_URL: app.url,
        KENSE_LISTEN: '127.0.0.1:1',
        KENSE_DATABASE_URL: app.config.databaseUrl,
        KENSE_S3_BUCKET: app.config.objects.bucket,
      };
      const command = [path.join(root, 'dist/cli/main.js'), 'audit', ...args];
      return promisify(execFile)(process.execPath, command, { env }).then(
        ({ stdout }) => ({ code: 0, text: stdout }),
        ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, text: stdout + stderr }),
      );
    };
    writeFileSync(file, (await run('heads')).text);
    expect(await run('verify', '--heads', file)).toMatchObject({
      code: 0,
      text: expect.stringMatching(/1 heads kept outside; 0 faults/) as string,
    });
    const [head] = await currentHeads(app.deps.db, new Date());
    if (head) writeFileSync(file, formatHead({ ...head, hash: 'ab'.repeat(32) }));
    expect(await run('verify', '--heads', file)).toMatchObject({ code: 1, text: expect.stringMatching(/written anew/) as string });
    expect((await run('verify', '--heads', '/nonexistent')).code).toBe(2);
    expect((await run('verify', '--heads', __filename)).code).toBe(2);
    expect((await run('verify', '--haeds', file)).code).toBe(2);
  });
});
