import type { Page } from 'playwright-core';
import { moduleSetting } from '../../domain/settings/modules';
import type { Planned } from '../../scripts/simulators/ncalayer/desk';
import { countsOf, itemsIn } from '../../storage/queries/groups';
import { saveSetting } from '../../storage/queries/settings';
import { select, selectOne } from '../../storage/sql';
import { type TestApplication, type TestPerson } from '../support/application';
import type { Browser } from '../support/browser';
import { barriers, Chromium, untilIn } from '../support/chromium';
import { demoPerson, startDemoApplication } from '../support/demo-people';
import { sendMany } from '../support/groups';
import { OwnNcaLayer } from '../support/ncalayer';
import { signIn } from '../support/steps';
import { until } from '../support/until';
import { WorkerProcess } from '../support/worker-process';

// Groups signed in Chromium. NCALayer is this file's own, the worker a process of its own: both are ended in the middle of the work.
let app: TestApplication;
let chromium: Chromium;
let worker: WorkerProcess;
const layer = new OwnNcaLayer();
const marina = demoPerson('marina.kim');
const dana = demoPerson('dana.akhmetova');
let page: Page;
let sender: Browser;
let signer: TestPerson;

const own: Planned = { do: 'choose', key: 'dana.akhmetova-personal' };

/** Signs in over plain HTTP; people of the directory become accounts with their first sign-in. */
async function browserOf(person: { login: string; password: string }): Promise<Browser> {
  const browser = app.visitor();
  await browser.get('/sign-in');
  const answer = await browser.post('/sign-in', { login: person.login, password: person.password });
  if (answer.status !== 303) throw new Error(`${person.login} could not sign in: ${answer.status}`);
  await browser.get('/settings/sessions');
  return browser;
}

beforeAll(async () => {
  await layer.start();
  const { address } = layer;
  // Without the window of keys: plans answer for the person, and a closed port is a computer without NCALayer.
  app = await startDemoApplication(
    { KENSE_NCALAYER_URL: `ws://${address}`, KENSE_NCALAYER_WINDOW_URL: `http://${address}` },
    { worker: false },
  );
  worker = WorkerProcess.start(app);
  const on = { isOn: true, by: 'test', at: new Date().toISOString() };
  await app.deps.inTx((tx) => saveSetting(tx, app.ours.id, moduleSetting('group_signing'), on, new Date()));
  chromium = await Chromium.start([app.url, `http://${address}`]);
  page = await chromium.window();
  await signIn(page, app.url, dana);
  sender = await browserOf(marina);
  const found = await selectOne<{ id: string; iin: string; name: string; email: string }>(
    app.deps.db,
    'SELECT p.id, p.iin, p.name, p.email FROM people p JOIN accounts a ON a.person_id = p.id WHERE a.login = :login',
    { login: dana.login },
  );
  if (!found) throw new Error('the signer has no account');
  signer = { ...found, login: dana.login, role: 'employee' };
});
afterAll(async () => {
  await chromium.closeWindows();
  await chromium.stop();
  await worker.kill();
  await layer.stop();
  await app.stop();
});

/** Ticks every document of the list and makes a group of them; returns its id. */
async function chooseAll(on: Page): Promise<string> {
  await on.goto(`${app.url}/to-sign`);
  await on.waitForSelector('[data-choose-page]:not([hidden])');
  await on.click('[data-choose-page] input');
  if ((await on.locator('[data-choose-all]').count()) > 0) await on.check('[data-choose-all]');
  await on.click('[data-choose-bar] [value="answer"]');
  await on.waitForURL(/\/groups\/[0-9A-Z]{26}$/);
  return new URL(on.url()).pathname.split('/')[2] ?? '';
}
const state = (on: Page, name: string) => on.waitForSelector(`[data-group][data-state="${name}"]`, { timeout: 60_000 });
/** Presses the button of the key; the demonstration's window of keys opens beside and is closed again. */
async function press(on: Page): Promise<void> {
  const popup = on.waitForEvent('popup');
  await on.click('[data-group-do="sign"]');
  await (await popup).close();
}
const untilOver = (on: Page): Promise<unknown> =>
  until('the summary', async () => (await on.textContent('h1').catch(() => ''))?.includes('Группа обработана'), 120_000);

