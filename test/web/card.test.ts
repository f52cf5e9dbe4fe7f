import { PDFDocument } from '@cantoo/pdf-lib';
import { loadTrust } from '../../services/signing/check-signature';
import { policyFor } from '../../signature';
import { readCard, verifyCard } from '../../signature/card/reading';
import { evidenceOf } from '../../storage/queries/evidence';
import { select } from '../../storage/sql';
import { aPdf, TestApplication } from '../support/application';
import { checkFiles } from '../support/check';
import { signDetached } from '../support/authority';
import type { Browser } from '../support/browser';
import { until } from '../support/until';

let app: TestApplication;
let head: Browser;
let id: string;

beforeAll(async () => {
  app = await TestApplication.start();
  head = await app.signedIn(app.ours.people.head);
  const lawyer = await app.signedIn(app.ours.people.lawyer);
  id = await app.draft(lawyer, aPdf('card'), 'Шарт №1.pdf');
  await app.send(lawyer, id, [{ kind: 'sign', people: [app.ours.people.head] }]);
  const { name, iin } = app.ours.people.head;
  const key = app.authority.key({ name, iin, bin: app.ours.bin, organisation: app.ours.name });
  const answer = await app.sign(head, `/documents/${id}`, (bytes) => signDetached(key, bytes));
  if (!answer.text.includes('data-signed')) throw new Error(answer.text.slice(0, 500));
  await until(
    'the proof',
    async () => {
      const [row] = await select<{ id: string }>(app.deps.db, 'SELECT id FROM signatures WHERE document_id = :id', { id });
      return (await evidenceOf(app.deps.db, [row?.id ?? ''])).get(row?.id ?? '')?.state === 'complete';
    },
    20_000,
  );
});
afterAll(() => app.stop());

const card = async (query = ''): Promise<Uint8Array> => {
  const answer = await head.get(`/documents/${id}/download/card.pdf${query}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/pdf']);
  return answer.bytes;
};

test('a card encloses the document and its signature with the proof', async () => {
  const bytes = await card();
  const original = await head.get(`/documents/${id}/original`);
  const { document, signatures } = readCard(bytes);
  expect(Buffer.from(document.bytes).equals(Buffer.from(original.bytes))).toBe(true);
  expect([document.fileName, document.description, signatures[0]?.description]).toEqual([
    'Шарт №1.pdf',
    'Подлинник электронного документа',
    'ЭЦП, Head ours',
  ]);
  const trust = loadTrust(app.config.trustFiles);
  const report = verifyCard(bytes, { at: new Date(Date.now() + 2 * 365 * 86_400_000), trust, policy: policyFor('sign') });
  expect([report.verdict, report.signatures[0]?.report.signers[0]?.level]).toEqual(['valid', 'CAdES-LT']);
});

test.each(['ru', 'kk', 'en', 'kk-ru'])('in %s a card has three parts', async (language) => {
  const pdf = await PDFDocument.load(await card(`?lang=${language}`));
  expect(pdf.getPageCount()).toBe(3);
  expect(readCard(await card(`?lang=${language}&qr=1`)).signatures).toHaveLength(1);
});

test('the check page takes a card or a pack alone and says who signed', async () => {
  const visitor = app.visitor();
  const pack = await head.get(`/documents/${id}/download/pack.zip`);
  for (const [name, bytes] of [
    ['card.pdf', await card()],
    ['pack.zip', pack.bytes],
  ] as const) {
    await visitor.get('/check');
    const answer = await checkFiles(visitor, [{ name, bytes }]);
    expect(answer.status).toBe(200);
    for (const words of ['data-verdict="valid"', 'Head ours', 'Шарт №1.pdf']) expect(answer.text).toContain(words);
  }
});

test('the check page says what is wrong with a file that is neither', async () => {
  const visitor = app.visitor();
  for (const [name, bytes, status] of [
    ['plain.pdf', aPdf('no card'), 422],
    ['text.txt', Buffer.from('text'), 422],
    ['bad.zip', Buffer.from('PK\u0003\u0004 nothing'), 422],
  ] as const) {
    await visitor.get('/check');
    const answer = await checkFiles(visitor, [{ name, bytes }]);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(/не карточка электронного документа|Приложите файл подписи|Архив повреждён/);
  }
});

test('the check page says that a file is no signature, and not to choose a key', async () => {
  const visitor = app.visitor();
  await visitor.get('/check');
  const answer = await checkFiles(visitor, [
    { name: 'plain.pdf', bytes: aPdf('signed by nobody') },
    { field: 'signature', name: 'plain.cms', bytes: Buffer.from('AAAA') },
  ]);
  expect(answer.status).toBe(422);
  expect(answer.text).toContain('В файле нет подписи CMS');
  expect(answer.text).not.toContain('ключ');
});

test('nobody takes the card of a document they may not see', async () => {
  const stranger = await app.signedIn(app.theirs.people.admin);
  expect((await stranger.get(`/documents/${id}/download/card.pdf`)).status).toBe(404);
});
