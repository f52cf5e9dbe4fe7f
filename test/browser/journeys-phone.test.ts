import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { createPhone } from '../../scripts/simulators/phone';
import { moduleSetting, type ModuleName } from '../../domain/settings/modules';
import { saveSetting } from '../../storage/queries/settings';
import { change, selectOne } from '../../storage/sql';
import { aPdf, type TestApplication, type TestPerson } from '../support/application';
import { Browser } from '../support/browser';
import { barriers, Chromium, focused, untilIn } from '../support/chromium';
import { demoKeyringFile, demoPerson, startDemoApplication } from '../support/demo-people';
import { sendMany } from '../support/groups';
import { waitForMails } from '../support/mail';
import { draftForOutside, sendDocument, signIn } from '../support/steps';

// Signing, entering and signing from outside with the phone: the pages of Kense on one side, the practice phone on the other.
let app: TestApplication;
let chromium: Chromium;
let phone: Server;
let phoneUrl: string;
let deputy: Page;
let initiator: Page;
const marina = demoPerson('marina.kim');
const dana = demoPerson('dana.akhmetova');
const bolat = demoPerson('bolat.abenov');

const switchOn = (name: ModuleName): Promise<void> => {
  const on = { isOn: true, by: 'test', at: new Date().toISOString() };
  return app.deps.inTx((tx) => saveSetting(tx, app.ours.id, moduleSetting(name), on, new Date()));
};

beforeAll(async () => {
  phone = createPhone({ keyringFile: demoKeyringFile() });
  await new Promise<void>((resolve) => phone.listen(0, '127.0.0.1', resolve));
  phoneUrl = `http://127.0.0.1:${(phone.address() as AddressInfo).port}`;
  app = await startDemoApplication({ KENSE_PHONE_WINDOW_URL: phoneUrl });
  await Promise.all([switchOn('group_signing'), switchOn('outside_phone')]);
  const ncalayer = new URL(app.config.ncalayer.url.replace(/^ws/, 'http')).origin;
  chromium = await Chromium.start([app.url, phoneUrl, ncalayer]);
  [initiator, deputy] = [await chromium.window(), await chromium.window()];
  await Promise.all([signIn(initiator, app.url, marina), signIn(deputy, app.url, dana)]);
});
afterAll(async () => {
  await chromium.closeWindows();
  await chromium.stop();
  phone.closeAllConnections();
  await new Promise((resolve) => phone.close(resolve));
  await app.stop();
});
afterEach(() => expect(chromium.takeTroubles()).toEqual([]));

const stage = (page: Page, name: string) => page.waitForSelector(`#phone-state[data-stage="${name}"]`);

/** Reads the code on the page with the practice phone and looks at the documents as the holder of this key. */
async function scan(page: Page, key: string): Promise<Page> {
  const opened = page.waitForEvent('popup');
  await page.click('.phone-code a[target="kense-phone"]');
  const screen = await opened;
  await look(screen, key);
  return screen;
}
async function look(screen: Page, key: string): Promise<void> {
  await screen.selectOption('#key', key);
  await screen.click('button.primary');
  await screen.waitForSelector('.documents');
}
/** Signs on the phone; what its screen says. */
async function confirm(screen: Page, more: { key?: string; misdeed?: string } = {}): Promise<string> {
  if (more.key) await screen.selectOption('#key', more.key);
  if (more.misdeed) await screen.selectOption('#misdeed', more.misdeed);
  await screen.click('button[value="sign"]');
  await screen.waitForSelector('[data-outcome]');
  return (await screen.textContent('[data-outcome]')) ?? '';
}

