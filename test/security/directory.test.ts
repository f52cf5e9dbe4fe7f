import { syncDirectory } from '../../services/people/directory-sync';
import { saveSetting } from '../../storage/queries/settings';
import { select } from '../../storage/sql';
import { TestApplication } from '../support/application';
import type { Browser } from '../support/browser';
import { directoryPassword, TestDirectory } from '../support/directory';
import { keyOf, signInByKey } from '../support/keys';

// Whoever the directory no longer vouches for is out: at the next hour's comparison, and at the next proof of any kind.

let app: TestApplication;
let directory: TestDirectory;
let isAway = false;
const people = Array.from({ length: 10 }, (_, i) => ({ uid: `sync${i}`, name: `Человек ${i}`, iin: `77010130070${i}`, group: 'staff' }));

beforeAll(async () => {
  directory = await TestDirectory.make(['staff']);
  for (const person of people) await directory.add(person);
  app = await TestApplication.start({
    worker: false,
    env: { KENSE_LDAP_BASE_DN: directory.baseDn, KENSE_SIGN_IN_ATTEMPTS: '100' },
    deps: ({ directory: real }) => ({
      directory: real && { ...real, find: (login) => (isAway ? Promise.reject(new Error('away')) : real.find(login)) },
    }),
  });
  await app.deps.inTx((tx) => saveSetting(tx, app.ours.id, 'directory.mapping', [{ group: 'staff', role: 'employee' }], new Date()));
});
afterAll(async () => {
  await app.stop();
  await directory.close();
});

const enter = async (uid: string): Promise<Browser> => {
  const browser = app.visitor();
  await browser.get('/sign-in');
  await browser.post('/sign-in', { login: uid, password: directoryPassword });
  expect((await browser.get('/to-sign')).status).toBe(200);
  return browser;
};

const isOut = async (browser: Browser): Promise<boolean> => (await browser.get('/to-sign')).location.includes('/sign-in');
const sync = (): Promise<void> => syncDirectory(app.deps);

test('a person removed from the directory loses sessions and membership at the comparison', async () => {
  const [gone, stays] = [await enter('sync0'), await enter('sync1')];
  await directory.remove('sync0');
  await sync();
  expect([await isOut(gone), await isOut(stays)]).toEqual([true, false]);
  const [row] = await select<{ ended_by: string }>(
    app.deps.db,
    "SELECT m.ended_by FROM memberships m JOIN accounts a ON a.person_id = m.person_id WHERE a.login = 'sync0'",
  );
  expect(row?.ended_by).toBe('directory');
});

test('a directory that lists nobody has not been read, whoever is missing from it', async () => {
  const browser = await enter('sync9');
  const real = app.deps.directory;
  const mayAllLeave = { ...app.config, directory: app.config.directory && { ...app.config.directory, syncMaxPercent: 100 } };
  const nobody = real && { ...real, people: () => Promise.resolve([]) };
  await expect(syncDirectory({ ...app.deps, config: mayAllLeave, directory: nobody })).rejects.toThrow('nobody');
  expect(await isOut(browser)).toBe(false);
});

test('a person in no mapped group any more loses them too, and gets them back with the group', async () => {
  const browser = await enter('sync2');
  await directory.leave('sync2', 'staff');
  await sync();
  expect(await isOut(browser)).toBe(true);
  await directory.join('sync2', 'staff');
  await enter('sync2');
});

test('a key does not open what the directory has closed', async () => {
  const person = people[3] ?? people[0]!;
  await enter(person.uid);
  const key = keyOf(app, person);
  expect((await signInByKey(app.visitor(), key)).status).toBe(303);
  await directory.remove(person.uid);
  const refused = await signInByKey(app.visitor(), key);
  expect(refused.status).toBe(422);
  const [live] = await select<{ n: number }>(
    app.deps.db,
    'SELECT COUNT(*) AS n FROM sessions s JOIN accounts a ON a.person_id = s.person_id WHERE a.login = :login AND s.revoked_at IS NULL',
    { login: person.uid },
  );
  expect(Number(live?.n)).toBe(0);
});

test('while the directory is away nobody enters by a key on its word', async () => {
  const person = people[4]!;
  await enter(person.uid);
  isAway = true;
  expect((await signInByKey(app.visitor(), keyOf(app, person))).status).toBe(503);
  isAway = false;
  expect((await signInByKey(app.visitor(), keyOf(app, person))).status).toBe(303);
});

test('a comparison that would end too many waits for a person’s word, and then does what it said', async () => {
  const browsers = await Promise.all(['sync5', 'sync6', 'sync7', 'sync8'].map(enter));
  for (const uid of ['sync5', 'sync6', 'sync7', 'sync8']) await directory.leave(uid, 'staff');
  await sync();
  expect(await Promise.all(browsers.map(isOut))).toEqual([false, false, false, false]);
  const owner = await app.signedIn(app.ours.people.owner);
  const page = await owner.get('/settings/directory');
  expect(page.text).toContain('ждёт вашего слова');
  expect(page.text).toContain('sync5');
  const employee = await app.signedIn(app.ours.people.clerk);
  expect((await employee.post('/settings/directory/sync', { command: app.deps.newId(), confirm: 'yes' })).status).toBe(403);
  expect((await owner.post('/settings/directory/sync', { command: app.deps.newId(), confirm: 'yes' })).status).toBe(303);
  expect(await Promise.all(browsers.map(isOut))).toEqual([true, true, true, true]);
});
