import type { Page } from 'playwright-core';
import type { Planned } from '../../scripts/simulators/ncalayer/desk';
import { aPdf, type TestApplication } from '../support/application';
import { barriers, Chromium } from '../support/chromium';
import { demoPerson, startDemoApplication } from '../support/demo-people';
import { waitForMails } from '../support/mail';
import { OwnNcaLayer } from '../support/ncalayer';
import { draftForOutside, openSigning, sendDocument, signIn, signState } from '../support/steps';

// Signing when something goes wrong, and signing by those who have no account. NCALayer is this file's own: it is shut down and started.
let app: TestApplication;
let chromium: Chromium;
const layer = new OwnNcaLayer();
const marina = demoPerson('marina.kim');
const dana = demoPerson('dana.akhmetova');
const bolat = demoPerson('bolat.abenov');
let initiator: Page;
let deputy: Page;
let document: string;

const words = (page: Page, state: string): Promise<string | null> => page.textContent(`[data-sign-when="${state}"]`);
const keyOf = (person: { login: string }, kind: string): Planned => ({ do: 'choose', key: `${person.login}-${kind}` });

beforeAll(async () => {
  await layer.start();
  // Without the simulator's window: as on a computer with the real program.
  app = await startDemoApplication({ KENSE_NCALAYER_URL: `ws://${layer.address}`, KENSE_NCALAYER_WINDOW_URL: `http://${layer.address}` });
  chromium = await Chromium.start([app.url, `http://${layer.address}`]);
  [initiator, deputy] = [await chromium.window(), await chromium.window()];
  await Promise.all([signIn(initiator, app.url, marina), signIn(deputy, app.url, dana)]);
  document = await sendDocument(initiator, app.url, { name: 'Акт.pdf', bytes: aPdf('Act') }, [{ kind: 'sign', people: ['Ахметова'] }]);
});
afterAll(async () => {
  await chromium.closeWindows();
  await chromium.stop();
  await layer.stop();
  await app.stop();
});
afterEach(() => expect(chromium.takeTroubles()).toEqual([]));

const press = async (page: Page): Promise<void> => {
  const popup = page.waitForEvent('popup');
  await page.click('[data-sign-do="sign"]');
  await (await popup).close();
};

describe('one dialog, one document, one thing after another', () => {
  beforeAll(async () => {
    await deputy.goto(app.url + document);
    await openSigning(deputy);
  });

  test('a choice cancelled in NCALayer is no error', async () => {
    await layer.plan({ do: 'cancel' });
    await press(deputy);
    await signState(deputy, 'error-cancelled');
    expect(await words(deputy, 'error-cancelled')).toContain('Выбор ключа отменён');
  });

  test.each([
    ["another person's key", 'aidar.nurlanov-organisation', 'Ключ другого человека'],
    ['a key whose time is over', 'dana.akhmetova-expired', 'срок сертификата уже истёк'],
    ['a key for signing in', 'dana.akhmetova-authentication', 'Этот ключ не для подписи документов'],
  ])('%s is refused by the server in words, and another can be chosen at once', async (_what, key, why) => {
    await layer.plan({ do: 'choose', key });
    await press(deputy);
    await signState(deputy, 'answer');
    expect(await words(deputy, 'answer')).toContain('Подпись не принята');
    expect(await words(deputy, 'answer')).toContain(why);
    expect(await deputy.isEnabled('[data-sign-do="sign"]')).toBe(true);
    expect(await barriers(deputy)).toEqual([]);
    expect(chromium.takeTroubles()).toEqual(['422 /documents/:id/sign/:id']);
  });

  test('NCALayer that closes in the middle of the dialogue is told', async () => {
    await layer.plan({ do: 'close' });
    await press(deputy);
    await signState(deputy, 'error-closed');
    expect(await words(deputy, 'error-closed')).toContain('NCALayer закрылся');
  });

  test('NCALayer that is not there: what to install, then it starts and the same dialog goes on', async () => {
    await layer.stop();
    await deputy.keyboard.press('Escape');
    await deputy.waitForSelector('dialog', { state: 'detached' });
    await deputy.click('#do-sign');
    await signState(deputy, 'missing');
    expect(await words(deputy, 'missing')).toContain('NCALayer не отвечает');
    expect(await deputy.textContent('details[data-os="linux"][open]')).toContain('ncl.pki.gov.kz');
    expect(await barriers(deputy)).toEqual([]);
    await deputy.evaluate('window.notReloaded = true');
    await layer.start();
    // By the button, unless the dialog has found it by itself already.
    await deputy.click('[data-sign-do="retry"]', { timeout: 1_000 }).catch(() => undefined);
    await signState(deputy, 'ready');
    await layer.plan(keyOf(dana, 'personal'));
    await press(deputy);
    await signState(deputy, 'answer');
    expect(await words(deputy, 'answer')).toContain('Подпись принята и действительна');
    expect(await deputy.evaluate('window.notReloaded')).toBe(true);
    expect(new Set(chromium.takeTroubles())).toEqual(new Set(['socket refused']));
  });
});

test('a person outside signs by the link of the mail; the link then shows the answer', async () => {
  await draftForOutside(initiator, app.url, { name: 'Доверенность.pdf', bytes: aPdf('Attorney') }, bolat);
  expect(await barriers(initiator)).toEqual([]);
  const before = (await waitForMails(bolat.email, 0)).length;
  await initiator.click('#editor [data-primary]');
  await initiator.waitForSelector('#document-route');
  const mails = await waitForMails(bolat.email, before + 1);
  const link = mails[0]?.links.find((each) => each.startsWith(`${app.url}/invitations/`)) ?? '';

  const guest = await chromium.window({ viewport: { width: 360, height: 780 } });
  await guest.goto(link);
  expect(await guest.textContent('.note--run')).toContain('просит вас подписать');
  expect(await barriers(guest)).toEqual([]);
  await initiator.waitForSelector('#document-route :text("прочитано")');
  await guest.click('.act-bar .btn--primary');
  await signState(guest, 'ready');
  expect(await barriers(guest)).toEqual([]);
  await layer.plan(keyOf(bolat, 'organisation'));
  await press(guest);
  await signState(guest, 'answer');
  expect(await words(guest, 'answer')).toContain('Подпись принята и действительна');
  await guest.click('[data-sign-done]');
  await guest.waitForSelector('.note--ok:has-text("Вы подписали документ")');
  expect(await barriers(guest)).toEqual([]);
  await initiator.waitForSelector('#document-head .state[data-state="signed"]');
  await guest.goto(link);
  expect(await guest.textContent('.note--ok')).toContain('Отменить ответ нельзя');
});
