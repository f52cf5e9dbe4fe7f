import { aPdf, TestApplication } from '../support/application';
import { checkFiles } from '../support/check';
import type { Answer } from '../support/browser';
import { costlyCms } from '../support/costly';

// A CMS that is cheap to make and costly to check, sent to everything that takes one.

let app: TestApplication;

beforeAll(async () => {
  app = await TestApplication.start();
});
afterAll(() => app.stop());

/** Of so many signers, each with eight stamps and a crowd of authorities to try. */
const costly = (content: Uint8Array, signers: number, attached = true): string =>
  Buffer.from(costlyCms(content, new Date(), { signers, tokens: signers > 3 ? 8 : 1, crowd: signers > 3 ? 60 : 4 }, attached)).toString(
    'base64',
  );
const challengeOf = (page: Answer): { id: string; text: Buffer } => ({
  id: /name="challenge" value="([^"]+)"/.exec(page.text)?.[1] ?? '',
  text: Buffer.from(/data-text="([^"]+)"/.exec(page.text)?.[1] ?? '', 'base64'),
});
const several = 'В подписи несколько подписавших, а нужен один.';

test('the public page says that it is too costly, and answers the next one', async () => {
  const visitor = app.visitor();
  const file = Buffer.from('a document');
  await visitor.get('/check');
  const files = [
    { field: 'file', name: 'a.txt', bytes: file },
    { field: 'signature', name: 'a.cms', bytes: Buffer.from(costly(file, 100)) },
  ];
  const answer = await checkFiles(visitor, files);
  expect([answer.status, answer.text.includes('слишком много работы')]).toEqual([422, true]);
  expect((await visitor.get('/healthz')).status).toBe(200);
});

test('an entry refuses several signers before verifying one', async () => {
  const visitor = app.visitor();
  const { id, text } = challengeOf(await visitor.get('/sign-in/eds'));
  const answer = await visitor.post('/sign-in/eds', { challenge: id, cms: costly(text, 3) });
  expect([answer.status, answer.text.includes(several)]).toEqual([422, true]);
});

test('so does the confirmation of an account', async () => {
  const browser = await app.signedIn(app.ours.people.owner);
  const { id, text } = challengeOf(await browser.get('/settings/key'));
  const answer = await browser.post('/settings/key', { challenge: id, cms: costly(text, 3) });
  expect([answer.status, answer.text.includes(several)]).toEqual([422, true]);
});

test('so does the receipt of a signature', async () => {
  const lawyer = await app.signedIn(app.ours.people.lawyer);
  const id = await app.draft(lawyer, aPdf('costly'));
  await app.send(lawyer, id, [{ kind: 'sign', people: [app.ours.people.head] }]);
  const head = await app.signedIn(app.ours.people.head);
  const answer = await app.sign(head, `/documents/${id}`, (bytes) => costly(bytes, 100, false));
  expect([answer.status, answer.text.includes(several)]).toEqual([422, true]);
});
