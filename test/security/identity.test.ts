import { saveSetting } from '../../storage/queries/settings';
import { change, select } from '../../storage/sql';
import { TestApplication, type TestPerson } from '../support/application';
import type { Browser } from '../support/browser';
import { directoryPassword, TestDirectory } from '../support/directory';
import { keyOf, signInByKey } from '../support/keys';
import { until } from '../support/until';
import { waitForMails } from '../support/mail';

// A number somebody typed, or a directory holds, is never proof of who a person is; only a key is.

let app: TestApplication;
let directory: TestDirectory;

beforeAll(async () => {
  directory = await TestDirectory.make(['staff']);
  app = await TestApplication.start({ env: { KENSE_LDAP_BASE_DN: directory.baseDn, KENSE_SIGN_IN_ATTEMPTS: '100' } });
  await app.deps.inTx((tx) => saveSetting(tx, app.theirs.id, 'directory.mapping', [{ group: 'staff', role: 'employee' }], new Date()));
});
afterAll(async () => {
  await app.stop();
  await directory.close();
});

let made = 0;
const newPerson = (iin: string, more: Record<string, string> = {}): Record<string, string> => ({
  command: app.deps.newId(),
  login: `impostor.${++made}`,
  name: 'Самозванец',
  email: `impostor${made}@theirs.kz`,
  iin,
  position: '',
  role: 'employee',
  password: 'quiet-steppe-horse-9',
  ...more,
});
const passwordOf = async (login: string, secret: string): Promise<Browser> => {
  const browser = app.visitor();
  await browser.get('/sign-in');
  await browser.post('/sign-in', { login, password: secret });
  await browser.get('/settings/password');
  return browser;
};
const placesOf = (personId: string) =>
  select<{ organisation: string; role: string }>(
    app.deps.db,
    'SELECT organisation_id AS organisation, role FROM memberships WHERE person_id = :personId AND ended_at IS NULL',
    { personId },
  );
const personOfLogin = async (login: string) =>
  (
    await select<{ id: string; name: string; iin: string | null }>(
      app.deps.db,
      'SELECT p.id, p.name, p.iin FROM accounts a JOIN people p ON p.id = a.person_id WHERE a.login = :login',
      { login },
    )
  )[0];

describe('an administrator who types the IIN of somebody in another organisation', () => {
  test.each(['owner', 'head'] as const)('gets a new person of their own, not their %s', async (victimName) => {
    const victim = app.ours.people[victimName];
    const before = await placesOf(victim.id);
    const fields = newPerson(victim.iin);
    expect((await (await app.signedIn(app.theirs.people.admin)).post('/settings/people', fields)).status).toBe(303);
    const impostor = await personOfLogin(fields.login ?? '');
    expect(impostor?.id).not.toBe(victim.id);
    expect(await placesOf(impostor?.id ?? '')).toEqual([{ organisation: app.theirs.id, role: 'employee' }]);
    expect(await placesOf(victim.id)).toEqual(before); // an owner stays an owner
    expect((await personOfLogin(victim.login))?.name).toBe(victim.name);
    const browser = await passwordOf(fields.login ?? '', fields.password ?? '');
    await browser.post('/settings/password', {
      current: fields.password ?? '',
      password: 'another-quiet-horse-7',
      repeat: 'another-quiet-horse-7',
    });
    expect((await browser.get('/sign-in/organisation')).text).not.toContain(app.ours.name);
    expect((await browser.post('/sign-in/organisation', { organisation: app.ours.id })).status).toBe(404);
    expect((await browser.post('/sign-in/organisation', { organisation: `${app.ours.id} ${victim.id}` })).status).toBe(404);
  });

  test('inside one organisation a number names one person', async () => {
    const answer = await (await app.signedIn(app.ours.people.admin)).post('/settings/people', newPerson(app.ours.people.head.iin));
    expect([answer.status, answer.text.includes('уже записан')]).toEqual([422, true]);
  });

  test('never overrules what stands: a login taken in any spelling stays whose it is', async () => {
    const admin = await app.signedIn(app.theirs.people.admin);
    const answer = await admin.post('/settings/people', newPerson('', { login: 'OURS.Head' }));
    expect(answer.status).toBe(422);
  });
});

