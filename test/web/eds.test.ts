import { makeCms } from '../../signature/make';
import { confirmedIin } from '../../storage/queries/challenges';
import { change, select } from '../../storage/sql';
import { TestApplication, type TestPerson } from '../support/application';
import type { TestKey } from '../support/authority';
import type { Answer, Browser } from '../support/browser';

let app: TestApplication;

beforeAll(async () => {
  app = await TestApplication.start({ worker: false, env: { KENSE_LOG_LEVEL: 'error' } });
});
afterAll(() => app.stop());

const key = (person: { name: string; iin: string | null; bin?: string }, options = {}): TestKey =>
  app.authority.key({ name: person.name, ...(person.iin ? { iin: person.iin } : {}), ...(person.bin ? { bin: person.bin } : {}) }, options);
const challengeOf = (page: Answer): { id: string; text: Buffer } => ({
  id: /name="challenge" value="([^"]+)"/.exec(page.text)?.[1] ?? '',
  text: Buffer.from(/data-text="([^"]+)"/.exec(page.text)?.[1] ?? '', 'base64'),
});
const signed = (by: TestKey, content: Uint8Array, attached = true): string =>
  Buffer.from(makeCms({ ...by, document: { content, attached }, signingTime: new Date() })).toString('base64');

async function signIn(visitor: Browser, by: TestKey, more: Record<string, string> = {}): Promise<Answer> {
  const { id, text } = challengeOf(await visitor.get('/sign-in/eds'));
  return visitor.post('/sign-in/eds', { challenge: id, cms: signed(by, text), ...more });
}

describe('signing in with a key', () => {
  test('lets the person of the certificate in, and leads to where they were going', async () => {
    const visitor = app.visitor();
    const answer = await signIn(visitor, key(app.ours.people.head), { return_to: '/in-signing' });
    expect([answer.status, answer.location]).toEqual([303, '/in-signing']);
    const page = await visitor.get('/settings/sessions');
    expect(page.text).toContain(app.ours.people.head.name);
    const [row] = await select<{ source: string }>(app.deps.db, 'SELECT source FROM sessions WHERE person_id = :id', {
      id: app.ours.people.head.id,
    });
    expect(row?.source).toBe('eds');
    expect(await app.auditActions(app.ours.people.head.id)).toContain('person.signed_in');
  });

  test('an old authentication certificate is good for it', async () => {
    const answer = await signIn(app.visitor(), key(app.ours.people.lawyer, { authentication: true }));
    expect(answer.status).toBe(303);
  });

  test('the text names the site, the purpose and the time, and says that it is no document', async () => {
    const { text } = challengeOf(await app.visitor().get('/sign-in/eds'));
    const lines = text.toString('ascii').split('\n');
    expect(lines[0]).toContain('not a document');
    expect(lines[1]).toBe(`Site: ${app.config.publicUrl}`);
    expect(lines[2]).toMatch(/^Nonce: [\w-]{43}$/);
    expect(lines[3]).toMatch(/^Time: \d{4}-/);
  });

  const refused: [string, (visitor: Browser) => Promise<Answer>, string][] = [
    [
      'a text issued to another visitor',
      async (v) => {
        const foreign = challengeOf(await app.visitor().get('/sign-in/eds'));
        await v.get('/sign-in/eds');
        return v.post('/sign-in/eds', { challenge: foreign.id, cms: signed(key(app.ours.people.head), foreign.text) });
      },
      'устарел',
    ],
    [
      "a text of one's own making",
      async (v) => {
        const { id } = challengeOf(await v.get('/sign-in/eds'));
        return v.post('/sign-in/eds', { challenge: id, cms: signed(key(app.ours.people.head), Buffer.from('let me in')) });
      },
      'Подпись',
    ],
    [
      'a detached signature',
      async (v) => {
        const { id, text } = challengeOf(await v.get('/sign-in/eds'));
        return v.post('/sign-in/eds', { challenge: id, cms: signed(key(app.ours.people.head), text, false) });
      },
      'без проверочного текста',
    ],
    ['an expired key', (v) => signIn(v, key(app.ours.people.head, { from: -400, to: -30 })), 'срок'],
    ['somebody unknown', (v) => signIn(v, key({ name: 'НИКТО', iin: '990101300999' })), 'с этим ИИН'],
    [
      'no signature at all',
      async (v) => {
        const { id } = challengeOf(await v.get('/sign-in/eds'));
        return v.post('/sign-in/eds', { challenge: id, cms: '' });
      },
      'пришла не подпись',
    ],
  ];
  test.each(refused)('refuses %s with words and a fresh text', async (_case, attempt, words) => {
    const visitor = app.visitor();
    const answer = await attempt(visitor);
    expect(answer.status).toBe(422);
    expect(answer.text.toLowerCase()).toContain(words.toLowerCase());
    expect(challengeOf(answer).id).not.toBe('');
    expect((await visitor.get('/to-sign')).status).toBe(303);
  });

  test('a text is good for one answer', async () => {
    const visitor = app.visitor();
    const { id, text } = challengeOf(await visitor.get('/sign-in/eds'));
    const cms = signed(key(app.ours.people.deputy), text);
    expect((await visitor.post('/sign-in/eds', { challenge: id, cms })).status).toBe(303);
    await change(app.deps.db, 'UPDATE sessions SET revoked_at = :now WHERE person_id = :id', {
      id: app.ours.people.deputy.id,
      now: new Date(),
    });
    await visitor.get('/sign-in/eds');
    expect((await visitor.post('/sign-in/eds', { challenge: id, cms })).status).toBe(422);
  });

  test('a switched-off account stays closed', async () => {
    const { clerk } = app.ours.people;
    await change(app.deps.db, 'UPDATE accounts SET disabled_at = :now WHERE person_id = :id', { id: clerk.id, now: new Date() });
    const answer = await signIn(app.visitor(), key(clerk));
    expect([answer.status, answer.text.includes('отключена')]).toEqual([422, true]);
  });
});

