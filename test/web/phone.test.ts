import { PhoneApplication } from '../../scripts/simulators/phone/application';
import { phoneById, phoneItems } from '../../storage/queries/phone';
import { change, select } from '../../storage/sql';
import { aPdf, TestApplication } from '../support/application';
import type { TestKey } from '../support/authority';
import type { Browser } from '../support/browser';
import { sendMany } from '../support/groups';
import { codeOf, openPhone, outcomeOf, phoneIdIn, refusalOf, scan, signAndPut, stageIn, type Walk } from '../support/phone';

// The protocol of eGov Mobile and eGov Business against the listener, with everything a phone or a stranger may do wrong.
let app: TestApplication;
let clerk: Browser;
let head: Browser;
let key: TestKey;
let strangers: TestKey;

beforeAll(async () => {
  app = await TestApplication.start();
  [clerk, head] = await Promise.all([app.signedIn(app.ours.people.clerk), app.signedIn(app.ours.people.head)]);
  key = app.authority.key(app.ours.people.head);
  strangers = app.authority.key(app.ours.people.lawyer);
});
afterAll(() => app.stop());

type Opened = { documentId: string; bytes: Uint8Array; url: string; id: string };
async function aSession(): Promise<Opened> {
  const [document] = await sendMany(app, clerk, app.ours.people.head, 1, 'sign', 'Phone');
  const { url, id } = await openPhone(head, `/documents/${document!.id}/phone`);
  return { documentId: document!.id, bytes: document!.bytes, url, id };
}
const stateOf = async (id: string): Promise<string> => (await phoneById(app.deps.db, id))?.state ?? 'missing';
const stageOf = async (session: { url: string }): Promise<string> => stageIn(await head.get(session.url, { htmx: true }));
const signaturesOf = (documentId: string): Promise<{ state: string }[]> =>
  select(app.deps.db, 'SELECT state FROM signatures WHERE document_id = :documentId', { documentId });
