import type { Page } from 'playwright-core';
import { select } from '../../storage/sql';
import { aPdf, type TestApplication } from '../support/application';
import { barriers, Chromium, focused, untilIn } from '../support/chromium';
import { demoPerson, startDemoApplication } from '../support/demo-people';
import { ncalayerWindow } from '../support/ncalayer';
import { sendDocument, signIn } from '../support/steps';

// The ways people take through the pages: two tabs, the back button, other languages, the dark theme, the keyboard alone, a phone.
let app: TestApplication;
let chromium: Chromium;
const marina = demoPerson('marina.kim');
const saule = demoPerson('saule.omarova');
let initiator: Page;
let clerk: Page;
const sent: string[] = [];

beforeAll(async () => {
  app = await startDemoApplication();
  chromium = await Chromium.start([app.url, ncalayerWindow()]);
  [initiator, clerk] = [await chromium.window(), await chromium.window()];
  await Promise.all([signIn(initiator, app.url, marina), signIn(clerk, app.url, saule)]);
  for (const number of [1, 2, 3]) {
    const file = { name: `Служебная записка ${number}.pdf`, bytes: aPdf(`Memo ${number}`) };
    sent.push(await sendDocument(initiator, app.url, file, [{ kind: 'approve', people: ['Омарова'] }]));
  }
});
afterAll(async () => {
  await chromium.closeWindows();
  await chromium.stop();
  await app.stop();
});
afterEach(() => expect(chromium.takeTroubles()).toEqual([]));

const actionsOf = (path: string): Promise<string[]> => app.auditActions(path.split('/').at(-1) ?? '');

test('the back button after sending does not send again', async () => {
  const path = sent[2] ?? '';
  expect(new URL(initiator.url()).pathname).toBe(path);
  await initiator.goBack();
  await initiator.waitForSelector('#editor, #document-route');
  if ((await initiator.locator('#editor').count()) > 0) await initiator.click('#editor [data-primary]');
  await initiator.waitForSelector('#document-route');
  expect(await actionsOf(path)).toEqual(['document.uploaded', 'route.sent']);
  const routes = await select(app.deps.db, 'SELECT id FROM routes WHERE document_id = :id', { id: path.split('/').at(-1) ?? '' });
  expect(routes).toHaveLength(1);
});

test('of two tabs that answer, one answers and the other is told so', async () => {
  const path = sent[0] ?? '';
  const other = await clerk.context().newPage();
  for (const page of [clerk, other]) {
    await page.goto(app.url + path);
    await page.click('#do-approve');
    await page.waitForSelector('dialog:modal');
  }
  await clerk.keyboard.press('Control+Enter');
  await clerk.waitForSelector('#flash .note--ok');
  await other.click('dialog:modal .btn--act');
  await other.waitForSelector('dialog:modal :text("Вы уже ответили"), dialog:modal :text("Маршрут уже завершён")');
  expect(await barriers(other)).toEqual([]);
  expect(chromium.takeTroubles()).toEqual(['409 /documents/:id/approve']);
  await other.close();
  expect(await actionsOf(path)).toEqual(['document.uploaded', 'route.sent', 'route.approved']);
});

test('the language is switched on the page of a document and stays', async () => {
  await clerk.goto(app.url + (sent[1] ?? ''));
  for (const [lang, word] of [
    ['kk', 'Бағыт'],
    ['en', 'Route'],
    ['ru', 'Маршрут'],
  ] as const) {
    await clerk.click(`.top .langs button[value="${lang}"]`);
    await untilIn(clerk, `document.documentElement.lang === '${lang}'`);
    expect(new URL(clerk.url()).pathname).toBe(sent[1]);
    expect(await clerk.textContent('#route-h')).toBe(word);
    expect(await barriers(clerk)).toEqual([]);
  }
  expect(await clerk.textContent('#card')).toBe('Карточка');
});

