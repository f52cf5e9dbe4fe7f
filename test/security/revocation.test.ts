import { embedEvidence, makeOcspRequest, parseOcspResponse } from '../../signature';
import { makeCms } from '../../signature/make';
import { saveRevocationList } from '../../storage/queries/evidence';
import { execute } from '../../storage/sql';
import { aPdf, TestApplication, type TestPerson } from '../support/application';
import { signDetached, type TestKey } from '../support/authority';
import type { Answer, Browser } from '../support/browser';
import { openPhone, outcomeOf, scan } from '../support/phone';

// A key that was revoked, and everything that still says it is good: an answer of a minute ago, one the signer kept and encloses, a
// responder that has not heard of it, a list of last week.

const minuteMs = 60_000;
const dayMs = 86_400_000;
let app: TestApplication;
let head: Browser;

beforeAll(async () => {
  app = await TestApplication.start();
  head = await app.signedIn(app.ours.people.head);
});
afterAll(() => app.stop());
afterEach(async () => {
  app.nuc.behave({ ocsp: 'good', tsp: 'good', crl: 'good', clockOffsetMs: 0, lateMs: 20_000 });
  await execute(app.deps.db, 'DELETE FROM revocation_lists', {});
});

const keyOf = (person: TestPerson = app.ours.people.head): TestKey => app.authority.key({ name: person.name, iin: person.iin });

async function waiting(text: string): Promise<string> {
  const lawyer = await app.signedIn(app.ours.people.lawyer);
  const id = await app.draft(lawyer, aPdf(text));
  await app.send(lawyer, id, [{ kind: 'sign', people: [app.ours.people.head] }]);
  return id;
}
const sign = (id: string, make: (bytes: Uint8Array) => string): Promise<Answer> => app.sign(head, `/documents/${id}`, make);

async function keepList(revoked: readonly TestKey[], thisUpdate: Date): Promise<void> {
  const { der, nextUpdate } = app.authority.list(revoked, thisUpdate);
  await saveRevocationList(app.deps.db, {
    url: 'http://lists.test/nca.crl',
    der: Buffer.from(der),
    thisUpdate,
    nextUpdate: nextUpdate ?? null,
    fetchedAt: new Date(),
  });
}

/** An answer about a key as its owner can have it from the responder any time. */
async function answerAbout(key: TestKey): Promise<Uint8Array> {
  const issuer = app.authority.certificate;
  const body = Buffer.from(makeOcspRequest({ certificate: key.certificate, issuer }));
  const answer = await fetch(`${app.nuc.url}/ocsp`, { method: 'POST', headers: { 'Content-Type': 'application/ocsp-request' }, body });
  return new Uint8Array(await answer.arrayBuffer());
}

const withAnswer = (cms: Uint8Array, answer: Uint8Array): string =>
  Buffer.from(embedEvidence(cms, { certificates: [], crls: [], ocsp: [parseOcspResponse(answer)] })).toString('base64');
const challengeOf = (page: Answer): { id: string; text: Buffer } => ({
  id: /name="challenge" value="([^"]+)"/.exec(page.text)?.[1] ?? '',
  text: Buffer.from(/data-text="([^"]+)"/.exec(page.text)?.[1] ?? '', 'base64'),
});
async function enter(make: (text: Buffer) => string): Promise<Answer> {
  const visitor = app.visitor();
  const { id, text } = challengeOf(await visitor.get('/sign-in/eds'));
  return visitor.post('/sign-in/eds', { challenge: id, cms: make(text) });
}
const attached = (key: TestKey, content: Uint8Array): Uint8Array =>
  makeCms({ ...key, document: { content, attached: true }, signingTime: new Date() });

describe('a signature under a document', () => {
  test('a key revoked since its last answer is refused, although that answer is a few seconds old', async () => {
    const key = keyOf();
    expect((await sign(await waiting('before'), (bytes) => signDetached(key, bytes))).text).toContain('data-signed');
    app.authority.revoke(key);
    const answer = await sign(await waiting('after'), (bytes) => signDetached(key, bytes));
    expect([answer.status, answer.text.includes('отозван')]).toEqual([422, true]);
  });

  test('a key on a list is refused although the responder says it is good', async () => {
    const key = keyOf();
    await keepList([key], new Date(Date.now() - minuteMs));
    const answer = await sign(await waiting('listed'), (bytes) => signDetached(key, bytes));
    expect([answer.status, answer.text.includes('отозван')]).toEqual([422, true]);
  });
});

describe('an entry', () => {
  test('by a key revoked since its last answer is refused', async () => {
    const key = keyOf(app.ours.people.lawyer);
    expect((await enter((text) => Buffer.from(attached(key, text)).toString('base64'))).status).toBe(303);
    app.authority.revoke(key);
    const answer = await enter((text) => Buffer.from(attached(key, text)).toString('base64'));
    expect([answer.status, answer.text.includes('отозван')]).toEqual([422, true]);
  });

  test('by a key on a list is refused although the responder says it is good', async () => {
    const key = keyOf(app.ours.people.lawyer);
    await keepList([key], new Date(Date.now() - minuteMs));
    const answer = await enter((text) => Buffer.from(attached(key, text)).toString('base64'));
    expect([answer.status, answer.text.includes('отозван')]).toEqual([422, true]);
  });

  test('by the phone with a key on a list is refused too', async () => {
    const key = keyOf(app.ours.people.lawyer);
    await keepList([key], new Date(Date.now() - minuteMs));
    const { id } = await openPhone(app.visitor(), '/sign-in/qr');
    const walk = await scan(app, id, key);
    const outcome = await outcomeOf(walk.phone.put(walk.offer, walk.phone.sign(walk.data, key)));
    expect([outcome.status, outcome.message.includes('отозван')]).toEqual([403, true]);
  });
});

// Last of all: a responder that was away is left alone for some seconds.
describe('while the responder is away', () => {
  test('an older good answer the signer encloses does not hide the list', async () => {
    const key = keyOf();
    const kept = await answerAbout(key);
    await keepList([key], new Date(Date.now() - minuteMs));
    app.nuc.behave({ ocsp: 'down' });
    const content = (bytes: Uint8Array): string =>
      withAnswer(makeCms({ ...key, document: { content: bytes, attached: false }, signingTime: new Date() }), kept);
    const answer = await sign(await waiting('enclosed'), content);
    expect([answer.status, answer.text.includes('отозван')]).toEqual([422, true]);
  });
  test('an entry rests on no answer the signer kept', async () => {
    const key = keyOf(app.ours.people.lawyer);
    const kept = await answerAbout(key);
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // answers are dated in whole seconds
    app.nuc.behave({ ocsp: 'down' });
    const answer = await enter((text) => withAnswer(attached(key, text), kept));
    expect(answer.status).toBe(422);
  });

  test('an entry rests on a list of today, on one of last week not', async () => {
    const key = keyOf(app.ours.people.lawyer);
    const make = (text: Buffer): string => Buffer.from(attached(key, text)).toString('base64');
    app.nuc.behave({ ocsp: 'down' });
    await keepList([], new Date(Date.now() - 7 * dayMs));
    expect((await enter(make)).status).toBe(422);
    await keepList([], new Date(Date.now() - 60 * minuteMs));
    expect((await enter(make)).status).toBe(303);
  });
});
