import path from 'node:path';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { WebSocketServer, type WebSocket } from 'ws';
import { openBrowser, seriousFindings, sidewaysOverflow } from '../../scripts/gallery/look';
import { pages } from '../../scripts/gallery/samples';
import { startGallery } from '../../scripts/gallery/server';

const root = path.join(__dirname, '../..');
let gallery: Awaited<ReturnType<typeof startGallery>>;
let opened: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
const troubles: string[] = [];

beforeAll(async () => {
  gallery = await startGallery(root);
  opened = await openBrowser();
  page = opened.browser.pages()[0] ?? (await opened.browser.newPage());
  // Refused sockets of an absent NCALayer, and answers of 4xx the pages expect, are logged by the browser itself.
  page.on(
    'console',
    (message) =>
      message.type() === 'error' &&
      !/WebSocket|status of 4\d\d|Status Error Code 4\d\d/.test(message.text()) &&
      troubles.push(message.text()),
  );
  page.on('pageerror', (error) => troubles.push(String(error)));
});
afterAll(async () => {
  await opened.close();
  await gallery.stop();
});
afterEach(() => {
  expect(troubles.splice(0)).toEqual([]);
});
const open = async (label: string, query = '', width = 1280): Promise<void> => {
  await page.setViewportSize({ width, height: 800 });
  await page.goto(`${gallery.url}/page/ru/light/${label}${query}`);
};

// All error pages are one template: one of them stands for the rest.
const shown = pages.map(({ label }) => label).filter((label) => !label.startsWith('error-') || label === 'error-404');

/** Waits until an expression holds in the page; Playwright's own way polls with eval, which the content policy forbids. */
const until = async (expression: string): Promise<void> => {
  for (const deadline = Date.now() + 10_000; !(await page.evaluate<boolean>(expression)); await page.waitForTimeout(50)) {
    if (Date.now() > deadline) throw new Error(`never true: ${expression}`);
  }
};

describe('every page', () => {
  test.each(shown.map((label) => [label]))('%s has no serious barrier and fits a phone', async (label) => {
    await open(label);
    expect(await seriousFindings(page, root)).toEqual([]);
    await open(label, '', 360);
    expect(await seriousFindings(page, root)).toEqual([]);
    expect(await sidewaysOverflow(page)).toBe(0);
  });
});

describe('the document', () => {
  test('shows the pages of the PDF with their text', async () => {
    await open('document');
    await page.waitForSelector('.textLayer span');
    expect(await page.textContent('.viewer-page[data-page="1"] .textLayer')).toContain('Supply contract 118/25, page 1');
    expect(await page.textContent('[data-view-place]')).toBe('1 из 12');
    await page.click('[data-view="next"]');
    await until("document.querySelector('[data-view-place]').textContent === '2 из 12'");
    expect(await page.locator('.viewer-page').count()).toBe(12);
    expect(await page.locator('.viewer-page canvas').count()).toBeLessThan(12);
  });

  test('a refusal without a reason comes back with the field marked and focused, with one the dialog closes and route and head follow', async () => {
    await open('document');
    await page.click('#do-refuse');
    await page.waitForSelector('dialog:modal textarea');
    await page.click('dialog .btn--act');
    await page.waitForSelector('dialog:modal textarea[aria-invalid="true"]');
    expect(await page.evaluate('document.activeElement.id')).toBe('remark');
    await page.fill('dialog textarea', 'Нет условия о гарантии');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.waitForSelector('#flash .note--ok');
    await page.waitForSelector('#document-route[data-rev="8"]');
    await page.waitForSelector('#document-head[data-rev="8"]');
    expect(await page.locator('#do-refuse').count()).toBe(0);
  });

  test("an outside person's page is drawn anew once their answer is in", async () => {
    await open('invitation');
    const again = page.waitForEvent('load');
    await page.evaluate("document.body.dispatchEvent(new CustomEvent('route-changed'))");
    await again;
    expect(await page.getAttribute('#document-route', 'data-reader')).toBe('asked');
  });

  test('a refused command is told in the corner and the page stays', async () => {
    await open('document');
    await page.click('#remind');
    await page.waitForSelector('#flash .note--bad');
    expect(await page.textContent('#flash')).toContain('10 минут');
    expect(await page.locator('#document-route').count()).toBe(1);
    await page.click('#flash [data-dismiss]');
    expect(await page.locator('#flash .note').count()).toBe(0);
  });

  test('the dialog of keys opens by «?» and gives the focus back', async () => {
    await open('to-sign');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const row = await page.evaluate('document.activeElement.textContent');
    expect(row).toContain('Акт выполненных работ');
    await page.keyboard.press('?');
    await page.waitForSelector('dialog:modal');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe(row);
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.name')).toBe('q');
  });
});

describe('the editor', () => {
  test('adds a stage and puts the focus on it, keeping what was typed', async () => {
    await open('editor');
    await page.fill('#title', 'Другое название');
    await page.click('#add-stage');
    await page.waitForSelector('#stage-2-kind');
    expect(await page.evaluate('document.activeElement.id')).toBe('stage-2-kind');
    expect(await page.inputValue('#title')).toBe('Другое название');
  });

  test('finds people while typing, and the keyboard alone adds one', async () => {
    await open('editor');
    await page.fill('#stage-1-search', 'петренко');
    await page.waitForSelector('#stage-1-found .suggest-item');
    await page.focus('#stage-1-search');
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate('document.activeElement.className')).toContain('suggest-item');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#stage-1 .stage-person:nth-child(3)');
    expect(await page.textContent('#stage-1 .stage-person:nth-child(3)')).toContain('Петренко');
    expect(await page.evaluate('document.activeElement.id')).toBe('stage-1-search');
  });

  test('what hinders sending is summed up, and the summary takes the focus', async () => {
    await open('editor');
    await page.click('[data-primary]');
    await page.waitForSelector('#editor-errors');
    expect(await page.evaluate('document.activeElement.id')).toBe('editor-errors');
    expect(await page.textContent('#editor-errors')).toContain('Название: Заполните это поле');
  });
});

