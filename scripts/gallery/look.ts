import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

/** Flags under which Chromium draws the same on every machine and asks nobody outside. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The Chromium to use: `KENSE_CHROMIUM` or Debian's. */
export const chromiumPath = (): string => process.env.KENSE_CHROMIUM ?? '/usr/bin/chromium';

/** Starts Chromium (`KENSE_CHROMIUM` or Debian's) with a throw-away profile; `close` removes it. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<{ browser: BrowserContext; close: () => Promise<void> }> {
  const profile = mkdtempSync(path.join(tmpdir(), 'kense-browser-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(),
    headless: true,
    args: options.locale ? [...chromiumFlags, `--lang=${options.locale}`] : chromiumFlags,
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

interface AxeResult {
  violations: { id: string; impact: string | null; nodes: { target: string[] }[] }[];
}

/** Findings of axe-core that are serious or critical: `rule: selector, selector`. The source is evaluated, which the content policy does not forbid. */
export async function seriousFindings(page: Page, root: string): Promise<string[]> {
  await page.evaluate(`${readFileSync(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8')};0`);
  const result = await page.evaluate<AxeResult>("axe.run(document, { resultTypes: ['violations'] })");
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

/** How many pixels the page is wider than the window; 0 when nothing has to be scrolled sideways. */
export const sidewaysOverflow = (page: Page): Promise<number> =>
  page.evaluate('Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)');
