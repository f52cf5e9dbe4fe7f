import { createConnection } from 'mysql2/promise';
import { migrate } from '../../storage/migrate';
import { accountByLogin } from '../../storage/queries/people';
import { selectOne } from '../../storage/sql';
import { TestApplication } from '../support/application';
import { startPrivateDatabase, type PrivateDatabase } from '../support/private-database';
import { openDatabase, UnsafeSession } from '../../storage/db';

// A server whose administrator has set other rules for reading statements than we write them by.
let server: PrivateDatabase;
let app: TestApplication;

const setOnServer = async (sql: string): Promise<void> => {
  const connection = await createConnection({ uri: server.url });
  await connection.query(sql);
  await connection.end();
};

beforeAll(async () => {
  server = await startPrivateDatabase(['--skip-character-set-client-handshake']);
  const db = openDatabase({ url: server.url, poolMax: 4 });
  await migrate(db);
  await db.destroy();
  await setOnServer("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'");
  app = await TestApplication.start({ worker: false, phone: false, env: { KENSE_DATABASE_URL: server.url } });
});
afterAll(async () => {
  await app?.stop();
  await server?.stop();
});

test.each(["\\' OR 1=1 -- ", "' OR 1=1 -- ", '\\', '" OR ""="', "\u0022\\'; DROP TABLE people; -- "])(
  'the login %j is a text and nothing else',
  async (login) => {
    expect(await accountByLogin(app.deps.db, login)).toBeNull();
    expect(await selectOne<{ text: string }>(app.deps.db, 'SELECT :login AS text', { login })).toEqual({ text: login });
    const browser = app.visitor();
    await browser.get('/sign-in');
    const answer = await browser.post('/sign-in', { login, password: 'anything' });
    expect([answer.status, browser.cookie('kense')]).toEqual([422, undefined]);
  },
);

test('every connection of the pool reads statements the same way, also after the server was changed', async () => {
  await setOnServer("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT'");
  const db = openDatabase({ url: server.url, poolMax: 8 });
  const modes = await Promise.all(
    Array.from({ length: 8 }, () =>
      selectOne<{ mode: string; text: string; slept: number }>(db, "SELECT @@sql_mode AS mode, 'it\\'s' AS text, SLEEP(0.05) AS slept"),
    ),
  );
  for (const row of modes) {
    expect(row?.text).toBe("it's");
    expect(row?.mode).not.toMatch(/BACKSLASH|ANSI|PIPES/);
    expect(row?.mode).toMatch(/STRICT_TRANS_TABLES/);
  }
  await db.destroy();
});

test('a server that reads us in another character set is refused, with a sentence that says why', async () => {
  await setOnServer("SET GLOBAL character_set_client = 'gbk'");
  const db = openDatabase({ url: server.url, poolMax: 1 });
  try {
    await expect(selectOne(db, 'SELECT 1 AS one')).rejects.toThrow(UnsafeSession);
    await expect(selectOne(db, 'SELECT 1 AS one')).rejects.toThrow(/gbk/);
  } finally {
    await setOnServer("SET GLOBAL character_set_client = 'utf8mb4'");
    await db.destroy();
  }
});
