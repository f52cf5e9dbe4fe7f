import path from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Download, type Page } from 'playwright-core';
import { chromiumFlags, chromiumPath, seriousFindings, sidewaysOverflow } from '../../scripts/gallery/look';
import { until } from './until';

const root = path.join(__dirname, '../..');
/** What an address names (ids, tokens, session ids) differs in each run; troubles are compared without it. */
const plainPath = (url: string): string =>
  new URL(url).pathname.replace(/\/[0-9A-Z]{26}(?=\/|$)/g, '/:id').replace(/\/invitations\/[\w-]+/, '/invitations/:token');

/**
 * Chromium for journeys: a window for each person, all of them watched. Anything a person would call broken is a trouble: an error in the
 * console (a breach of the content policy is one), an exception of a page, an answer of 5xx, a request to another site.
 */
export class Chromium {
  private readonly troubles: string[] = [];
  private readonly contexts: BrowserContext[] = [];

  private constructor(
    private readonly browser: Browser,
    /** Origins the pages may speak to: the application itself and NCALayer. */
    private readonly origins: readonly string[],
  ) {}

  static async start(origins: readonly string[]): Promise<Chromium> {
    const browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: [...chromiumFlags] });
    return new Chromium(browser, origins);
  }

  /** A window of somebody's own: no cookies, the size of a small desk screen, Russian. */
  async window(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ locale: 'ru-RU', viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(15_000);
    this.contexts.push(context);
    context.on('page', (page) => this.watch(page));
    context.on('request', (request) => this.note(this.isForeign(request.url()), `foreign request: ${request.url()}`));
    context.on('response', (response) => this.note(response.status() >= 500, `answer ${response.status()}: ${plainPath(response.url())}`));
    return context.newPage();
  }

  /** The troubles since the last call, sorted; afterwards there are none. Each refused request is told twice: by htmx and by Chromium. */
  takeTroubles(): string[] {
    return this.troubles.splice(0).sort();
  }

  async closeWindows(): Promise<void> {
    for (const context of this.contexts.splice(0)) await context.close();
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }

  private note(isTrouble: boolean, what: string): void {
    if (isTrouble) this.troubles.push(what);
  }

  private isForeign(url: string): boolean {
    const { origin, protocol } = new URL(url);
    return !['data:', 'blob:'].includes(protocol) && !this.origins.includes(origin);
  }

  private watch(page: Page): void {
    page.on('pageerror', (error) => this.troubles.push(`exception: ${String(error)}`));
    page.on('websocket', (socket) => this.note(this.isForeign(socket.url().replace(/^ws/, 'http')), `foreign socket: ${socket.url()}`));
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      const text = message.text();
      const { url } = message.location();
      const [, refused] = /status of (4\d\d)/.exec(text) ?? [];
      const [, status, where] = /Response Status Error Code (4\d\d) from (\S+)/.exec(text) ?? [];
      if (refused) this.troubles.push(`${refused} ${plainPath(url)}`);
      else if (status && where) this.troubles.push(`htmx ${status} ${plainPath(new URL(where, 'http://page').href)}`);
      else if (/WebSocket connection to .* failed/.test(text)) this.troubles.push('socket refused');
      else this.troubles.push(`console: ${text}`);
    });
  }
}

/** Serious and critical findings of axe and the width to be scrolled sideways: nothing of it may be found on any page. */
export async function barriers(page: Page): Promise<string[]> {
  await untilStill(page);
  const found = await seriousFindings(page, root);
  const overflow = await sidewaysOverflow(page);
  return overflow > 0 ? [...found, `${page.url()} is ${overflow} px too wide`] : found;
}

/** Waits until nothing fades from one colour to another any more: half-way, a button has the contrast of neither. */
const untilStill = (page: Page): Promise<unknown> =>
  page.evaluate('Promise.all(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished.catch(() => null)))');

/** Waits until an expression holds in the page; Playwright's own way polls with eval, which the content policy forbids. */
export const untilIn = (page: Page, expression: string): Promise<boolean> =>
  until(expression, async () => page.evaluate<boolean>(expression), 15_000);

/** What the element with the focus is, as a person finds it: its accessible words. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(
    "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || document.activeElement.name || '').trim()",
  );

/** Presses something that starts a download and returns the file's name and bytes. */
export async function downloaded(page: Page, press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  return { name: download.suggestedFilename(), bytes: await bytesOf(download) };
}

async function bytesOf(download: Download): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await download.createReadStream()) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