test('three documents are signed in one session of the phone', async () => {
  const sender = new Browser(app.url);
  await sender.get('/sign-in');
  await sender.post('/sign-in', { login: marina.login, password: marina.password });
  await sender.get('/settings/sessions');
  const found = await selectOne<{ id: string }>(app.deps.db, 'SELECT person_id AS id FROM accounts WHERE login = :login', {
    login: dana.login,
  });
  const signer: TestPerson = {
    id: found?.id ?? '',
    iin: dana.iin,
    name: dana.fullName,
    email: dana.email,
    login: dana.login,
    role: 'employee',
  };
  const documents = await sendMany(app, sender, signer, 3, 'sign', 'Phone');

  await deputy.goto(`${app.url}/to-sign`);
  await deputy.waitForSelector('[data-choose-page]:not([hidden])');
  await deputy.click('[data-choose-page] input');
  await deputy.click('[formaction="/phone"]');
  await deputy.waitForURL(/\/phone\/[0-9A-Z]{26}$/);
  await stage(deputy, 'created');
  expect(await deputy.locator('.phone-documents li').count()).toBe(3);
  await untilIn(deputy, "/^[01]:\\d\\d$/.test(document.querySelector('[data-until]').textContent)");
  expect(await deputy.evaluate("document.querySelector('.qr-code img').naturalWidth > 20")).toBe(true);
  expect(await barriers(deputy)).toEqual([]);
  await deputy.evaluate('window.notReloaded = true');

  const screen = await scan(deputy, 'dana.akhmetova-personal');
  expect(await screen.locator('.documents > li').count()).toBe(3);
  expect(await barriers(screen)).toEqual([]);
  await stage(deputy, 'given');
  expect(await deputy.textContent('[data-phone-say]')).toContain('Открыто в телефоне');
  expect(await barriers(deputy)).toEqual([]);
  expect(await confirm(screen, { misdeed: 'repeat' })).toContain('200');
  await screen.close();
  await stage(deputy, 'signed');
  expect(await deputy.textContent('#phone-state')).toContain('Подписано 3 из 3');
  expect(await deputy.evaluate('window.notReloaded')).toBe(true);
  expect(await focused(deputy)).toContain('К списку');
  expect(await barriers(deputy)).toEqual([]);
  for (const { id } of documents) await app.untilState(id, 'signed');
});

describe('the dialog of one document', () => {
  let path: string;
  beforeAll(async () => {
    path = await sendDocument(initiator, app.url, { name: 'Телефон.pdf', bytes: aPdf('Dialog') }, [{ kind: 'sign', people: ['Ахметова'] }]);
    await deputy.goto(app.url + path);
    await deputy.click('#do-sign');
    await deputy.waitForSelector('dialog:modal [data-sign]');
    await deputy.click('dialog .tabs a[href$="/phone"]');
    await stage(deputy, 'created');
  });

  test('a code whose time is over gives way to a new one', async () => {
    expect(await barriers(deputy)).toEqual([]);
    await change(app.deps.db, "UPDATE phone_sessions SET code_expires_at = '2026-01-01 00:00:00' WHERE state = 'created'", {});
    await stage(deputy, 'code-over');
    expect(await barriers(deputy)).toEqual([]);
    await deputy.click('.phone-do button');
    await stage(deputy, 'created');
  });

  test("another person's key is refused on both screens; started again, the right one is accepted and the route follows", async () => {
    const wrong = await scan(deputy, 'aidar.nurlanov-personal');
    expect(await confirm(wrong)).toContain('Ключ другого человека');
    await wrong.close();
    await stage(deputy, 'refused');
    expect(await deputy.textContent('[data-phone-say]')).toContain('Ключ другого человека');
    expect(await barriers(deputy)).toEqual([]);
    await deputy.click('.phone-do a');
    await stage(deputy, 'created');
    const screen = await scan(deputy, 'dana.akhmetova-personal');
    expect(await confirm(screen)).toContain('200');
    await screen.close();
    await stage(deputy, 'signed');
    await deputy.click('[data-phone-done]');
    await deputy.waitForSelector('dialog', { state: 'detached' });
    await deputy.waitForSelector('#document-head .state[data-state="signed"]');
  });
});

