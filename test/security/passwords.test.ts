import { Secret, TOTP } from 'otpauth';
import { change, select } from '../../storage/sql';
import { password, TestApplication, type TestPerson } from '../support/application';
import type { Answer, Browser } from '../support/browser';
import { challengeOf, keyOf, signedText, signInByKey } from '../support/keys';
import { waitForMails } from '../support/mail';

let app: TestApplication;
beforeAll(async () => {
  app = await TestApplication.start({ env: { KENSE_SIGN_IN_ATTEMPTS: '100' } });
});
afterAll(() => app.stop());

const tryIn = async (login: string, secret: string): Promise<{ browser: Browser; answer: Answer }> => {
  const browser = app.visitor();
  await browser.get('/sign-in');
  return { browser, answer: await browser.post('/sign-in', { login, password: secret }) };
};
const better = 'lantern-river-steppe-4';
const stale = (personId: string) =>
  change(app.deps.db, 'UPDATE sessions SET proved_at = proved_at - INTERVAL 1 HOUR WHERE person_id = :personId', { personId });

describe('one’s own password', () => {
  test('changes with the old one, ends the other sessions, and its owner gets a letter', async () => {
    const { head } = app.ours.people;
    const [here, there] = [await app.signedIn(head), await app.signedIn(head)];
    const set = (fields: Record<string, string>) => here.post('/settings/password', fields);
    expect((await set({ current: 'wrong', password: better, repeat: better })).status).toBe(422);
    expect((await set({ current: password, password: better, repeat: `${better}x` })).status).toBe(422);
    expect((await set({ current: password, password, repeat: password })).status).toBe(422);
    expect((await set({ current: password, password: better, repeat: better })).status).toBe(303);
    expect((await there.get('/to-sign')).location).toContain('/sign-in');
    expect((await here.get('/to-sign')).status).toBe(200);
    expect((await tryIn(head.login, password)).answer.status).toBe(422);
    expect((await tryIn(head.login, better)).answer.status).toBe(303);
    expect((await waitForMails(head.email)).length).toBeGreaterThan(0);
  });

  test.each(['password1234', 'qwertyuiop12', '123456789012', 'ours.lawyer2026', 'short'])('%s is not taken', async (weak) => {
    const browser = await app.signedIn(app.ours.people.lawyer);
    const answer = await browser.post('/settings/password', { current: password, password: weak, repeat: weak });
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain(`value="${weak}"`);
  });

  test('whoever has just shown their key sets it without the old one', async () => {
    const browser = app.visitor();
    await signInByKey(browser, keyOf(app, app.ours.people.deputy));
    expect((await browser.get('/settings/password')).text).not.toContain('name="current"');
    expect((await browser.post('/settings/password', { password: better, repeat: better })).status).toBe(303);
    expect((await tryIn(app.ours.people.deputy.login, better)).answer.status).toBe(303);
  });
});

describe('a password somebody else chose', () => {
  test('opens nothing but the page on which one’s own is set', async () => {
    const admin = await app.signedIn(app.ours.people.admin);
    const login = 'first.use';
    await admin.post('/settings/people', {
      command: app.deps.newId(),
      login,
      name: 'Первый Вход',
      email: 'first@ours.kz',
      iin: '',
      position: '',
      role: 'employee',
      password: 'chosen-by-the-admin-8',
    });
    const { browser, answer } = await tryIn(login, 'chosen-by-the-admin-8');
    expect(answer.status).toBe(303);
    for (const path of ['/to-sign', '/documents', '/settings/sessions'])
      expect((await browser.get(path)).location).toBe('/settings/password');
    expect((await browser.get('/to-sign', { htmx: true })).location).toBe('/settings/password');
    await browser.get('/settings/password');
    const set = { current: 'chosen-by-the-admin-8', password: better, repeat: better };
    expect((await browser.post('/settings/password', set)).status).toBe(303);
    expect((await browser.get('/to-sign')).status).toBe(200);
  });
});

