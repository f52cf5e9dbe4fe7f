import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { makeTextPdf } from '../signature/sheet/text-pdf';
import { openBrowser } from './gallery/look';
import { fail, say } from './launcher/command';
import { PlainFailure } from './launcher/failure';
import { defaultHomeFolder, openHome, readJson, repositoryRoot } from './launcher/home';
import { Ports } from './launcher/ports';

// Pictures of the pages for people who have not started Kense yet: docs/screenshots, at a desk and on a phone.

const widths = [
  { width: 1280, height: 800 },
  { width: 360, height: 780 },
] as const;
const largestBytes = 200 * 1024;
const startTimeoutMs = 300_000;
const pageTimeoutMs = 30_000;

interface Demo {
  url: string;
  accounts: { login: string; password: string }[];
  ncalayerWindow: string;
}

async function isRunning(demo: Demo | null): Promise<boolean> {
  if (!demo) return false;
  return fetch(`${demo.url}/readyz`, { signal: AbortSignal.timeout(3_000) }).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** The demo that runs in this home, or one started for the pictures in a folder that `stop` removes. */
async function findDemo(): Promise<{ demo: Demo; stop: () => Promise<void> }> {
  const running = readJson<Demo>(path.join(defaultHomeFolder(), 'demo.json'));
  if (running && (await isRunning(running))) return { demo: running, stop: () => Promise.resolve() };
  const home = fs.mkdtempSync(path.join(tmpdir(), 'kense-pictures-'));
  const { web } = await new Ports(openHome(home)).claim(['web']);
  say(`Starting a demo in ${home}`);
  const env = { ...process.env, KENSE_HOME: home, KENSE_PORT: String(web) };
  const child = spawn(process.execPath, [path.join(repositoryRoot(), 'scripts/start.js'), 'demo'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    await ended;
    fs.rmSync(home, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + startTimeoutMs; ; await sleep(250)) {
    const demo = readJson<Demo>(path.join(home, 'demo.json'));
    if (demo && (await isRunning(demo))) return { demo, stop };
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new PlainFailure('The demo for the pictures did not start; `npm run demo` says why.');
    }
  }
}

/** A person of the demo in front of the browser. */
class Visitor {
  constructor(
    private readonly demo: Demo,
    private readonly browser: BrowserContext,
    readonly page: Page,
  ) {}

  async signIn(login: string): Promise<void> {
    const account = this.demo.accounts.find((each) => each.login === login);
    if (!account) throw new PlainFailure(`The demo has no account ${login}.`);
    await this.browser.clearCookies();
    await this.page.goto(`${this.demo.url}/sign-in`);
    await this.page.fill('#login', account.login);
    await this.page.fill('#password', account.password);
    await this.page.keyboard.press('Enter');
    await this.page.waitForSelector('.top-org', { state: 'attached' });
  }

  async open(address: string): Promise<void> {
    await this.page.goto(new URL(address, this.demo.url).href);
  }

  /** Opens a document of this list by words of its title; false when the list does not have it. */
  async openDocument(list: string, words: string): Promise<boolean> {
    await this.open(list);
    const link = this.page.locator('a[data-row-link]', { hasText: words });
    if ((await link.count()) === 0) return false;
    await link.first().click();
    await this.page.waitForSelector('#document-route');
    return true;
  }

  /** Approves a document that waits for this person. */
  async approve(login: string, words: string): Promise<void> {
    await this.signIn(login);
    if (!(await this.openDocument('/to-sign', words))) return;
    await this.page.click('#do-approve');
    await this.page.click('dialog:modal .btn--act');
    await this.page.waitForSelector('#do-approve', { state: 'detached' });
  }

  /** Signs a document that waits for this person with a key of the keyring. */
  async sign(login: string, words: string, key: string): Promise<void> {
    await this.signIn(login);
    if (!(await this.openDocument('/to-sign', words))) return;
    await fetch(`${this.demo.ncalayerWindow}/control/plan`, { method: 'POST', body: JSON.stringify([{ do: 'choose', key }]) });
    await this.openSigning();
    await this.page.click('[data-sign-do="sign"]');
    await this.page.waitForSelector('[data-sign-answer] [data-signed]');
  }

  async openSigning(): Promise<void> {
    await this.page.locator('#do-sign:visible, .act-bar .btn--primary:visible').first().click();
    await this.page.waitForSelector('[data-sign][data-state="ready"]');
  }
}

const contract = '118/25';
const act = '№ 42';
const order = '57-к';

/** Further documents that Marina Kim sends to the head, so that his list is one of a working day. */
const further = [
  { title: 'Акт сверки взаимных расчётов на 31.10.2026', kind: 'act', counterparty: 'АО «Өскемен Кабель»', stage: 'sign', dueInDays: 1 },
  { title: 'Служебная записка: замена насоса НС-3', kind: 'letter', counterparty: '', stage: 'approve', dueInDays: 3 },
  {
    title: 'Доп. соглашение № 3 к договору аренды 44-А',
    kind: 'contract',
    counterparty: 'ТОО «Іле Девелопмент»',
    stage: 'sign',
    dueInDays: 7,
  },
  { title: 'Счёт-договор № 9 на поверку приборов', kind: 'invoice', counterparty: 'РГП «Метрология Юг»', stage: 'sign', dueInDays: null },
] as const;

const dayMs = 86_400_000;
const dateIn = (days: number): string => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);

async function sendFurther(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await visitor.signIn('marina.kim');
  for (const { title, kind, counterparty, stage, dueInDays } of further) {
    if (await visitor.openDocument('/documents?state=in-signing', title)) continue;
    const pdf = Buffer.from(await makeTextPdf([title, 'Приложения на 2 листах.']));
    await visitor.open('/documents/new');
    await page.waitForSelector('[data-drop-text]:not([hidden])');
    await page.setInputFiles('#file', { name: `${title.replace(/[:№]/g, '')}.pdf`, mimeType: 'application/pdf', buffer: pdf });
    await page.click('.filelist > li[data-state="done"] a.btn');
    await page.fill('#title', title);
    await page.selectOption('#kind', kind);
    await page.fill('#counterparty-name', counterparty);
    await page.selectOption('#stage-0-kind', stage);
    if (dueInDays !== null) await page.fill('#stage-0-due', dateIn(dueInDays));
    await page.focus('#stage-0-search');
    await page.keyboard.type('нұрланов');
    await page.click('#stage-0-found .suggest-item');
    await page.waitForSelector('#stage-0-person-0');
    await page.click('#editor [data-primary]');
    await page.waitForSelector('#document-route');
  }
}

/** Brings the demo's documents to where the pictures want them, through the pages; what has happened already is left alone. */
async function prepare(visitor: Visitor): Promise<void> {
  await sendFurther(visitor);
  await visitor.approve('yerlan.kassymov', contract);
  await visitor.approve('saule.omarova', contract);
  await visitor.approve('marina.kim', order);
  await visitor.sign('dana.akhmetova', act, 'dana.akhmetova-organisation');
}

/** How each picture's page is reached, as the head of the organisation where somebody has to be signed in. */
const pictures: Record<string, (visitor: Visitor) => Promise<void>> = {
  'sign-in': async (visitor) => {
    await visitor.open('/sign-in');
  },
  'to-sign': async (visitor) => {
    await visitor.open('/to-sign');
  },
  document: async (visitor) => {
    await openContract(visitor);
  },
  signing: async (visitor) => {
    await openContract(visitor);
    await visitor.openSigning();
  },
  phone: async (visitor) => {
    await openContract(visitor);
    await visitor.openSigning();
    await visitor.page.click('dialog .tabs a[href$="/phone"]');
    await visitor.page.waitForSelector('dialog [data-phone-say]');
  },
  group: async (visitor) => {
    await visitor.open('/to-sign');
    await visitor.page.waitForSelector('[data-choose-bar][data-live]', { state: 'attached' });
    for (const box of await visitor.page.locator('.table-check input[name="id"]').all()) await box.check();
    await visitor.page.click('[data-choose-bar] [value="answer"]');
    await visitor.page.waitForSelector('[data-group][data-state="ready"]');
  },
  report: async (visitor) => {
    if (!(await visitor.openDocument('/documents?state=signed', act))) throw goneOn();
    await visitor.page.click('details.checks > summary');
    await visitor.page.click('details[open] a[href*="/signatures/"]:not([href$=".cms"])');
    await visitor.page.waitForURL(/\/signatures\/[0-9A-Z]{26}$/);
  },
  check: async (visitor) => {
    if (!(await visitor.openDocument('/documents?state=signed', act))) throw goneOn();
    const address = await visitor.page.getAttribute('a[href*="/check/"]', 'href');
    await visitor.open(address ?? '');
  },
};

const goneOn = (): PlainFailure =>
  new PlainFailure('The documents of this demo have gone on since it was new; start over: npm run demo -- --reset');

async function openContract(visitor: Visitor): Promise<void> {
  if (!(await visitor.openDocument('/to-sign', contract))) throw goneOn();
  await visitor.page.waitForSelector('.textLayer span');
}

async function take(visitor: Visitor, folder: string): Promise<void> {
  for (const [name, reach] of Object.entries(pictures)) {
    if (name === 'to-sign') await visitor.signIn('aidar.nurlanov');
    for (const size of widths) {
      await visitor.page.setViewportSize(size);
      await reach(visitor);
      await visitor.page.mouse.move(0, 0);
      const file = path.join(folder, `${name}-${size.width}.png`);
      // The caret is left as it is: hiding it takes a style the content policy forbids.
      await visitor.page.screenshot({ path: file, caret: 'initial', animations: 'disabled' });
      const { size: bytes } = fs.statSync(file);
      if (bytes > largestBytes) throw new PlainFailure(`${file} has ${bytes} bytes; a picture may have ${largestBytes}.`);
      say(`  ${path.relative(repositoryRoot(), file)}, ${Math.round(bytes / 1024)} KB`);
    }
  }
}

/** Takes the pictures of docs/screenshots from the demo that runs, or from one started for them. */
export async function main(args: string[]): Promise<void> {
  try {
    if (args.length > 0) throw new PlainFailure(`npm run screenshots takes no arguments, not ${args.join(' ')}.`);
    const folder = path.join(repositoryRoot(), 'docs/screenshots');
    fs.mkdirSync(folder, { recursive: true });
    const { demo, stop } = await findDemo();
    try {
      const { browser, close } = await openBrowser({ locale: 'ru-RU' });
      try {
        browser.setDefaultTimeout(pageTimeoutMs);
        const visitor = new Visitor(demo, browser, browser.pages()[0] ?? (await browser.newPage()));
        say(`Taking pictures of ${demo.url}`);
        await prepare(visitor);
        await browser.clearCookies();
        await take(visitor, folder);
      } finally {
        await close();
      }
    } finally {
      await stop();
    }
  } catch (error) {
    fail(error, null);
  }
}
