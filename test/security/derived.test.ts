import path from 'node:path';
import { Readable } from 'node:stream';
import { foldedTree, packedObjects } from '../../bench/hostile/pdfs';
import { openPdfMaker } from '../../services/print/maker';
import { root } from '../../services/root';
import { langs } from '../../services/texts/i18n';
import { aPdf, TestApplication } from '../support/application';
import { signDetached } from '../support/authority';
import type { Browser } from '../support/browser';

let app: TestApplication;
let lawyer: Browser;
let head: Browser;
beforeAll(async () => {
  app = await TestApplication.start();
  lawyer = await app.signedIn(app.ours.people.lawyer);
  head = await app.signedIn(app.ours.people.head);
});
afterAll(() => app.stop());

async function signed(bytes: Uint8Array): Promise<string> {
  const id = await app.draft(lawyer, bytes, 'Отчёт.pdf');
  await app.send(lawyer, id, [{ kind: 'sign', people: [app.ours.people.head] }]);
  const { name, iin } = app.ours.people.head;
  await app.sign(head, `/documents/${id}`, (content) => signDetached(app.authority.key({ name, iin }), content));
  await app.untilState(id, 'signed');
  return id;
}

async function runs(): Promise<{ id: string; attempts: number }[]> {
  const { client } = app.deps.temporal;
  const found: { id: string; attempts: number }[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query: "WorkflowType = 'deriveWorkflow'" })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const started = events?.flatMap((event) => event.activityTaskStartedEventAttributes ?? []) ?? [];
    found.push({ id: workflowId, attempts: Math.max(0, ...started.map((one) => one.attempt ?? 0)) });
  }
  return found;
}

const words = {
  ru: 'Скачайте подлинник и подписи',
  kk: 'Түпнұсқа мен қолтаңбаларды жүктеп алыңыз',
  en: 'Download the original and the signatures',
};

test.each([
  ['objects that unpack without end', () => packedObjects()],
  ['pages that are named over and over', () => foldedTree('pages')],
])('%s: said in plain words, tried once, the original is at hand', async (_name, make) => {
  const bytes = make();
  const id = await signed(bytes);
  const before = await runs();
  for (const lang of langs) {
    const answer = await head.get(`/documents/${id}/download/pdf`, { headers: { 'Accept-Language': lang } });
    expect(answer.status).toBe(409);
  }
  const visitor = await app.signedIn(app.ours.people.lawyer);
  expect((await visitor.get(`/documents/${id}/download/pdf`)).text).toContain(words.ru);
  expect((await head.get(`/documents/${id}/download/card.pdf?lang=kk`)).status).toBe(409);
  expect((await head.get(`/documents/${id}/download/card.pdf?lang=en&qr=1`)).status).toBe(409);
  const original = await head.get(`/documents/${id}/original`);
  expect([original.status, original.bytes.equals(Buffer.from(bytes))]).toEqual([200, true]);
  expect((await head.get(`/documents/${id}/download/zip`)).status).toBe(200);
  const mine = (await runs()).filter((run) => !before.some(({ id: known }) => known === run.id));
  // one for the sheet, one for the card: neither a second attempt nor a second run for other languages
  expect(mine.map(({ attempts }) => attempts)).toEqual([1, 1]);
});

test('each language has the words', () => {
  for (const lang of langs) expect(app.deps.texts(lang).t('errors.document.cannot_derive')).toContain(words[lang]);
});

test('an ordinary document has its sheet all the same', async () => {
  const id = await signed(aPdf('ordinary'));
  const answer = await head.get(`/documents/${id}/download/pdf`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/pdf']);
});

test.each([
  ['buffers', { memoryMib: 64 }, 'memory'],
  ['compute', { workMs: 300 }, 'work'],
] as const)(
  'what the reader lets through and then takes too much (%s) is hopeless, and its process is ended',
  async (task, allowance, why) => {
    const program = path.join(root, 'test/support/programs/costly-child.js');
    const maker = openPdfMaker({ allowance, program });
    const content = {} as never;
    const original = () => Promise.resolve(Readable.from([Buffer.from(task)]));
    const used: string[] = [];
    const use = (file: string): Promise<void> => Promise.resolve(void used.push(file));
    expect(await maker.make({ kind: 'sheet', content }, original, use)).toEqual({ ok: false, why });
    expect(used).toEqual([]);
    await maker.close();
  },
);

test('what the clock ends may be tried again: the machine may have been busy', async () => {
  const program = path.join(root, 'test/support/programs/costly-child.js');
  const maker = openPdfMaker({ allowance: { clockMs: 300 }, program });
  const original = () => Promise.resolve(Readable.from([Buffer.from('wait')]));
  await expect(maker.make({ kind: 'sheet', content: {} as never }, original, () => Promise.resolve())).rejects.toMatchObject({
    what: 'clock',
  });
  await maker.close();
});