describe('a link to a new password', () => {
  const linkIn = (mail: unknown): string => /\/sign-in\/reset\/[0-9A-Z]{26}\/[\w-]{22}/.exec(JSON.stringify(mail))?.[0] ?? '';

  test('comes by mail, works once, and the answer never says whether an account exists', async () => {
    const { clerk } = app.ours.people;
    const visitor = app.visitor();
    await visitor.get('/sign-in/forgot');
    const known = await visitor.post('/sign-in/forgot', { who: clerk.login });
    const unknown = await visitor.post('/sign-in/forgot', { who: 'nobody.knows' });
    const plain = (answer: Answer, who: string) => answer.text.replaceAll(who, '·').replace(/"X-CSRF-Token":"[^"]+"|value="[^"]+"/g, '');
    expect(plain(known, clerk.login)).toBe(plain(unknown, 'nobody.knows'));
    const [mail] = await waitForMails(clerk.email);
    const link = linkIn(mail);
    const session = await app.signedIn(clerk);
    expect((await visitor.get(link)).status).toBe(200);
    expect((await visitor.post(link, { password: better, repeat: better })).status).toBe(303);
    expect((await session.get('/to-sign')).location).toContain('/sign-in');
    expect((await tryIn(clerk.login, better)).answer.status).toBe(303);
    expect((await visitor.post(link, { password: 'other-quiet-words-5', repeat: 'other-quiet-words-5' })).status).toBe(410);
    expect((await visitor.get(`${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`)).status).toBe(410);
  });

  test('is given by an administrator of the account’s own organisation, shown once where there is no address', async () => {
    const { user } = app.ours.people;
    await change(app.deps.db, 'UPDATE people SET email = NULL WHERE id = :id', { id: user.id });
    const admin = await app.signedIn(app.ours.people.admin);
    const given = await admin.post(`/settings/people/${user.id}/password`, { command: app.deps.newId() });
    const link = linkIn(given.text);
    expect(link).not.toBe('');
    const stored = await select<{ result: string }>(app.deps.db, "SELECT result FROM commands WHERE kind = 'person.password_reset'");
    expect(JSON.stringify(stored)).not.toContain(link.split('/').at(-1));
    expect((await app.visitor().get(link)).status).toBe(200);
  });
});

