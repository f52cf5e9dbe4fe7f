import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { costlyPack, deepManifest, packOf } from '../../bench/hostile/packs';
import { foldedTree, lateObjects, packedAttachment, packedObjects, sharedNames } from '../../bench/hostile/pdfs';
import { costlyCms, deepDer, endlessBer } from '../../bench/hostile/signatures';
import { createApp } from '../../server/app';
import { networkOf, openAddressCost } from '../../services/check/address-cost';
import { openVisitors, type VisitorLimits, type Visitors } from '../../services/check/visitors';
import { root } from '../../services/root';
import { langs } from '../../services/texts/i18n';
import { TestApplication } from '../support/application';
import { signDetached } from '../support/authority';
import { type Answer, type Asked, Browser } from '../support/browser';
import { until } from '../support/until';

let app: TestApplication;
let folder: string;
beforeAll(async () => {
  app = await TestApplication.start({ worker: false, env: { KENSE_TRUST_PROXY: 'loopback' } });
  folder = mkdtempSync(path.join(tmpdir(), 'kense-gates-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await app.stop();
});

/** The application with other limits, and with work of a test's own in its processes. */
class Limited {
  private constructor(
    private readonly server: Server,
    readonly visitors: Visitors,
    readonly url: string,
  ) {}
  static async start(limits: Partial<VisitorLimits>): Promise<Limited> {
    const settings = { trustFiles: [], policyFile: null, pki: app.config.pki };
    const program = path.join(root, 'test/support/programs/costly-child.js');
    const visitors = openVisitors(settings, { uploadMaxBytes: app.config.uploadMaxBytes, log: app.deps.log }, { program, ...limits });
    const server = createServer(createApp({ ...app.deps, visitors }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Limited(server, visitors, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  async stop(): Promise<void> {
    await this.visitors.close();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

const from = (address: string, headers: Record<string, string> = {}): Asked => ({ headers: { 'X-Forwarded-For': address, ...headers } });

/** Sends a file to the check page from an address, in a browser of its own. */
async function check(url: string, bytes: Uint8Array, address: string, field = 'file'): Promise<{ browser: Browser; answer: Answer }> {
  const browser = new Browser(url);
  await browser.get('/check', from(address));
  return { browser, answer: await browser.upload('/check', {}, [{ field, name: 'sent.bin', bytes }], from(address)) };
}

const task = (word: string): Buffer => Buffer.from(`%PDF-${word}`);
const gate = (name: string): { task: Buffer; open(): void; begun(): Promise<unknown> } => {
  const file = path.join(folder, name);
  return {
    task: task(`gate ${file}`),
    open: () => writeFileSync(file, ''),
    begun: () => until(`${name} to begin`, () => existsSync(`${file}.begun`)),
  };
};

test('pages are served while a file that never ends is checked, and its sender hears why it was stopped', async () => {
  const limited = await Limited.start({ allowance: { workMs: 2_000 }, answerMs: 60_000 });
  const sent = check(limited.url, task('compute'), '203.0.113.1');
  let isOver = false;
  const finished = sent.then(() => (isOver = true));
  let served = 0;
  while (!isOver && served < 100) {
    const [health, page] = [await fetch(`${limited.url}/healthz`), await fetch(`${limited.url}/check`)];
    if (!isOver && health.status === 200 && page.status === 200) served++;
  }
  expect(isOver).toBe(false);
  const { answer } = await sent;
  await finished;
  expect([answer.status, answer.text.includes('Проверка остановлена')]).toEqual([422, true]);
  await limited.stop();
});

test('a bomb that no limit of the heap sees is ended', async () => {
  const limited = await Limited.start({ allowance: { memoryMib: 64 }, answerMs: 60_000 });
  const { answer } = await check(limited.url, task('buffers'), '203.0.113.1');
  expect([answer.status, answer.text.includes('Проверка остановлена')]).toEqual([422, true]);
  await limited.stop();
});

test('two are checked at a time; the others wait with a word, without script, and see what came of it', async () => {
  const limited = await Limited.start({ answerMs: 300 });
  const gates = ['a', 'b'].map(gate);
  const [first, second] = [check(limited.url, gates[0]!.task, '203.0.113.1'), check(limited.url, gates[1]!.task, '203.0.113.2')];
  await Promise.all(gates.map((each) => each.begun()));
  const { answer } = await check(limited.url, task('echo'), '203.0.113.3');
  expect(answer.status).toBe(303);
  expect(answer.location).toMatch(/^\/check\/[\w-]{32}\/waiting$/);
  const words = { ru: 'Файл ждёт проверки', kk: 'Файл тексеруді күтуде', en: 'The file waits to be checked' };
  for (const lang of langs) {
    const page = await new Browser(limited.url).get(answer.location, from('203.0.113.3', { 'Accept-Language': lang }));
    expect([page.status, page.headers.get('refresh'), page.headers.get('cache-control')]).toEqual([200, '3', 'no-store']);
    expect(page.text).toContain(words[lang]);
  }
  for (const each of gates) each.open();
  const result = await until('the result', async () => {
    const page = await new Browser(limited.url).get(answer.location);
    return page.headers.get('refresh') === null && page;
  });
  expect([result.status, result.text.includes('Claimed title')]).toEqual([200, true]);
  await Promise.all([first, second]);
  expect((await new Browser(limited.url).get('/check/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/waiting')).status).toBe(404);
  await limited.stop();
});

test('one address has one check under way, so that another one need not wait', async () => {
  const limited = await Limited.start({ answerMs: 300 });
  const mine = gate('mine');
  const held = check(limited.url, mine.task, '203.0.113.1');
  await mine.begun();
  const more = await check(limited.url, task('echo'), '203.0.113.1');
  expect(more.answer.status).toBe(303);
  const other = await check(limited.url, task('echo'), '203.0.113.2');
  const isWaiting = async ({ answer }: { answer: Answer }): Promise<boolean> =>
    answer.status === 303 && (await new Browser(limited.url).get(answer.location)).headers.get('refresh') !== null;
  await until('the other address to be answered', async () => !(await isWaiting(other)));
  expect(await isWaiting(more)).toBe(true); // its address still has the first one under way
  mine.open();
  await held;
  await limited.stop();
});

test('an address pays for what it has checked, by its work and its bytes; others do not', async () => {
  const limited = await Limited.start({
    cost: { workMs: 250, bytes: 1024 ** 3, windowSeconds: 600 },
    allowance: { workMs: 300 },
    answerMs: 60_000,
  });
  expect((await check(limited.url, task('compute'), '203.0.113.1')).answer.status).toBe(422);
  const { answer } = await check(limited.url, task('echo'), '203.0.113.1');
  expect([answer.status, answer.text.includes('С вашего адреса уже проверено')]).toEqual([429, true]);
  expect((await check(limited.url, task('echo'), '203.0.113.2')).answer.status).toBe(200);
  await limited.stop();

  const cost = openAddressCost({ workMs: 1_000, bytes: 10_000, windowSeconds: 600 });
  await cost.charge('203.0.113.9', { bytes: 20_000 });
  expect(await cost.waitSeconds('203.0.113.9')).toBeGreaterThan(0);
  expect(await cost.waitSeconds('203.0.113.8')).toBe(0);
  // whoever has a network of IPv6 has all of its addresses
  await cost.charge('2001:db8:1:2::7', { workMs: 5_000 });
  expect(await cost.waitSeconds('2001:db8:1:2:ffff::1')).toBeGreaterThan(0);
  expect(await cost.waitSeconds('2001:db8:1:3::7')).toBe(0);
  expect(networkOf('::ffff:203.0.113.9')).toBe('203.0.113.9');
});

test('a line that is full is closed, and says so', async () => {
  const limited = await Limited.start({ line: { all: 24, address: 1 }, answerMs: 60_000 });
  const mine = gate('full');
  const held = check(limited.url, mine.task, '203.0.113.1');
  await mine.begun();
  const { answer } = await check(limited.url, task('echo'), '203.0.113.1');
  expect([answer.status, answer.text.includes('слишком много файлов')]).toEqual([503, true]);
  mine.open();
  await held;
  await limited.stop();
});

test('whoever leaves the line is forgotten', async () => {
  const limited = await Limited.start({ answerMs: 60_000 });
  const mine = gate('left');
  const held = check(limited.url, mine.task, '203.0.113.1');
  await mine.begun();
  const browser = new Browser(limited.url);
  const page = await browser.get('/check', from('203.0.113.1'));
  const body = new FormData();
  body.append('_csrf', page.value('_csrf'));
  body.append('file', new Blob([task('echo')]), 'sent.pdf');
  const leaving = new AbortController();
  const cookie = page.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const asked = fetch(`${limited.url}/check`, {
    method: 'POST',
    body,
    headers: { cookie, 'X-Forwarded-For': '203.0.113.1' },
    signal: leaving.signal,
  }).catch((error: Error) => error);
  await until('the second to wait', () => limited.visitors.counts().waiting === 1);
  leaving.abort();
  await asked;
  await until('the second to be forgotten', () => limited.visitors.counts().waiting === 0);
  mine.open();
  await held;
  await limited.stop();
});

test.each([
  ['names that share one array', 'file', () => sharedNames({ nodes: 2_000, names: 20_000 })],
  ['a tree that is folded', 'file', () => foldedTree('names')],
  ['objects that unpack to too much', 'file', () => packedObjects()],
  ['objects that are found late', 'file', () => lateObjects(20_000)],
  ['an attachment that unpacks to too much', 'file', () => packedAttachment(200)],
  ['a pack of costly chains', 'file', () => costlyPack({ signatures: 4, signers: 4 })],
  ['a pack whose list is deep', 'file', () => deepManifest()],
  ['a signature of many signers', 'signature', () => costlyCms({ signers: 16, tokens: 2 })],
  ['a signature that is deep', 'signature', () => deepDer()],
  ['a signature without an end', 'signature', () => endlessBer(1)],
] as const)('%s: an answer and no harm', async (_name, field, make) => {
  const { browser, answer } = await check(app.url, await make(), '198.51.100.7', field);
  const last = answer.location ? await untilAnswered(browser, answer.location) : answer;
  expect([200, 422]).toContain(last.status);
  expect(last.text).not.toContain('data-verdict="valid"');
});

const untilAnswered = (browser: Browser, where: string): Promise<Answer> =>
  until(
    'an answer',
    async () => {
      const page = await browser.get(where, from('198.51.100.7'));
      return page.headers.get('refresh') === null && page;
    },
    50_000,
  );

describe('what a pack or a card says of itself', () => {
  const title = 'Постановление Правительства № 1';

  test('is labelled as its own word, the digest first', async () => {
    const key = app.authority.key({ name: 'Head', iin: '900101300001' });
    const pack = await packOf([Buffer.from(signDetached(key, Buffer.from('text')), 'base64')], { title, name: 'law.txt' });
    const labels = {
      ru: ['Название, не подписано', 'Имя файла, не подписано', 'подпись их не подтверждает'],
      kk: ['Атауы, қол қойылмаған', 'Файл атауы, қол қойылмаған', 'қолтаңба оларды растамайды'],
      en: ['Title, not signed', 'File name, not signed', 'no signature covers them'],
    };
    for (const lang of langs) {
      const browser = new Browser(app.url);
      const headers = { 'Accept-Language': lang, 'X-Forwarded-For': '198.51.100.8' };
      await browser.get('/check', { headers });
      const { text } = await browser.upload('/check', {}, [{ name: 'pack.zip', bytes: pack }], { headers });
      const order = ['SHA-256', labels[lang][0]!, title, labels[lang][1]!, 'law.txt', labels[lang][2]!].map((words) => text.indexOf(words));
      expect(order.every((at) => at > 0)).toBe(true);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
  });
});
