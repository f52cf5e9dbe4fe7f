import { PhoneApplication } from '../../scripts/simulators/phone/application';
import { entryXml } from '../../services/phone/entry-xml';
import { signXml } from '../../signature/make';
import { confirmedIin } from '../../storage/queries/challenges';
import { change, select } from '../../storage/sql';
import { TestApplication } from '../support/application';
import { sendMany } from '../support/groups';
import { codeOf, openPhone, outcomeOf, refusalOf, scan, signAndPut, stageIn } from '../support/phone';

// Entering and confirming with the phone, and the other ways a phone may prove itself and sign.
let app: TestApplication;

beforeAll(async () => {
  app = await TestApplication.start({ worker: false });
});
afterAll(() => app.stop());

describe('signing in', () => {
  test('opens the browser that shows the code, by the key of the person, once', async () => {
    const { head } = app.ours.people;
    const visitor = app.visitor();
    const { url, id, page } = await openPhone(visitor, '/sign-in/qr?return_to=/in-signing');
    expect(page.text).toContain('aria-current="page">eGov QR');
    const key = app.authority.key(head);
    const walk = await scan(app, id, key);
    expect([walk.data.signMethod, walk.offer.document.auth_type]).toEqual(['XML', 'Token']);
    const xml = walk.data.documentsToSign[0]?.documentXml ?? '';
    expect(xml).toContain('This is not a document');
    expect(xml).toContain(`<site>${app.config.publicUrl}</site>`);
    expect((await signAndPut(walk, key)).status).toBe(200);
    const signed = await visitor.get(url, { htmx: true });
    expect(stageIn(signed)).toBe('signed');
    // Another browser has nothing of it.
    const other = app.visitor();
    await other.get('/sign-in');
    const path = url.replace(/\?.*/, '');
    expect([(await other.get(path)).status, (await other.post(path, {})).status]).toEqual([404, 404]);
    const entered = await visitor.post(path, signed.fields(path));
    expect([entered.status, entered.location]).toEqual([303, '/in-signing']);
    expect((await visitor.get('/settings/sessions')).text).toContain(head.name);
    const [row] = await select<{ source: string }>(app.deps.db, 'SELECT source FROM sessions WHERE person_id = :id', { id: head.id });
    expect(row?.source).toBe('qr');
    // Used up: neither the signature nor the session serves again.
    expect((await signAndPut(walk, key)).status).toBe(200);
    await change(app.deps.db, 'DELETE FROM sessions WHERE person_id = :id', { id: head.id });
    expect((await visitor.post(path, {})).status).not.toBe(303);
  });

  test('a key nobody here has is told so', async () => {
    const visitor = app.visitor();
    const { url, id } = await openPhone(visitor, '/sign-in/qr');
    const key = app.authority.key({ name: 'STRANGER', iin: '990909300888' });
    expect((await signAndPut(await scan(app, id, key), key)).status).toBe(200);
    const answer = await visitor.post(url, (await visitor.get(url)).fields(url));
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('человека с этим ИИН в Kense нет')]);
  });

  test.each<[string, (xml: string) => string]>([
    ['another text', (xml) => xml.replace(/<nonce>[^<]*/, '<nonce>guessed')],
    ['another site', (xml) => xml.replace(/<site>[^<]*/, '<site>https://evil.example')],
    ['a document of its own', () => '<kense><purpose>x</purpose></kense>'],
    ['the text of another session', () => entryXml({ purpose: 'sign-in', site: app.config.publicUrl, nonce: 'x', at: Date.now() })],
  ])('a signature of %s is refused', async (_what, change) => {
    const visitor = app.visitor();
    const { url, id } = await openPhone(visitor, '/sign-in/qr');
    const key = app.authority.key(app.ours.people.head);
    const { phone, offer, data } = await scan(app, id, key);
    const [entry] = data.documentsToSign;
    const documentsToSign = [{ ...entry!, documentXml: signXml(change(entry?.documentXml ?? ''), key) }];
    expect((await outcomeOf(phone.put(offer, { ...data, documentsToSign }))).status).toBe(403);
    expect(stageIn(await visitor.get(url))).toBe('refused');
    expect((await visitor.post(url, {})).status).toBe(410);
  });

  test('a revoked key is refused', async () => {
    const { id } = await openPhone(app.visitor(), '/sign-in/qr');
    const revoked = app.authority.key(app.ours.people.head);
    app.authority.revoke(revoked);
    expect((await signAndPut(await scan(app, id, revoked), revoked)).message).toContain('отозван');
  });

  test('the link lives ten minutes', async () => {
    const { id, url } = await openPhone(app.visitor(), '/sign-in/qr');
    const [row] = await select<{ minutes: number }>(
      app.deps.db,
      'SELECT TIMESTAMPDIFF(SECOND, created_at, expires_at) / 60 AS minutes FROM phone_sessions WHERE id = :id',
      { id },
    );
    expect([Number(row?.minutes), url]).toEqual([10, expect.stringMatching(/^\/sign-in\/qr\//)]);
  });
});

describe('confirming an account', () => {
  test('ties the IIN of the key to the person, by the phone', async () => {
    const { lawyer } = app.ours.people;
    const browser = await app.signedIn(lawyer);
    expect((await browser.get('/settings/key')).text).toContain('/settings/key/phone');
    const { url, id } = await openPhone(browser, '/settings/key/phone');
    const key = app.authority.key(lawyer);
    expect((await signAndPut(await scan(app, id, key), key)).status).toBe(200);
    const answer = await browser.post(url, (await browser.get(url)).fields(url));
    expect([answer.status, answer.location]).toEqual([303, '/settings/key']);
    expect((await confirmedIin(app.deps.db, lawyer.id))?.iin).toBe(lawyer.iin);
    const [row] = await select<{ details: string }>(
      app.deps.db,
      "SELECT details FROM audit WHERE entity_id = :id AND action = 'person.iin_confirmed'",
      { id: lawyer.id },
    );
    expect(JSON.stringify(row)).toContain('qr');
  });

  test("another person's key is refused at once", async () => {
    const browser = await app.signedIn(app.ours.people.deputy);
    const { id, url } = await openPhone(browser, '/settings/key/phone');
    const key = app.authority.key(app.ours.people.head);
    expect((await signAndPut(await scan(app, id, key), key)).status).toBe(403);
    expect((await browser.get(url)).text).toContain('ключ другого человека');
  });
});

describe('other settings', () => {
  const started: TestApplication[] = [];
  const startWith = async (env: Record<string, string>): Promise<TestApplication> => {
    const other = await TestApplication.start({ env });
    started.push(other);
    return other;
  };
  afterAll(async () => {
    for (const one of started) await one.stop();
  });
  const aSession = async (other: TestApplication): Promise<{ id: string; documentId: string }> => {
    const [clerk, head] = await Promise.all([other.signedIn(other.ours.people.clerk), other.signedIn(other.ours.people.head)]);
    const [document] = await sendMany(other, clerk, other.ours.people.head, 1);
    return { ...(await openPhone(head, `/documents/${document!.id}/phone`)), documentId: document!.id };
  };

  test('Eds with the documents enclosed: the phone shows whose it is before it sees anything', async () => {
    const other = await startWith({ KENSE_PHONE_AUTH: 'Eds', KENSE_PHONE_SIGN_METHOD: 'CMS_WITH_DATA' });
    const session = await aSession(other);
    const key = other.authority.key(other.ours.people.head);
    const stranger = other.authority.key(other.ours.people.lawyer);
    const phone = new PhoneApplication();
    const offer = await phone.open((await codeOf(other, session.id)).code);
    const { uri } = offer.document;
    expect([offer.document.auth_type, offer.document.auth_token]).toEqual(['Eds', '']);
    expect((await fetch(uri)).status).toBe(401);
    expect(await refusalOf(phone.fetchDocuments(offer, stranger))).toMatchObject({
      status: 403,
      message: expect.stringContaining('другого человека') as string,
    });
    const post = async (xml: unknown): Promise<[number, string]> => {
      const answer = await fetch(uri, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ xml }) });
      return [answer.status, ((await answer.json()) as { message: string }).message];
    };
    const login = (url: string, time: string): string => `<login><url>${url}</url><timestamp>${time}</timestamp></login>`;
    const fresh = new Date().toISOString();
    expect(await post(signXml(login(`${uri}x`, fresh), key))).toEqual([403, expect.stringContaining('для другой ссылки')]);
    expect(await post(signXml(login(uri, '2026-01-01T00:00:00Z'), key))).toEqual([403, expect.stringContaining('устарело')]);
    expect(await post(signXml(`<login><url>${uri}</url></login>`, key))).toEqual([403, expect.stringContaining('устарело')]);
    expect(await post(login(uri, fresh))).toEqual([403, expect.stringContaining('не подпись')]);
    expect((await post(signXml(login(uri, fresh), key).replace(uri, `${uri}y`)))[0]).toBe(403);
    expect((await post(7))[0]).toBe(400);
    const walk = { phone, offer, data: await phone.fetchDocuments(offer, key) };
    expect(walk.data.signMethod).toBe('CMS_WITH_DATA');
    expect((await signAndPut(walk, stranger)).status).toBe(403);
    const again = await aSession(other);
    const own = await scan(other, again.id, key);
    expect((await signAndPut(own, key)).status).toBe(200);
    await other.untilState(again.documentId, 'signed');
  });

  test('None: the address alone is enough, and the key still decides', async () => {
    const other = await startWith({ KENSE_PHONE_AUTH: 'None' });
    const session = await aSession(other);
    const key = other.authority.key(other.ours.people.head);
    const walk = await scan(other, session.id, key);
    expect([walk.offer.document.auth_type, walk.offer.document.auth_token]).toEqual(['None', '']);
    expect((await signAndPut(walk, key)).status).toBe(200);
    await other.untilState(session.documentId, 'signed');
  });
});

test('without the settings of the phone nothing of it is offered', async () => {
  const other = await TestApplication.start({ worker: false, phone: false });
  try {
    expect((await other.visitor().get('/sign-in')).text).not.toContain('/sign-in/qr');
    expect((await other.visitor().get('/sign-in/qr')).status).toBe(403);
    const owner = await other.signedIn(other.ours.people.owner);
    expect((await owner.get('/settings/key')).text).not.toContain('/settings/key/phone');
    expect((await owner.get('/settings/phone')).text).toContain('KENSE_PHONE_LISTEN');
  } finally {
    await other.stop();
  }
});

test('the page of the phone says what cannot work and what is left to the organisation', async () => {
  const owner = await app.signedIn(app.ours.people.owner);
  const { text } = await owner.get('/settings/phone');
  expect(text).toContain('Работать не сможет');
  expect(text.match(/data-state="(signed|fail|draft)"/g)).toEqual([
    'data-state="fail"',
    'data-state="fail"',
    'data-state="signed"',
    'data-state="draft"',
  ]);
  expect(text).toContain('NITEC-S-5096');
});
