import type { Page } from 'playwright-core';
import { aPdf, type TestApplication } from '../support/application';
import { barriers, Chromium, focused, untilIn } from '../support/chromium';
import { demoPerson, startDemoApplication } from '../support/demo-people';
import { OwnNcaLayer } from '../support/ncalayer';
import { openSigning, sendDocument, signIn, signState } from '../support/steps';

// People who show who they are with a key, and what becomes of a signature afterwards. NCALayer is this file's own.
let app: TestApplication;
let chromium: Chromium;
const layer = new OwnNcaLayer();
const marina = demoPerson('marina.kim');
const dana = demoPerson('dana.akhmetova');

const formState = (page: Page, state: string): Promise<boolean> =>
  untilIn(page, `document.querySelector('[data-key-form]')?.dataset.state === '${state}'`);
const press = async (page: Page, what: string): Promise<void> => {
  const popup = page.waitForEvent('popup');
  await page.click(what);
  await (await popup).close();
};

beforeAll(async () => {
  await layer.start();
  app = await startDemoApplication({ KENSE_NCALAYER_URL: `ws://${layer.address}`, KENSE_NCALAYER_WINDOW_URL: `http://${layer.address}` });
  chromium = await Chromium.start([app.url, `http://${layer.address}`]);
  // The directory makes a person of whoever has signed in once.
  const first = await chromium.window();
  await signIn(first, app.url, dana);
});
afterAll(async () => {
  await chromium.closeWindows();
  await chromium.stop();
  await layer.stop();
  await app.stop();
});
afterEach(() => expect(chromium.takeTroubles()).toEqual([]));

test('a person signs in with a key; one cancelled, one of a stranger, and then the right one', async () => {
  const page = await chromium.window();
  await page.goto(`${app.url}/sign-in/eds`);
  await formState(page, 'ready');
  expect(await barriers(page)).toEqual([]);
  expect(await focused(page)).toBe('Выбрать ключ и войти');

  await layer.plan({ do: 'cancel' });
  await press(page, '[data-key-do="sign"]');
  await formState(page, 'error-cancelled');

  await layer.plan({ do: 'choose', key: 'marina.kim-personal' });
  await press(page, '[data-key-do="sign"]');
  await page.waitForSelector('.errors');
  expect(await page.textContent('.errors')).toContain('с этим ИИН');
  expect(await barriers(page)).toEqual([]);
  expect(chromium.takeTroubles()).toEqual(['422 /sign-in/eds']);

  await formState(page, 'ready');
  await layer.plan({ do: 'choose', key: 'dana.akhmetova-personal' });
  await press(page, '[data-key-do="sign"]');
  await page.waitForURL((at) => !at.pathname.startsWith('/sign-in'));
  expect(await page.textContent('.top-org')).toContain('Ахметова');

  await page.goto(`${app.url}/settings/key`);
  await formState(page, 'ready');
  expect(await page.textContent('main')).toContain('Подтверждено');
  expect(await barriers(page)).toEqual([]);
});

test('a signature gathers its proof before the eyes of its signer, and its report is there to read', async () => {
  const initiator = await chromium.window();
  await signIn(initiator, app.url, marina);
  const document = await sendDocument(initiator, app.url, { name: 'Акт.pdf', bytes: aPdf('Act') }, [
    { kind: 'sign', people: ['Ахметова'] },
  ]);
  const signer = await chromium.window();
  await signIn(signer, app.url, dana);
  await signer.goto(app.url + document);
  await openSigning(signer);
  await layer.plan({ do: 'choose', key: 'dana.akhmetova-organisation' });
  await press(signer, '[data-sign-do="sign"]');
  await signState(signer, 'answer');
  await signer.click('[data-sign-done]');
  await untilIn(signer, `document.querySelector('[data-proof="complete"]') !== null`);
  expect(await signer.textContent('[data-proof]')).toContain('Доказательство собрано');

  await signer.click('details.checks > summary');
  await signer.click('a[href*="/signatures/"]:not([href$=".cms"])');
  await signer.waitForURL(/\/signatures\/[0-9A-Z]{26}$/);
  expect(await signer.textContent('h1')).toBe('Отчёт о проверке подписи');
  expect(await signer.textContent('main')).toContain('OCSP');
  expect(await barriers(signer)).toEqual([]);
});