test('an invited person signs on the telephone itself without an account', async () => {
  await draftForOutside(initiator, app.url, { name: 'Доверенность.pdf', bytes: aPdf('Outside phone') }, bolat);
  const before = (await waitForMails(bolat.email, 0)).length;
  await initiator.click('#editor [data-primary]');
  await initiator.waitForSelector('#document-route');
  const [mail] = await waitForMails(bolat.email, before + 1);
  const link = mail?.links.find((each) => each.startsWith(`${app.url}/invitations/`)) ?? '';

  const guest = await chromium.window({ viewport: { width: 360, height: 780 } });
  await guest.goto(link);
  await guest.click('.act-bar .btn--primary');
  await guest.click('dialog .tabs a[href$="/phone"]');
  await stage(guest, 'created');
  expect(await guest.textContent('[data-phone]')).toContain('Есть замечания к документу?');
  const mobile = guest.locator('.phone-open a').first();
  expect([await mobile.isVisible(), await guest.locator('.qr-code').isVisible()]).toEqual([true, false]);
  expect(await barriers(guest)).toEqual([]);
  // What the application is given by the link is pasted into the practice phone: its own address is another site.
  const screen = await chromium.window({ viewport: { width: 360, height: 780 } });
  await screen.goto(phoneUrl);
  await screen.fill('#link', (await mobile.getAttribute('href')) ?? '');
  await screen.click('button.primary');
  await look(screen, 'bolat.abenov-organisation');
  expect(await confirm(screen)).toContain('200');
  expect(await barriers(screen)).toEqual([]);
  await stage(guest, 'signed');
  await guest.click('[data-phone-done]');
  await guest.waitForSelector('.note--ok:has-text("Вы подписали документ")');
  expect(await barriers(guest)).toEqual([]);
  await initiator.waitForSelector('#document-head .state[data-state="signed"]');
});

test('a person signs in by the code, and confirms their IIN by it', async () => {
  const visitor = await chromium.window();
  await visitor.goto(`${app.url}/sign-in`);
  await visitor.click('.tabs a[href^="/sign-in/qr"]');
  await stage(visitor, 'created');
  expect(await barriers(visitor)).toEqual([]);
  const screen = await scan(visitor, 'dana.akhmetova-personal');
  expect(await screen.textContent('.documents')).toContain('Это не документ');
  expect(await confirm(screen)).toContain('200');
  await screen.close();
  await visitor.waitForURL((at) => at.pathname === '/to-sign');
  await visitor.goto(`${app.url}/settings/key`);
  await visitor.click('a[href="/settings/key/phone"]');
  await stage(visitor, 'created');
  expect(await barriers(visitor)).toEqual([]);
  const again = await scan(visitor, 'dana.akhmetova-organisation');
  expect(await confirm(again)).toContain('200');
  await again.close();
  await visitor.waitForURL((at) => at.pathname === '/settings/key');
  expect(await visitor.textContent('.note--ok')).toContain('Подтверждено');
});

test('a person who declines on the phone leaves nothing behind, and every page speaks three languages', async () => {
  const path = await sendDocument(initiator, app.url, { name: 'Отказ.pdf', bytes: aPdf('Decline') }, [
    { kind: 'sign', people: ['Ахметова'] },
  ]);
  await deputy.goto(`${app.url}${path}/phone`);
  await stage(deputy, 'created');
  const screen = await scan(deputy, 'dana.akhmetova-personal');
  await screen.click('button[value="decline"]');
  await screen.waitForSelector('[data-outcome="declined"]');
  await screen.close();
  await stage(deputy, 'given');
  for (const [lang, words] of [
    ['kk', 'Телефонда ашылды'],
    ['en', 'Open on the phone'],
    ['ru', 'Открыто в телефоне'],
  ]) {
    await deputy.click(`.langs [value="${lang}"]`);
    await deputy.waitForSelector(`html[lang="${lang}"]`);
    expect(await deputy.textContent('[data-phone-say]')).toContain(words);
    expect(await barriers(deputy)).toEqual([]);
  }
});