describe('confirming an account', () => {
  const confirm = async (person: TestPerson, by: TestKey): Promise<Answer> => {
    const browser = await app.signedIn(person);
    const { id, text } = challengeOf(await browser.get('/settings/key'));
    return browser.post('/settings/key', { challenge: id, cms: signed(by, text) });
  };

  test("the person's own key confirms the IIN written down", async () => {
    const { owner } = app.ours.people;
    expect((await confirm(owner, key(owner))).status).toBe(303);
    expect(await confirmedIin(app.deps.db, owner.id)).toMatchObject({ iin: owner.iin });
    expect(await app.auditActions(owner.id)).toContain('person.iin_confirmed');
  });

  test('a person without an IIN takes it from the key, and may then sign in with it', async () => {
    const { user } = app.ours.people;
    await change(app.deps.db, 'UPDATE people SET iin = NULL WHERE id = :id', { id: user.id });
    const mine = key({ name: user.name, iin: '880808300888' });
    expect((await confirm(user, mine)).status).toBe(303);
    expect((await signIn(app.visitor(), mine)).status).toBe(303);
  });

  test("another person's key is refused, also where it is already theirs", async () => {
    const { admin } = app.ours.people;
    expect((await confirm(admin, key(app.ours.people.owner))).text).toContain('ключ другого человека');
    await change(app.deps.db, 'UPDATE people SET iin = NULL WHERE id = :id', { id: admin.id });
    expect((await confirm(admin, key(app.ours.people.owner))).text).toContain('уже записан за другим');
  });

  test('a text for signing in does not confirm', async () => {
    const { admin } = app.theirs.people;
    const browser = await app.signedIn(admin);
    const foreign = challengeOf(await app.visitor().get('/sign-in/eds'));
    await browser.get('/settings/key');
    const answer = await browser.post('/settings/key', { challenge: foreign.id, cms: signed(key(admin), foreign.text) });
    expect(answer.status).toBe(422);
  });
});