describe('the second factor', () => {
  const codeOf = (base32: string, at = Date.now()) =>
    new TOTP({ algorithm: 'SHA1', digits: 6, period: 30, secret: Secret.fromBase32(base32) }).generate({ timestamp: at });
  let base32 = '';
  let codes: string[] = [];
  const person = (): TestPerson => app.theirs.people.head;

  test('is set up by showing a code of it, and its secret is sealed in the database', async () => {
    const browser = await app.signedIn(person());
    await browser.post('/settings/second-factor/begin', { command: app.deps.newId() });
    const page = await browser.get('/settings/second-factor');
    base32 = (/<span class="mono">([A-Z2-7 ]{20,})<\/span>/.exec(page.text)?.[1] ?? '').replace(/ /g, '');
    expect(base32).toHaveLength(32);
    expect((await browser.post('/settings/second-factor/confirm', { code: '000000' })).status).toBe(422);
    const done = await browser.post('/settings/second-factor/confirm', { code: codeOf(base32) });
    codes = [...done.text.matchAll(/[2-9A-Z]{5}-[2-9A-Z]{5}/g)].map((m) => m[0]);
    expect(codes).toHaveLength(10);
    const [row] = await select<{ secret: Buffer }>(app.deps.db, 'SELECT totp_secret AS secret FROM accounts WHERE login = :login', {
      login: person().login,
    });
    expect(row?.secret.includes(Buffer.from(Secret.fromBase32(base32).buffer))).toBe(false);
  });

  test('is asked for after the password, in the browser that gave it, and each code is good once', async () => {
    const { browser, answer } = await tryIn(person().login, password);
    expect(answer.location).toMatch(/^\/sign-in\/code\//);
    expect((await browser.get('/to-sign')).location).toContain('/sign-in');
    await browser.get(answer.location);
    expect((await browser.post(answer.location, { code: '123456' })).status).toBe(422);
    const stranger = app.visitor();
    await stranger.get('/sign-in');
    const next = codeOf(base32, Date.now() + 30_000);
    expect((await stranger.post(answer.location, { code: next })).status).toBe(422);
    expect((await browser.post(answer.location, { code: next })).status).toBe(303);
    expect((await browser.get('/to-sign')).status).toBe(200);
    const again = await tryIn(person().login, password);
    expect((await again.browser.post(again.answer.location, { code: next })).status).toBe(422);
    expect((await again.browser.post(again.answer.location, { code: codes[0] ?? '' })).status).toBe(303);
    const third = await tryIn(person().login, password);
    expect((await third.browser.post(third.answer.location, { code: codes[0] ?? '' })).status).toBe(422);
  });

  test('five wrong codes end the attempt', async () => {
    const { browser, answer } = await tryIn(person().login, password);
    for (let i = 0; i < 5; i++) await browser.post(answer.location, { code: '000000' });
    const late = await browser.post(answer.location, { code: codes[1] ?? '' });
    expect([late.status, late.text.includes('Время вышло')]).toEqual([422, true]);
  });
});

describe('what an organisation asks of a role', () => {
  test('ends weaker sessions, lets only the key in, and cannot shut out whoever decides it', async () => {
    const { owner, admin } = app.theirs.people;
    const byPassword = await app.signedIn(owner);
    const rules = { 'proof.owner': 'key', 'proof.admin': 'key', 'proof.employee': 'password', 'proof.user': 'password' };
    expect((await byPassword.post('/settings/sign-in', { command: app.deps.newId(), ...rules })).status).toBe(422);
    const byKey = app.visitor();
    await signInByKey(byKey, keyOf(app, owner));
    await byKey.get('/settings/sign-in');
    const adminSession = await app.signedIn(admin);
    expect((await byKey.post('/settings/sign-in', { command: app.deps.newId(), ...rules })).status).toBe(303);
    expect((await adminSession.get('/to-sign')).location).toContain('/sign-in');
    const { browser, answer } = await tryIn(admin.login, password);
    expect(answer.location).toBe('/sign-in/organisation');
    expect((await browser.get('/to-sign')).location).toContain('/sign-in');
    await browser.get('/sign-in/organisation');
    expect((await browser.post('/sign-in/organisation', { organisation: app.theirs.id })).status).toBe(422);
    const keyed = app.visitor();
    await signInByKey(keyed, keyOf(app, admin));
    expect((await keyed.get('/to-sign')).status).toBe(200);
  });
});

describe('roles, accounts and rules ask for a fresh proof', () => {
  const { newId } = { newId: () => app.deps.newId() };
  const weighty = (): [string, Record<string, string>][] => [
    [
      '/settings/people',
      {
        command: newId(),
        login: 'fresh.person',
        name: 'Свежий',
        email: '',
        iin: '',
        position: 'Юрист',
        role: 'employee',
        password: 'quiet-words-here-6',
      },
    ],
    [`/settings/people/${app.ours.people.lawyer.id}/role`, { command: newId(), role: 'user', rev: '1' }],
    [`/settings/people/${app.ours.people.lawyer.id}/active`, { command: newId(), active: 'no' }],
    [`/settings/people/${app.ours.people.lawyer.id}/password`, { command: newId() }],
    [`/settings/people/${app.ours.people.lawyer.id}/second-factor`, { command: newId() }],
    ['/settings/directory/mapping', { command: newId(), 'group.0': 'a', 'role.0': 'user' }],
    ['/settings/directory/sync', { command: newId(), confirm: 'yes' }],
    ['/settings/sign-in', { command: newId(), 'proof.user': 'key' }],
    ['/settings/second-factor/begin', { command: newId() }],
    ['/settings/second-factor/off', { command: newId() }],
  ];

  test('which a session of long ago no longer is', async () => {
    const { owner } = app.ours.people;
    const browser = await app.signedIn(owner);
    await stale(owner.id);
    const rows = () => select<{ n: number }>(app.deps.db, 'SELECT COUNT(*) AS n FROM audit WHERE actor_id = :id', { id: owner.id });
    const before = await rows();
    for (const [path, fields] of weighty()) {
      const page = await browser.post(path, fields);
      expect([path, page.status, page.text.includes('name="proof_password"')]).toEqual([path, 200, true]);
      const dialog = await browser.post(path, fields, { htmx: true });
      expect([path, dialog.headers.get('hx-retarget')]).toEqual([path, '#dialog']);
    }
    expect(await rows()).toEqual(before);
  });

  test('and is given on the spot by password or key, with the form carried on', async () => {
    const { owner, lawyer } = app.ours.people;
    const browser = await app.signedIn(owner);
    await stale(owner.id);
    const [path, fields] = weighty()[1]!;
    const [{ rev } = { rev: 0 }] = await select<{ rev: number }>(app.deps.db, 'SELECT rev FROM memberships WHERE person_id = :id', {
      id: lawyer.id,
    });
    const asked = await browser.post(path, { ...fields, rev: String(rev) });
    const carried = asked.fields(path);
    expect(carried).toMatchObject({ role: 'user', rev: String(rev) });
    expect((await browser.post(path, { ...carried, proof_password: 'wrong' })).status).toBe(422);
    const done = await browser.post(path, { ...carried, proof_password: password });
    expect([done.status, done.location]).toEqual([303, '/settings/people']);
    const [row] = await select<{ role: string }>(app.deps.db, 'SELECT role FROM memberships WHERE person_id = :id', { id: lawyer.id });
    expect(row?.role).toBe('user');
    await stale(owner.id);
    const again = await browser.post('/settings/sign-in', { command: app.deps.newId(), 'proof.user': 'two-factor' });
    const { id, text } = challengeOf(again);
    const foreign = signedText(keyOf(app, lawyer), text);
    expect((await browser.post('/settings/sign-in', { ...again.fields('/settings/sign-in'), challenge: id, cms: foreign })).status).toBe(
      422,
    );
    const once = await browser.post('/settings/sign-in', { command: app.deps.newId(), 'proof.user': 'two-factor' });
    const fresh = challengeOf(once);
    const own = { ...once.fields('/settings/sign-in'), challenge: fresh.id, cms: signedText(keyOf(app, owner), fresh.text) };
    expect((await browser.post('/settings/sign-in', own)).status).toBe(303);
  });
});
