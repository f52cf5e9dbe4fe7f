import { demoOrganisations } from '../../scripts/demo-data';
import { saveSetting } from '../../storage/queries/settings';
import { execute, select } from '../../storage/sql';
import { password, TestApplication } from '../support/application';

let app: TestApplication;
const directory = demoOrganisations.find((o) => o.accounts === 'directory');
const ldapPerson = directory?.people.find((p) => p.role === 'employee');
if (!ldapPerson) throw new Error('the demo directory has no employee');

beforeAll(async () => {
  app = await TestApplication.start({ worker: false, env: { KENSE_SIGN_IN_ATTEMPTS: '5' } });
  await app.deps.inTx((tx) =>
    saveSetting(tx, app.ours.id, 'directory.mapping', [{ group: 'kense-employees', role: 'employee' }], new Date()),
  );
});
afterAll(() => app.stop());

const tryIn = async (login: string, secret: string) => {
  const browser = app.visitor();
  await browser.get('/sign-in');
  return { browser, answer: await browser.post('/sign-in', { login, password: secret }) };
};

test('a person of the directory signs in over TLS, gets the role of the group and a fresh token', async () => {
  const browser = app.visitor();
  await browser.get('/sign-in');
  const before = browser.csrf;
  const answer = await browser.post('/sign-in', { login: ldapPerson.login, password: ldapPerson.password });
  expect([answer.status, answer.location]).toEqual([303, '/']);
  await browser.get('/to-sign');
  expect(browser.csrf).not.toBe(before);
  const [row] = await select<{ role: string; iin: string; source: string }>(
    app.deps.db,
    'SELECT m.role, p.iin, a.source FROM accounts a JOIN people p ON p.id = a.person_id JOIN memberships m ON m.person_id = p.id WHERE a.login = :login',
    { login: ldapPerson.login },
  );
  expect(row).toEqual({ role: 'employee', iin: ldapPerson.iin, source: 'ldap' });
});

test.each([
  ['an empty password', ldapPerson.login, ''],
  ['a wrong password', ldapPerson.login, 'nope'],
  ['an unknown name', 'nobody.at.all', 'nope'],
  ['a filter instead of a name', `${ldapPerson.login})(uid=*`, ldapPerson.password],
  ['a star', '*', ldapPerson.password],
  ['a wrong password of a local account', 'ours.head', 'nope'],
])('%s is refused with one and the same sentence', async (_what, login, secret) => {
  const { answer, browser } = await tryIn(login, secret);
  expect(answer.status).toBe(422);
  expect(browser.cookie('kense')).toBeUndefined();
  const texts = await tryIn(`nobody.${login.length}.${secret.length}`, 'nope');
  const errorOf = (html: string) => /role="alert"[^>]*>([\s\S]*?)<\/div>/.exec(html)?.[1]?.replace(/\s+/g, ' ');
  expect(errorOf(answer.text)).toBe(errorOf(texts.answer.text));
});

test('a person whose groups give no role here is told so', async () => {
  const owner = directory?.people.find((p) => p.role === 'owner');
  const { answer } = await tryIn(owner?.login ?? '', owner?.password ?? '');
  expect(answer.status).toBe(422);
  expect(await select(app.deps.db, 'SELECT id FROM accounts WHERE login = :login', { login: owner?.login ?? '' })).toEqual([]);
});

test('after five failures the door is shut for this name, also for the right password', async () => {
  for (let i = 0; i < 5; i++) await tryIn('ours.deputy', 'nope');
  expect((await tryIn('ours.deputy', password)).answer.status).toBe(429);
  expect((await tryIn('ours.lawyer', password)).answer.status).toBe(303);
});

test('sessions end when idle, in any case after their time, and when the account is switched off', async () => {
  const browser = await app.signedIn(app.ours.people.clerk);
  const aged = (column: string, hours: number) =>
    execute(
      app.deps.db,
      `UPDATE sessions SET ${column} = ${column} - INTERVAL ${hours} HOUR WHERE person_id = '${app.ours.people.clerk.id}'`,
    );
  expect((await browser.get('/to-sign')).status).toBe(200);
  await aged('seen_at', 2);
  expect((await browser.get('/to-sign')).location).toContain('/sign-in');
  const second = await app.signedIn(app.ours.people.clerk);
  await aged('expires_at', 13);
  expect((await second.get('/to-sign')).location).toContain('/sign-in');
  const third = await app.signedIn(app.ours.people.user);
  await execute(app.deps.db, `UPDATE accounts SET disabled_at = UTC_TIMESTAMP(3) WHERE login = 'ours.user'`);
  expect((await third.get('/to-sign')).location).toContain('/sign-in');
});

test('own sessions are listed and ended one by one or all others at once', async () => {
  const [one, two] = [await app.signedIn(app.ours.people.head), await app.signedIn(app.ours.people.head)];
  const page = await one.get('/settings/sessions');
  const ids = [...page.text.matchAll(/\/settings\/sessions\/([0-9A-Z]{26})\/end/g)].map((m) => m[1] ?? '');
  expect(ids).toHaveLength(1); // the own one is ended by signing out
  expect((await one.post(`/settings/sessions/${ids[0]}/end`, {})).status).toBe(303);
  expect((await two.get('/to-sign')).location).toContain('/sign-in');
  const three = await app.signedIn(app.ours.people.head);
  await one.post('/settings/sessions/end-others', {});
  expect((await three.get('/to-sign')).location).toContain('/sign-in');
  expect((await one.get('/to-sign')).status).toBe(200);
});

test.each(['//evil.example', 'https://evil.example', '/\\evil.example', '/to-sign\nSet-Cookie: a=b'])(
  'the way back after the sign-in never leads to %j',
  async (target) => {
    const browser = app.visitor();
    await browser.get('/sign-in');
    const answer = await browser.post('/sign-in', { login: 'ours.owner', password, return_to: target });
    expect([answer.status, answer.location]).toEqual([303, '/']);
  },
);