describe('a directory that holds the IIN of somebody in another organisation', () => {
  test('admits a person of its own', async () => {
    const victim = app.ours.people.deputy;
    await directory.add({ uid: 'mallory', name: 'Мэллори', iin: victim.iin, group: 'staff' });
    const browser = await passwordOf('mallory', directoryPassword);
    expect((await browser.get('/settings/sessions')).text).toContain('Мэллори');
    const mallory = await personOfLogin('mallory');
    expect(mallory?.id).not.toBe(victim.id);
    expect(await placesOf(mallory?.id ?? '')).toEqual([{ organisation: app.theirs.id, role: 'employee' }]);
    expect((await personOfLogin(victim.login))?.name).toBe(victim.name);
    expect((await browser.post('/sign-in/organisation', { organisation: app.ours.id })).status).toBe(404);
  });

  test('gives no number that a colleague carries', async () => {
    await directory.add({ uid: 'double', name: 'Двойник', iin: app.theirs.people.lawyer.iin, group: 'staff' });
    await passwordOf('double', directoryPassword);
    expect((await personOfLogin('double'))?.iin).toBeNull();
  });

  test('cannot hand an account on: a login that now belongs to somebody else opens nothing', async () => {
    await directory.add({ uid: 'leaver', name: 'Уволенный', iin: '700101300701', group: 'staff' });
    await passwordOf('leaver', directoryPassword);
    const former = await personOfLogin('leaver');
    await directory.remove('leaver');
    await directory.add({ uid: 'leaver', name: 'Новичок', iin: '700101300702', group: null });
    const browser = await passwordOf('leaver', directoryPassword);
    expect((await browser.get('/to-sign')).location).toContain('/sign-in');
    expect((await personOfLogin('leaver'))?.name).toBe(former?.name);
  });
});

describe('a key leads to every organisation that has written its IIN down', () => {
  const both: { name: string; iin: string } = { name: 'КАСЫМОВА АЙГЕРИМ', iin: '810810400810' };
  const logins: string[] = [];

  beforeAll(async () => {
    for (const organisation of [app.ours, app.theirs]) {
      const fields = newPerson(both.iin, { name: both.name, email: `aigerim-${app.deps.newId().toLowerCase()}@two.kz` });
      await (await app.signedIn(organisation.people.admin)).post('/settings/people', fields);
      logins.push(fields.login ?? '');
    }
  });

  test('which are offered to choose from, joined by choosing, and the account joined before is told', async () => {
    const key = keyOf(app, both);
    const browser = app.visitor();
    const entered = await signInByKey(browser, key);
    expect([entered.status, entered.location]).toEqual([303, '/sign-in/organisation']);
    const page = await browser.get('/sign-in/organisation');
    expect(page.text).toContain(app.ours.name);
    expect(page.text).toContain(app.theirs.name);
    const [first, second] = [await personOfLogin(logins[0] ?? ''), await personOfLogin(logins[1] ?? '')];
    expect((await browser.post('/sign-in/organisation', { organisation: `${app.ours.id} ${first?.id}` })).status).toBe(303);
    expect((await browser.get('/settings/sessions')).text).toContain(app.ours.name);
    expect((await browser.post('/sign-in/organisation', { organisation: `${app.theirs.id} ${second?.id}` })).status).toBe(303);
    expect((await browser.get('/settings/sessions')).text).toContain(app.theirs.name);
    const confirmed = await select(app.deps.db, 'SELECT person_id FROM confirmed_iins WHERE iin = :iin', { iin: both.iin });
    expect(confirmed).toHaveLength(2);
    const [address] = await select<{ email: string }>(app.deps.db, 'SELECT email FROM people WHERE id = :id', { id: first?.id ?? '' });
    const [mail] = await waitForMails(address?.email ?? '');
    expect(JSON.stringify(mail)).toContain(app.theirs.name);
  });

  test('while the password of either opens its own organisation only', async () => {
    for (const [index, organisation] of [app.ours, app.theirs].entries()) {
      const browser = await passwordOf(logins[index] ?? '', 'quiet-steppe-horse-9');
      await browser.post('/settings/password', {
        current: 'quiet-steppe-horse-9',
        password: 'river-lantern-cloud-3',
        repeat: 'river-lantern-cloud-3',
      });
      const page = await browser.get('/sign-in/organisation');
      expect(page.text).toContain(organisation.name);
      expect(page.text).not.toContain((organisation === app.ours ? app.theirs : app.ours).name);
    }
  });
});