test('a group of a hundred with two bad ones and a worker killed in the middle: every outcome is right', async () => {
  const sent = await sendMany(app, sender, signer, 100);
  const group = await chooseAll(page);
  expect(await page.textContent('.group-facts')).toContain('100 документов');
  await state(page, 'ready');
  expect(await barriers(page)).toEqual([]);
  const [early, late] = [sent[17], sent[71]];
  const withdraw = (id = ''): Promise<unknown> =>
    sender.post(`/documents/${id}/withdraw`, { command: app.deps.newId(), remark: 'не тот файл' });
  // One is withdrawn before the key is chosen, the other while NCALayer's window stands open.
  await withdraw(early?.id);
  await layer.plan({ ...own, delayMs: 4_000 });
  await press(page);
  await state(page, 'waiting');
  expect(await barriers(page)).toEqual([]);
  await withdraw(late?.id);
  await until('the first signatures', async () => (await countsOf(app.deps.db, group)).done >= 10, 90_000);
  await worker.kill();
  worker = WorkerProcess.start(app);
  await untilOver(page);
  expect(await countsOf(app.deps.db, group)).toEqual({ total: 100, waiting: 0, sent: 0, done: 98, failed: 2 });
  const failed = await itemsIn(app.deps.db, group, ['failed']);
  expect(failed.map(({ documentId }) => documentId).sort()).toEqual([early?.id, late?.id].sort());
  expect(await page.textContent('.note--warn')).toContain('Готово 98 из 100');
  // The record says the same as the page: each good document is signed by one accepted signature, each bad one by none.
  const states = await select<{ state: string; n: number }>(
    app.deps.db,
    `SELECT d.state, COUNT(DISTINCT s.id) AS n FROM documents d
       LEFT JOIN signatures s ON s.document_id = d.id AND s.state = 'accepted' WHERE d.id IN (:ids) GROUP BY d.id, d.state`,
    { ids: sent.map(({ id }) => id) },
  );
  expect(states.filter((row) => row.state === 'signed' && Number(row.n) === 1)).toHaveLength(98);
  expect(states.filter((row) => row.state === 'withdrawn' && Number(row.n) === 0)).toHaveLength(2);
  expect(await barriers(page)).toEqual([]);
  expect(chromium.takeTroubles()).toEqual([]);
}, 300_000);

test('an old NCALayer without lists signs one by one; a tab closed in the middle goes on at the first unsigned one', async () => {
  await layer.tell('PUT', '/control', { lists: 'refused', version: '1.2' });
  await sendMany(app, sender, signer, 3);
  const tab = await page.context().newPage();
  const group = await chooseAll(tab);
  await state(tab, 'ready');
  // The list in one call and the single document after it: a choice each; then one more document.
  await layer.plan(own);
  await press(tab);
  await until('one signature', async () => (await countsOf(app.deps.db, group)).done === 1);
  await state(tab, 'waiting');
  await tab.close();
  await page.goto(`${app.url}/to-sign`);
  expect(await page.textContent('.group-open')).toContain('1 из 3');
  expect(await barriers(page)).toEqual([]);
  await page.click('.group-open');
  await state(page, 'ready');
  await layer.plan(own, own);
  await press(page);
  await untilOver(page);
  expect(await countsOf(app.deps.db, group)).toMatchObject({ done: 3, failed: 0 });
  await layer.tell('PUT', '/control', { lists: 'all', version: '1.4' });
  await layer.tell('DELETE', '/control/plan', null);
  expect(chromium.takeTroubles()).toEqual([]);
});