const make = (id: string, what: string): Promise<number> => change(app.deps.db, `UPDATE phone_sessions SET ${what} WHERE id = :id`, { id });
const api = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${app.config.phone?.url}${path}`, init);

describe('one document', () => {
  test('is signed by the code: offer, document, signature, and the page follows', async () => {
    const session = await aSession();
    expect(await stageOf(session)).toBe('created');
    const phone = new PhoneApplication({ language: 'kk' });
    const offer = await phone.open((await codeOf(app, session.id)).code);
    expect(offer.description).toContain('құжатына қол қою');
    expect(offer.expiry_date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:00$/);
    expect(Date.parse(offer.expiry_date)).toBe((await phoneById(app.deps.db, session.id))?.expiresAt.getTime());
    expect(offer.organisation).toEqual({ nameRu: app.ours.name, nameKz: app.ours.name, nameEn: app.ours.name, bin: app.ours.bin });
    expect(offer.document.auth_type).toBe('Token');
    expect(await stageOf(session)).toBe('fetched');
    const data = await phone.fetchDocuments(offer, key);
    expect([data.signMethod, data.documentsToSign.length]).toEqual(['CMS_SIGN_ONLY', 1]);
    const [entry] = data.documentsToSign;
    expect([entry?.id, entry?.document?.file.mime]).toEqual([1, '@file/pdf']);
    expect(Buffer.from(entry?.document?.file.data ?? '', 'base64').equals(session.bytes)).toBe(true);
    expect(await stageOf(session)).toBe('given');
    expect(await signAndPut({ phone, offer, data }, key)).toEqual({ status: 200, message: '' });
    expect(await stageOf(session)).toBe('signed');
    await app.untilState(session.documentId, 'signed');
    expect(await app.auditActions(session.documentId)).toContain('route.signed');
  });

  test('is signed by the link of the telephone as well, after the code is over', async () => {
    const session = await aSession();
    const { code, link } = await codeOf(app, session.id);
    await make(session.id, "code_expires_at = '2026-01-01 00:00:00'");
    expect(await stageOf(session)).toBe('code-over');
    expect(await refusalOf(new PhoneApplication().open(code))).toMatchObject({ status: 410 });
    const phone = new PhoneApplication();
    const offer = await phone.open(link);
    const walk = { phone, offer, data: await phone.fetchDocuments(offer, key) };
    expect((await signAndPut(walk, key)).status).toBe(200);
    await app.untilState(session.documentId, 'signed');
  });

  test('a new code takes the place of the former one', async () => {
    const session = await aSession();
    const { code } = await codeOf(app, session.id);
    expect(stageIn(await head.post(`${session.url}/code`, {}, { htmx: true }))).toBe('created');
    const renewed = (await codeOf(app, session.id)).code;
    expect(renewed).not.toBe(code);
    expect(await refusalOf(new PhoneApplication().open(code))).toMatchObject({ status: 404 });
    expect((await new PhoneApplication().open(renewed)).document.auth_type).toBe('Token');
  });

  test('a PUT repeated after success is answered 200 and leaves one signature', async () => {
    const session = await aSession();
    const walk = await scan(app, session.id, key);
    const signed = walk.phone.sign(walk.data, key);
    expect(await Promise.all([1, 2, 3].map(() => walk.phone.put(walk.offer, signed)))).toEqual([200, 200, 200]);
    expect(await walk.phone.put(walk.offer, walk.phone.sign(walk.data, key))).toBe(200); // made anew: another signature
    await app.untilState(session.documentId, 'signed');
    expect(await signaturesOf(session.documentId)).toEqual([{ state: 'accepted' }]);
  });
});

describe('what is refused', () => {
  const wrong: [string, (session: Opened, walk: Walk) => Promise<{ status: number; message: string }>, number, RegExp][] = [
    ["another person's key", (_s, walk) => signAndPut(walk, strangers), 403, /Ключ другого человека/],
    ['a signature of another document', (_s, walk) => signAndPut(walk, key, 'other-document'), 403, /не тот документ/],
    [
      'a revoked key',
      async (_s, walk) => {
        const revoked = app.authority.key(app.ours.people.head);
        app.authority.revoke(revoked);
        return signAndPut(walk, revoked);
      },
      403,
      /отозван/,
    ],
    [
      'an expired key',
      (_s, walk) => signAndPut(walk, app.authority.key(app.ours.people.head, { from: -400, to: -30 })),
      403,
      /срок сертификата/i,
    ],
    [
      'a key for signing in only',
      (_s, walk) => signAndPut(walk, app.authority.key(app.ours.people.head, { authentication: true })),
      403,
      /не для подписи/,
    ],
    [
      "another organisation's key",
      (_s, walk) => signAndPut(walk, app.authority.key({ ...app.ours.people.head, bin: app.theirs.bin })),
      403,
      /Ключ другой организации/,
    ],
    ['no signature at all', (_s, { phone, offer, data }) => outcomeOf(phone.put(offer, data)), 403, /Пришла не подпись/],
  ];
  test.each(wrong)('%s', async (_what, attempt, status, message) => {
    const session = await aSession();
    const walk = await scan(app, session.id, key);
    const outcome = await attempt(session, walk);
    expect(outcome.status).toBe(status);
    expect(outcome.message).toMatch(message);
    expect(await stateOf(session.id)).toBe('refused');
    expect(await stageOf(session)).toBe('refused');
    expect((await head.get(session.url)).text).toMatch(message);
    expect(await signaturesOf(session.documentId)).toEqual([]);
    // The session is over: the right key by the same code does not help, a new session does.
    expect((await signAndPut(walk, key)).status).toBe(403);
    const again = await openPhone(head, `/documents/${session.documentId}/phone`);
    expect((await signAndPut(await scan(app, again.id, key), key)).status).toBe(200);
    await app.untilState(session.documentId, 'signed');
  });

  const malformed: [string, (walk: Walk) => unknown][] = [
    ['another id', ({ phone, data }) => phone.sign(data, key, 'tampered')],
    ['no documents', ({ data }) => ({ ...data, documentsToSign: [] })],
    [
      'a document more',
      ({ phone, data }) => {
        const signed = phone.sign(data, key);
        return { ...signed, documentsToSign: [...signed.documentsToSign, { ...signed.documentsToSign[0], id: 2 }] };
      },
    ],
    [
      'another name',
      ({ phone, data }) => {
        const signed = phone.sign(data, key);
        return { ...signed, documentsToSign: signed.documentsToSign.map((one) => ({ ...one, nameRu: 'Другое' })) };
      },
    ],
    ['another method', ({ phone, data }) => ({ ...phone.sign(data, key), signMethod: 'CMS_WITH_DATA' })],
    ['no data', ({ data }) => ({ ...data, documentsToSign: data.documentsToSign.map(({ id }) => ({ id })) })],
    ['a text instead', () => 'signed'],
  ];
  test.each(malformed)('400 for %s; the phone may mend it', async (_what, body) => {
    const session = await aSession();
    const walk = await scan(app, session.id, key);
    const outcome = await outcomeOf(walk.phone.put(walk.offer, body(walk) as Walk['data']));
    expect(outcome.status).toBe(400);
    expect(await stateOf(session.id)).toBe('given');
    expect((await signAndPut(walk, key)).status).toBe(200);
  });

  test('broken JSON, a body too large, a wrong type', async () => {
    const session = await aSession();
    const { offer } = await scan(app, session.id, key);
    const headers = { Authorization: `Bearer ${offer.document.auth_token}`, 'Content-Type': 'application/json', 'Accept-Language': 'en' };
    const put = (body: string, more = {}): Promise<Response> =>
      fetch(offer.document.uri, { method: 'PUT', headers: { ...headers, ...more }, body });
    expect(await (await put('{')).json()).toEqual({ message: 'The request cannot be read.' });
    expect((await put(JSON.stringify({ x: 'a'.repeat(3_000_000) }))).status).toBe(413);
    expect((await put('{}', { 'Content-Type': 'text/plain' })).status).toBe(400);
    expect(await stateOf(session.id)).toBe('given');
  });

  test('late: the offer, the documents and the signature', async () => {
    const early = await aSession();
    await make(early.id, "expires_at = '2026-01-01 00:00:00'");
    expect(await refusalOf(new PhoneApplication().open((await codeOf(app, early.id)).link))).toMatchObject({ status: 410 });
    expect(await stageOf(early)).toBe('expired');
    const session = await aSession();
    const walk = await scan(app, session.id, key);
    await make(session.id, "expires_at = '2026-01-01 00:00:00'");
    expect(await refusalOf(walk.phone.fetchDocuments(walk.offer, key))).toMatchObject({ status: 410 });
    const late = await signAndPut(walk, key);
    expect(late).toMatchObject({ status: 410, message: expect.stringContaining('Время этой ссылки вышло') as string });
    expect(await signaturesOf(session.documentId)).toEqual([]);
  });

  test('without the token, with a wrong one, with that of another session', async () => {
    const [session, other] = [await aSession(), await aSession()];
    const [{ offer }, { offer: theirs }] = [await scan(app, session.id, key), await scan(app, other.id, key)];
    for (const Authorization of ['', 'Bearer x', `Bearer ${theirs.document.auth_token}`]) {
      for (const method of ['GET', 'PUT']) {
        const body = method === 'PUT' ? '{}' : undefined;
        const answer = await fetch(offer.document.uri, {
          method,
          headers: { Authorization, 'Content-Type': 'application/json' },
          ...(body ? { body } : {}),
        });
        expect([method, Authorization.length, answer.status]).toEqual([method, Authorization.length, 401]);
      }
    }
  });

  test('addresses of one session do not open the other, nor each other', async () => {
    const session = await aSession();
    const { offer } = await scan(app, session.id, key);
    const [offerToken, dataToken] = [(await codeOf(app, session.id)).code.split('/').at(-1), offer.document.uri.split('/').at(-1)];
    expect(offerToken).not.toBe(dataToken);
    const { status } = await api(`/api1/${dataToken}`);
    expect([status, (await api(`/api2/${offerToken}`)).status, (await api('/api1/AAAAAAAAAAAAAAAAAAAAAA')).status]).toEqual([
      404, 404, 404,
    ]);
    expect((await api(`/api1/${session.id}`)).status).toBe(404);
  });

  test('a signature before the documents were fetched', async () => {
    const session = await aSession();
    const phone = new PhoneApplication();
    const offer = await phone.open((await codeOf(app, session.id)).code);
    const other = await scan(app, (await aSession()).id, key);
    expect((await outcomeOf(phone.put(offer, phone.sign(other.data, key)))).status).toBe(409);
  });

  test('a document withdrawn meanwhile is not signed, and the phone says so', async () => {
    const session = await aSession();
    const walk = await scan(app, session.id, key);
    await clerk.get(`/documents/${session.documentId}/withdraw`);
    const form = await clerk.get(`/documents/${session.documentId}/withdraw`);
    await clerk.post(`/documents/${session.documentId}/withdraw`, {
      ...form.fields(`/documents/${session.documentId}/withdraw`),
      remark: 'x',
    });
    await app.untilState(session.documentId, 'withdrawn');
    const outcome = await signAndPut(walk, key);
    expect([outcome.status, await stateOf(session.id)]).toEqual([403, 'refused']);
  });

  test('people whose account has been switched off get no documents', async () => {
    const session = await aSession();
    const phone = new PhoneApplication();
    const offer = await phone.open((await codeOf(app, session.id)).code);
    const at = (value: string): Promise<number> =>
      change(app.deps.db, `UPDATE accounts SET disabled_at = ${value} WHERE person_id = :id`, { id: app.ours.people.head.id });
    await at('UTC_TIMESTAMP(3)');
    const refused = await refusalOf(phone.fetchDocuments(offer, key));
    await at('NULL');
    expect(refused.status).toBe(403);
  });
});

describe('several documents in one session', () => {
  const choose = async (
    ids: readonly string[],
    more: Record<string, string> = {},
  ): Promise<{ status: number; id: string; url: string; text: string }> => {
    await head.get('/to-sign');
    const body = new URLSearchParams({ _csrf: head.csrf, command: app.deps.newId(), ...more });
    for (const id of ids) body.append('id', id);
    const answer = await head.postBody('/phone', body);
    return { status: answer.status, id: phoneIdIn(answer.location), url: answer.location, text: answer.text };
  };

  test('each signature acts on its own route', async () => {
    const documents = await sendMany(app, clerk, app.ours.people.head, 3, 'sign', 'Batch');
    const session = await choose(documents.map(({ id }) => id));
    expect(session.status).toBe(303);
    const walk = await scan(app, session.id, key);
    expect(walk.data.documentsToSign.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect((await signAndPut(walk, key)).status).toBe(200);
    for (const { id } of documents) await app.untilState(id, 'signed');
    const page = await head.get(session.url);
    expect(stageIn(page)).toBe('signed');
    expect(page.text).toContain('Подписано 3 из 3');
  });

  test('one bad signature among three: nothing happens to any of them', async () => {
    const documents = await sendMany(app, clerk, app.ours.people.head, 3, 'sign', 'Bad');
    const { id } = await choose(documents.map((one) => one.id));
    const outcome = await signAndPut(await scan(app, id, key), key, 'other-document');
    expect(outcome.status).toBe(403);
    for (const one of documents) expect([await app.stateOf(one.id), await signaturesOf(one.id)]).toEqual(['in-signing', []]);
  });

  test('signatures in another order than the documents find theirs by id, not by place; swapped ones are refused', async () => {
    const documents = await sendMany(app, clerk, app.ours.people.head, 2, 'sign', 'Order');
    const { id } = await choose(documents.map((one) => one.id));
    const walk = await scan(app, id, key);
    const signed = walk.phone.sign(walk.data, key);
    expect(await walk.phone.put(walk.offer, { ...signed, documentsToSign: [...signed.documentsToSign].reverse() })).toBe(200);
    const more = await sendMany(app, clerk, app.ours.people.head, 2, 'sign', 'Swapped');
    const other = await scan(app, (await choose(more.map((one) => one.id))).id, key);
    const [a, b] = other.phone.sign(other.data, key).documentsToSign;
    const swapped = {
      ...other.data,
      documentsToSign: [
        { ...a!, document: b!.document! },
        { ...b!, document: a!.document! },
      ],
    };
    expect((await outcomeOf(other.phone.put(other.offer, swapped))).status).toBe(403);
  });

  test('one that is gone meanwhile fails alone', async () => {
    const documents = await sendMany(app, clerk, app.ours.people.head, 2, 'sign', 'Gone');
    const session = await choose(documents.map((one) => one.id));
    const walk = await scan(app, session.id, key);
    const path = `/documents/${documents[0]!.id}/withdraw`;
    await clerk.post(path, { ...(await clerk.get(path)).fields(path), remark: 'x' });
    await app.untilState(documents[0]!.id, 'withdrawn');
    expect((await signAndPut(walk, key)).status).toBe(200);
    const states = (await phoneItems(app.deps.db, session.id)).map(({ state }) => state).sort();
    expect(states).toEqual(['done', 'failed']);
    expect((await head.get(session.url)).text).toContain('Подписано 1 из 2');
  });

  test('approvals are left out and named; a choice of nothing but approvals is refused', async () => {
    const [sign] = await sendMany(app, clerk, app.ours.people.head, 1, 'sign', 'Mixed');
    const [approve] = await sendMany(app, clerk, app.ours.people.head, 1, 'approve', 'Mixed');
    const session = await choose([sign!.id, approve!.id]);
    expect((await phoneItems(app.deps.db, session.id)).map(({ documentId }) => documentId)).toEqual([sign!.id]);
    expect((await head.get(session.url)).text).toContain('1 документ ждёт не подписи, а согласования');
    expect((await choose([approve!.id])).status).toBe(422);
    expect((await choose([])).status).toBe(422);
  });

  test('more than 20 MB together is refused in words', async () => {
    const large = async (name: string): Promise<string> => {
      const id = await app.draft(clerk, Buffer.concat([Buffer.from(aPdf(name)), Buffer.alloc(11 * 1024 * 1024, 32)]), `${name}.pdf`);
      await app.send(clerk, id, [{ kind: 'sign', people: [app.ours.people.head] }]);
      return id;
    };
    const answer = await choose([await large('one'), await large('two')]);
    expect(answer.status).toBe(413);
    expect(answer.text).toContain('20 МБ');
  });

  test('a letter is not offered for the phone', async () => {
    const [one] = await sendMany(app, clerk, app.ours.people.head, 1, 'sign', 'Letter');
    await change(app.deps.db, "UPDATE documents SET kind = 'letter' WHERE id = :id", { id: one!.id });
    const answer = await head.get(`/documents/${one!.id}/phone`);
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('Письма телефоном не подписывают')]);
  });
});

describe('whose sessions are whose', () => {
  test('another person, another organisation and a visitor see none of it', async () => {
    const session = await aSession();
    const [lawyer, theirs] = await Promise.all([app.signedIn(app.ours.people.lawyer), app.signedIn(app.theirs.people.owner)]);
    for (const browser of [lawyer, theirs, clerk]) expect((await browser.get(session.url)).status).toBe(404);
    expect((await clerk.post(`${session.url}/code`, {})).status).toBe(404);
    expect((await clerk.get(`/phone/${session.id}`)).status).toBe(404);
    expect((await app.visitor().get(session.url)).location).toMatch(/^\/sign-in/);
  });

  test('the document of another session does not show this one', async () => {
    const [session, other] = [await aSession(), await aSession()];
    expect((await head.get(`/documents/${other.documentId}/phone/${session.id}`)).status).toBe(404);
  });
});

describe('the listener', () => {
  test('serves phones and nothing else, and the main one serves no phone', async () => {
    const origin = new URL(app.config.phone?.url ?? '').origin;
    const statuses = async (base: string, paths: string[]): Promise<number[]> =>
      Promise.all(paths.map(async (path) => (await fetch(`${base}${path}`, { redirect: 'manual' })).status));
    expect(await statuses(origin, ['/healthz', '/egov/healthz'])).toEqual([200, 200]);
    expect(
      await statuses(origin, ['/', '/sign-in', '/documents', '/assets/css/base.css', '/readyz', '/api1/x', '/egov', '/egov/api1']),
    ).toEqual(Array(8).fill(404));
    const session = await aSession();
    const token = (await codeOf(app, session.id)).code.split('/').at(-1);
    expect(await statuses(app.url, [`/egov/api1/${token}`])).not.toEqual([200]);
    const answer = await fetch(`${origin}/egov/api1/${token}`);
    expect([answer.headers.get('set-cookie'), answer.headers.get('cache-control'), answer.headers.get('content-type')]).toEqual([
      null,
      'no-store',
      expect.stringContaining('application/json'),
    ]);
  });

  test.each([
    ['ru', 'Такой ссылки нет'],
    ['kk', 'Мұндай сілтеме жоқ'],
    ['kz', 'Мұндай сілтеме жоқ'],
    ['en', 'There is no such link'],
    ['', 'Такой ссылки нет'],
  ])('speaks the language asked for (%s)', async (language, words) => {
    const answer = await api('/api1/AAAAAAAAAAAAAAAAAAAAAA', { headers: { 'Accept-Language': language } });
    expect(((await answer.json()) as { message: string }).message).toContain(words);
  });
});
