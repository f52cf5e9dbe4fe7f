import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { pages } from './gallery/samples';
import { openBrowser, seriousFindings, sidewaysOverflow } from './gallery/look';
import { startGallery } from './gallery/server';

/**
 * Takes a picture of every sample page and names what is wrong with it: `gallery.js FOLDER [label…]`. Widths 1280 and 360, Russian
 * in light and dark, Kazakh and English in light. Without a folder it only serves the pages.
 */
async function main([folder, ...labels]: string[]): Promise<void> {
  const root = path.resolve(process.env.KENSE_ROOT ?? process.cwd());
  const gallery = await startGallery(root);
  if (!folder) return void console.log(`${gallery.url}/`);
  mkdirSync(folder, { recursive: true });
  const { browser, close } = await openBrowser();
  const page = browser.pages()[0] ?? (await browser.newPage());
  const troubles: string[] = [];
  page.on(
    'console',
    (message) => message.type() === 'error' && !/ws:\/\/127\.0\.0\.1/.test(message.text()) && troubles.push(message.text()),
  );
  page.on('pageerror', (error) => troubles.push(error.message));
  const views = [
    ['ru', 'light'],
    ['ru', 'dark'],
    ['kk', 'light'],
    ['en', 'light'],
  ] as const;
  let bad = 0;
  for (const { label } of pages.filter((sample) => labels.length === 0 || labels.includes(sample.label))) {
    for (const [lang, theme] of views) {
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 800 });
        await page.goto(`${gallery.url}/page/${lang}/${theme}/${label}`);
        await page.waitForTimeout(label.startsWith('document') || label.startsWith('invitation') ? 900 : 150);
        const found = [...(await seriousFindings(page, root)), ...troubles.splice(0)];
        const overflow = await sidewaysOverflow(page);
        if (overflow > 0) found.push(`wider than the window by ${overflow} px`);
        if (found.length > 0) console.log(`${label} ${lang} ${theme} ${width}: ${found.join('; ')}`);
        bad += found.length;
        await page.screenshot({ path: path.join(folder, `${label}-${lang}-${theme}-${width}.png`), fullPage: width === 360 });
      }
    }
  }
  await close();
  await gallery.stop();
  console.log(`${bad} findings`);
}

void main(process.argv.slice(2));