test('another key of the same person in the middle of a group is refused, the rest is signed', async () => {
  await layer.tell('PUT', '/control', { modules: ['kz.gov.pki.knca.commonUtils'], version: '1.1' });
  await sendMany(app, sender, signer, 3);
  const group = await chooseAll(page);
  await state(page, 'ready');
  await layer.plan(own, { do: 'choose', key: 'dana.akhmetova-organisation' }, own);
  await press(page);
  await untilOver(page);
  expect(await countsOf(app.deps.db, group)).toMatchObject({ done: 2, failed: 1 });
  expect(await page.textContent('.group-work')).toContain('Подпись другим ключом');
  await layer.tell('PUT', '/control', { modules: ['kz.gov.pki.knca.basics', 'kz.gov.pki.knca.commonUtils'], version: '1.4' });
  // What is left is refused together, with one remark.
  await page.click('.group-again button');
  await page.waitForURL((url) => !url.pathname.endsWith(group));
  await page.goto(`${app.url}/to-sign`);
  await page.click('[data-choose-page] input');
  await page.click('[data-choose-bar] [value="refuse"]');
  await page.fill('#remark', 'Подписан на бумаге');
  await page.click('#group-start [data-primary]');
  await untilOver(page);
  expect(await page.textContent('.note--ok')).toContain('Отказано: 1 документ');
  expect(chromium.takeTroubles()).toEqual([]);
});

test('a cancelled choice loses nothing; NCALayer that dies in the middle comes back and the group goes on by itself', async () => {
  await sendMany(app, sender, signer, 3);
  const group = await chooseAll(page);
  await state(page, 'ready');
  await layer.plan({ do: 'cancel' });
  await press(page);
  await state(page, 'error-cancelled');
  expect(await page.textContent('[data-group-when="error-cancelled"]')).toContain('Ничего не потеряно');
  expect(await countsOf(app.deps.db, group)).toMatchObject({ waiting: 3 });
  await layer.plan({ do: 'die', forMs: 3_000 }, own);
  await press(page);
  await state(page, 'reconnecting');
  await untilOver(page);
  expect(await countsOf(app.deps.db, group)).toMatchObject({ done: 3 });
  expect(new Set(chromium.takeTroubles())).toEqual(new Set(['socket refused']));
});

test('the list is chosen by keyboard, a group is stopped and finished without the rest', async () => {
  await layer.tell('PUT', '/control', { lists: 'refused', version: '1.3' });
  await sendMany(app, sender, signer, 3);
  await page.goto(`${app.url}/to-sign`);
  await page.waitForSelector('[data-choose-page]:not([hidden])');
  await page.focus('[data-row-link] >> nth=0');
  await page.keyboard.press('x');
  await untilIn(page, "document.querySelector('[data-chosen]').textContent === '1'");
  await page.keyboard.press('Control+a');
  await untilIn(page, "document.querySelector('[data-chosen]').textContent === '3'");
  await page.keyboard.press('Escape');
  expect(await page.isHidden('[data-choose-bar]')).toBe(true);
  const group = await chooseAll(page);
  await state(page, 'ready');
  await layer.plan(own);
  await press(page);
  await until('one signature', async () => (await countsOf(app.deps.db, group)).done === 1);
  await state(page, 'waiting');
  await page.click('[data-group-do="pause"]');
  await state(page, 'paused');
  await page.click('[data-group-end] button');
  await untilOver(page);
  expect(await page.textContent('.note--warn')).toContain('2 документа остались без ответа');
  await layer.tell('PUT', '/control', { lists: 'all', version: '1.4' });
  expect(chromium.takeTroubles()).toEqual([]);
});

test('NCALayer absent, then installed: the page finds it without reloading and signs', async () => {
  await layer.stop();
  const group = await chooseAll(page);
  await state(page, 'missing');
  expect(await page.isVisible('details[data-os="linux"][open]')).toBe(true);
  expect(await barriers(page)).toEqual([]);
  const loaded = await page.evaluate<number>('performance.timeOrigin');
  await layer.start();
  await layer.plan(own);
  await state(page, 'ready');
  expect(await page.evaluate<number>('performance.timeOrigin')).toBe(loaded);
  await press(page);
  await untilOver(page);
  expect(await countsOf(app.deps.db, group)).toMatchObject({ done: 2, failed: 0 });
  expect(new Set(chromium.takeTroubles())).toEqual(new Set(['socket refused']));
});