describe('new documents', () => {
  test('each file gets its own row; a refused one can be tried again', async () => {
    await open('new');
    const before = await page.locator('.filelist > li').count();
    const files = ['a.pdf', 'b.pdf'].map((name) => ({ name, mimeType: 'application/pdf', buffer: Buffer.alloc(200_000, 'x') }));
    await page.setInputFiles('#file', files);
    await until(
      `document.querySelectorAll('.filelist > li[data-state="run"]').length === 0 && document.querySelectorAll('.filelist > li').length === ${before + 2}`,
    );
    const states = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.filelist > li')].slice(${before}).map((row) => row.dataset.state)`,
    );
    expect(states.sort()).toEqual(['done', 'fail']);
    await page.click('[data-retry]');
    await until(`document.querySelectorAll('.filelist > li[data-state="done"]').length >= 3`);
    expect(await page.locator('[data-retry]').count()).toBe(0);
  });

  test('an empty file is refused before it is sent', async () => {
    await open('new');
    await page.setInputFiles('#file', [{ name: 'empty.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(0) }]);
    const row = '.filelist > li[data-state="fail"]:has-text("empty.pdf")';
    await page.waitForSelector(row);
    expect(await page.textContent(row)).toContain('файл пуст');
  });
});

describe('signing', () => {
  type Reply = (socket: WebSocket) => void;
  const layers: WebSocketServer[] = [];
  const startLayer = async (reply: Reply, port = 0): Promise<number> => {
    const server = new WebSocketServer({ host: '127.0.0.1', port });
    layers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) => {
      socket.send('{"result":{"version":"1.4"}}');
      socket.on('message', () => reply(socket));
    });
    return (server.address() as AddressInfo).port;
  };
  const cms =
    (text: string): Reply =>
    (socket) =>
      socket.send(JSON.stringify({ status: true, body: { result: [Buffer.from(text).toString('base64')] } }));
  const stopLayers = async (): Promise<void> => {
    for (const server of layers.splice(0)) {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    }
  };
  const openSigning = async (port: number): Promise<void> => {
    await open('document', `?ncalayer=${port}`);
    await page.click('#do-sign');
    await page.waitForSelector('dialog:modal [data-sign]');
  };
  const state = (name: string) => page.waitForSelector(`[data-sign][data-state="${name}"]`);
  afterEach(stopLayers);

  test('a signature that is accepted says so, and the route behind follows', async () => {
    await openSigning(await startLayer(cms('a good signature')));
    await state('ready');
    await page.click('[data-sign-do="sign"]');
    await state('answer');
    expect(await page.textContent('[data-sign-answer]')).toContain('Подпись принята');
    expect(await page.isVisible('[data-sign-do="sign"]')).toBe(false);
    await page.waitForSelector('#document-route[data-rev="8"]');
    await page.click('[data-sign-done]');
    await page.waitForSelector('dialog', { state: 'detached' });
  });

  test("another person's key is named, and another one can be chosen at once", async () => {
    await openSigning(await startLayer(cms('the wrong key')));
    await state('ready');
    await page.click('[data-sign-do="sign"]');
    await state('answer');
    expect(await page.textContent('[data-sign-answer]')).toContain('ИИН в сертификате не ваш');
    expect(await page.isEnabled('[data-sign-do="sign"]')).toBe(true);
  });

  test.each([
    ['a cancelled choice', (socket: WebSocket) => socket.send('{"status":true,"body":{}}'), 'error-cancelled', 'Выбор ключа отменён'],
    ['a program that closes', (socket: WebSocket) => socket.close(), 'error-closed', 'NCALayer закрылся'],
    [
      'an error of the program',
      (socket: WebSocket) => socket.send('{"status":false,"code":"INVOCATION_ERROR","details":"bad password"}'),
      'error-refused-by-layer',
      'bad password',
    ],
    [
      'a program without modules',
      (socket: WebSocket) => socket.send('{"success":false,"errorCode":"MODULE_NOT_FOUND"}'),
      'error-module',
      'слишком старый',
    ],
  ])('%s is told in words and can be repeated', async (_name, reply, shown, words) => {
    await openSigning(await startLayer(reply));
    await state('ready');
    await page.click('[data-sign-do="sign"]');
    await state(shown);
    expect(await page.textContent(`[data-sign-when="${shown}"]`)).toContain(words);
    expect(await page.isEnabled('[data-sign-do="sign"]')).toBe(true);
  });

  test('an absent NCALayer is explained for this system, and the dialog goes on by itself once it runs', async () => {
    const port = await startLayer(cms('x'));
    await stopLayers();
    await openSigning(port);
    await state('missing');
    expect(await page.locator('details[data-os][open]').count()).toBe(1);
    expect(await page.textContent('details[data-os="linux"]')).toContain('Запустите NCALayer');
    await startLayer(cms('a good signature'), port);
    await state('ready');
    expect(await page.isEnabled('[data-sign-do="sign"]')).toBe(true);
  });
});
