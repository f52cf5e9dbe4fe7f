import { select } from '../../storage/sql';
import { TestApplication, type TestOrganisation } from '../support/application';
import type { Browser } from '../support/browser';

let app: TestApplication;
let ours: TestOrganisation;
let owner: Browser;
let admin: Browser;

beforeAll(async () => {
  app = await TestApplication.start({ worker: false });
  ({ ours } = app);
  [owner, admin] = await Promise.all([app.signedIn(ours.people.owner), app.signedIn(ours.people.admin)]);
});
afterAll(() => app.stop());

const person = (change: Record<string, string> = {}) => ({
  command: app.deps.newId(),
  login: `new.${app.deps.newId().toLowerCase().slice(-8)}`,
  name: 'Әлия "Қ" Ұлықызы',
  email: 'new@ours.kz',
  iin: '',
  position: 'Юрист',
  role: 'employee',
  password: 'Long-enough-1',
  ...change,
});
const revOf = async (id: string) =>
  (await select<{ rev: number; role: string }>(app.deps.db, 'SELECT rev, role FROM memberships WHERE person_id = :id', { id }))[0];

test('an administrator creates a person who can sign in', async () => {
  const fields = person();
  expect((await admin.post('/settings/people', fields)).status).toBe(303);
  expect((await admin.post('/settings/people', fields)).status).toBe(303); // the same form again is the same person
  expect((await admin.get(`/settings/people?q=${encodeURIComponent('Ұлықызы')}`)).text).toContain(fields.login);
  const browser = app.visitor();
  await browser.get('/sign-in');
  expect((await browser.post('/sign-in', { login: fields.login, password: fields.password })).status).toBe(303);
});

test.each([
  ['a login taken', { login: 'ours.head' }, 'login'],
  ['a login with spaces', { login: 'a b' }, 'login'],
  ['no name', { name: ' ' }, 'name'],
  ['a bad e-mail', { email: 'nope' }, 'email'],
  ['a bad IIN', { iin: '123' }, 'iin'],
  ['a short password', { password: 'short' }, 'password'],
  ['a role an administrator cannot give', { role: 'owner' }, 'role'],
  ['an unknown role', { role: 'root' }, 'role'],
])('%s comes back with its field marked and everything typed kept, but the password', async (_what, change, field) => {
  for (const htmx of [false, true]) {
    const fields = person(change);
    const answer = await admin.post('/settings/people', fields, { htmx });
    expect(answer.status).toBe(422);
    expect(answer.text).toMatch(new RegExp(`name="${field}"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*name="${field}"`));
    expect(answer.text).toContain('Юрист');
    expect(answer.text).not.toContain(fields.password);
  }
});

test('roles change once a revision, owners only by owners, and the last owner stays', async () => {
  const { head } = ours.people;
  const before = await revOf(head.id);
  const change = (browser: Browser, id: string, role: string, rev: number) =>
    browser.post(`/settings/people/${id}/role`, { command: app.deps.newId(), role, rev: String(rev) }, { htmx: true });
  expect((await change(admin, head.id, 'admin', before?.rev ?? 0)).status).toBe(200);
  expect((await change(admin, head.id, 'user', before?.rev ?? 0)).status).toBe(409);
  expect((await revOf(head.id))?.role).toBe('admin');
  expect((await change(admin, ours.people.owner.id, 'user', 1)).status).toBe(403);
  expect((await change(owner, ours.people.owner.id, 'user', (await revOf(ours.people.owner.id))?.rev ?? 0)).status).toBe(422);
  expect((await revOf(ours.people.owner.id))?.role).toBe('owner');
  expect((await change(owner, app.theirs.people.head.id, 'user', 1)).status).toBe(404);
});

test('a person switched off is signed out at once and can come back', async () => {
  const lawyer = await app.signedIn(ours.people.lawyer);
  const set = (active: string, id = ours.people.lawyer.id, browser = admin) =>
    browser.post(`/settings/people/${id}/active`, { command: app.deps.newId(), active }, { htmx: true });
  expect((await set('no')).status).toBe(200);
  expect((await lawyer.get('/to-sign')).location).toContain('/sign-in');
  expect((await set('yes')).status).toBe(200);
  await app.signedIn(ours.people.lawyer);
  expect((await set('no', ours.people.admin.id)).status).toBe(422); // nobody locks themselves out
});

test('the directory is tried, previewed and mapped; a preview changes nothing', async () => {
  expect((await owner.post('/settings/directory/test', {})).text).toMatch(/\d/);
  const mapping = { 'group.0': 'kense-employees', 'role.0': 'employee', 'group.1': '', 'role.1': 'user' };
  const preview = await owner.post('/settings/directory/preview', mapping, { htmx: true });
  expect(preview.status).toBe(200);
  expect(preview.text).toContain('marina.kim');
  expect(await select(app.deps.db, "SELECT id FROM accounts WHERE login = 'marina.kim'")).toEqual([]);
  expect(
    (await admin.post('/settings/directory/mapping', { command: app.deps.newId(), 'group.0': 'kense-owners', 'role.0': 'owner' })).status,
  ).toBe(422);
  expect((await owner.post('/settings/directory/mapping', { command: app.deps.newId(), ...mapping })).status).toBe(303);
  expect((await owner.get('/settings/directory')).value('group.0')).toBe('kense-employees');
});

test('language and theme are kept, also without a session', async () => {
  const visitor = app.visitor();
  await visitor.get('/sign-in');
  expect((await visitor.post('/preferences', { lang: 'kk', return_to: '/sign-in' })).location).toBe('/sign-in');
  expect((await visitor.get('/sign-in')).text).toContain('<html lang="kk"');
  expect((await owner.post('/preferences', { lang: 'en', theme: 'dark', return_to: '//evil.example' })).location).toBe('/');
  expect((await owner.get('/to-sign')).text).toMatch(/<html lang="en"[^>]*data-theme="dark"/);
  expect((await visitor.post('/preferences', { lang: 'xx' })).status).toBe(400);
});