test('the dark theme is chosen in the menu and keeps its contrasts', async () => {
  await clerk.goto(app.url + (sent[1] ?? ''));
  await clerk.click('.top details.drop > summary');
  await clerk.click('.drop-item[value="dark"]');
  await untilIn(clerk, "document.documentElement.dataset.theme === 'dark'");
  expect(await barriers(clerk)).toEqual([]);
  await clerk.click('#do-refuse');
  await clerk.waitForSelector('dialog:modal textarea');
  expect(await barriers(clerk)).toEqual([]);
  for (const path of ['/to-sign', '/documents', '/documents/new', '/settings/sessions']) {
    await clerk.goto(app.url + path);
    expect([path, await barriers(clerk)]).toEqual([path, []]);
  }
  await clerk.click('.top details.drop > summary');
  await clerk.click('.drop-item[value="light"]');
  await untilIn(clerk, "document.documentElement.dataset.theme === 'light'");
});

describe('the keyboard alone', () => {
  test('Tab starts with the way past the menu, and what has the focus is always seen', async () => {
    await clerk.goto(`${app.url}/to-sign`);
    const seen: string[] = [];
    for (let step = 0; step < 30; step++) {
      await clerk.keyboard.press('Tab');
      if (await clerk.evaluate('document.activeElement === document.body')) break;
      seen.push(await focused(clerk));
      const mark = await clerk.evaluate<string>(`(() => {
        const holder = document.activeElement.closest('.input-box, .top-search') ?? document.activeElement;
        return [document.activeElement, holder].map((element) => {
          const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
          return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
        }).includes(true) ? '' : document.activeElement.outerHTML.slice(0, 200);
      })()`);
      expect(mark).toBe('');
    }
    expect(seen[0]).toBe('К содержанию');
    expect(seen.findIndex((words) => words.includes('Служебная записка'))).toBeGreaterThan(seen.indexOf('Создать'));
    expect(new Set(seen).size).toBeGreaterThan(12);
  });

  test('J, K and Enter open a row, S the dialog, Esc closes it, Ctrl+Enter answers', async () => {
    await clerk.goto(`${app.url}/to-sign`);
    await clerk.keyboard.press('j');
    const first = await focused(clerk);
    await clerk.keyboard.press('j');
    expect(await focused(clerk)).not.toBe(first);
    await clerk.keyboard.press('k');
    expect(await focused(clerk)).toBe(first);
    await clerk.keyboard.press('Enter');
    await clerk.waitForSelector('#document-route');
    expect(await clerk.textContent('h1')).toBe(first);
    await clerk.keyboard.press('s');
    await clerk.waitForSelector('dialog:modal');
    await clerk.keyboard.press('Escape');
    await clerk.waitForSelector('dialog', { state: 'detached' });
    await clerk.keyboard.press('s');
    await clerk.waitForSelector('dialog:modal');
    await clerk.keyboard.press('Control+Enter');
    await clerk.waitForSelector('#flash .note--ok');
    await clerk.waitForSelector('#document-head .state[data-state="signed"]');
    expect(await actionsOf(new URL(clerk.url()).pathname)).toContain('route.approved');
  });
});

test('a phone: every page of the way fits 360 px and its menu opens', async () => {
  const phone = await chromium.window({ viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true });
  await signIn(phone, app.url, saule);
  const waiting = sent.slice(1);
  for (const path of ['/', '/to-sign', '/in-signing', '/documents', '/documents/new', '/trash', '/settings/sessions', ...waiting]) {
    await phone.goto(app.url + path);
    expect([path, await barriers(phone)]).toEqual([path, []]);
  }
  await phone.click('.top-menu');
  await phone.waitForSelector('#menu a[href="/to-sign"]:visible');
  expect(await barriers(phone)).toEqual([]);
  await phone.click('#menu a[href="/to-sign"]');
  await phone.click('a[data-row-link]');
  await phone.click('.act-bar .btn--primary');
  await phone.waitForSelector('dialog:modal');
  expect(await barriers(phone)).toEqual([]);
  await phone.click('dialog:modal .btn--act');
  await phone.waitForSelector('#document-head .state[data-state="signed"]');
});