describe('whether a person works in an organisation is that organisation’s to say', () => {
  const two = async (): Promise<TestPerson> => {
    // A person of both, as the operator makes them: one account, two memberships.
    const { lawyer } = app.ours.people;
    await app.deps.inTx(async (tx) => {
      await change(
        tx,
        `INSERT IGNORE INTO memberships (organisation_id, person_id, role, created_at) VALUES (:organisation, :person, 'user', NOW(3))`,
        { organisation: app.theirs.id, person: lawyer.id },
      );
    });
    return lawyer;
  };

  test('switching somebody off ends their work here, with its sessions, and nowhere else', async () => {
    const person = await two();
    const [here, there] = [app.visitor(), app.visitor()];
    for (const [browser, organisation] of [
      [here, app.ours],
      [there, app.theirs],
    ] as const) {
      await browser.get('/sign-in');
      await browser.post('/sign-in', { login: person.login, password: 'Correct-horse-1' });
      await browser.get('/sign-in/organisation');
      await browser.post('/sign-in/organisation', { organisation: organisation.id });
      expect((await browser.get('/to-sign')).status).toBe(200);
    }
    const admin = await app.signedIn(app.theirs.people.admin);
    const set = (active: string) => admin.post(`/settings/people/${person.id}/active`, { command: app.deps.newId(), active });
    expect((await set('no')).status).toBe(303);
    expect((await there.get('/to-sign')).location).toContain('/sign-in');
    expect((await here.get('/to-sign')).status).toBe(200);
    await app.signedIn(person);
    expect((await set('yes')).status).toBe(303);
    await until('the membership is back', async () => (await placesOf(person.id)).length === 2);
  });

  test('an account is given a new password by its own organisation alone', async () => {
    const person = await two();
    const admin = await app.signedIn(app.theirs.people.admin);
    const reset = await admin.post(`/settings/people/${person.id}/password`, { command: app.deps.newId() });
    expect(reset.status).toBe(403);
    expect((await admin.post(`/settings/people/${person.id}/second-factor`, { command: app.deps.newId() })).status).toBe(403);
  });

  test('nor by its own one while it opens another organisation too: a password reaches only where the one who gives it may', async () => {
    const person = await two();
    const admin = await app.signedIn(app.ours.people.admin);
    for (const what of ['password', 'second-factor'])
      expect((await admin.post(`/settings/people/${person.id}/${what}`, { command: app.deps.newId() })).status).toBe(403);
    expect((await admin.get('/settings/people')).text).not.toContain(`/settings/people/${person.id}/password`);
  });

  test('who enters an organisation by choosing it stands in its log', async () => {
    const person = await two();
    const entries = () =>
      select(
        app.deps.db,
        "SELECT seq FROM audit WHERE organisation_id = :organisation AND action = 'person.signed_in' AND actor_id = :person",
        { organisation: app.theirs.id, person: person.id },
      );
    const before = (await entries()).length;
    const browser = app.visitor();
    await browser.get('/sign-in');
    await browser.post('/sign-in', { login: person.login, password: 'Correct-horse-1' });
    await browser.get('/sign-in/organisation');
    await browser.post('/sign-in/organisation', { organisation: app.theirs.id });
    expect((await entries()).length).toBe(before + 1);
  });

  test('owners who demote each other at the same moment leave one', async () => {
    const [one, other] = [app.theirs.people.owner, app.theirs.people.deputy];
    await change(app.deps.db, "UPDATE memberships SET role = 'owner' WHERE person_id = :id AND organisation_id = :organisation", {
      id: other.id,
      organisation: app.theirs.id,
    });
    const browsers = [await app.signedIn(one), await app.signedIn(other)];
    const revs = await select<{ id: string; rev: number }>(
      app.deps.db,
      'SELECT person_id AS id, rev FROM memberships WHERE organisation_id = :organisation AND person_id IN (:ids)',
      { organisation: app.theirs.id, ids: [one.id, other.id] },
    );
    const demote = (by: Browser | undefined, whom: TestPerson) =>
      by?.post(`/settings/people/${whom.id}/role`, {
        command: app.deps.newId(),
        role: 'user',
        rev: String(revs.find((r) => r.id === whom.id)?.rev),
      });
    await Promise.all([demote(browsers[0], other), demote(browsers[1], one)]);
    const owners = await select(
      app.deps.db,
      "SELECT person_id FROM memberships WHERE organisation_id = :organisation AND role = 'owner' AND ended_at IS NULL",
      { organisation: app.theirs.id },
    );
    expect(owners.length).toBeGreaterThanOrEqual(1);
  });
});
