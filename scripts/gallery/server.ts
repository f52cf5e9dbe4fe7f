import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { PDFDocument, StandardFonts } from '@cantoo/pdf-lib';
import express from 'express';
import type { Lang } from '../../domain/languages';
import { createRenderer } from '../../server/kit/render';
import type { Theme } from '../../server/kit/views';
import { langs, openTexts } from '../../services/texts/i18n';
import { galleryAnswers } from './answers';
import { contextOf } from './context';
import { pages } from './samples';

/** The policy every page of the product is served with; the gallery uses it too, so that a violation shows here first. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self' wss://127.0.0.1:13579 ws://127.0.0.1:*",
  "form-action 'self'",
  "frame-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "object-src 'none'",
].join('; ');

async function samplePdf(): Promise<Buffer> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.TimesRoman);
  for (let n = 1; n <= 12; n += 1) pdf.addPage([595, 842]).drawText(`Supply contract 118/25, page ${n}`, { x: 72, y: 760, size: 16, font });
  return Buffer.from(await pdf.save());
}

/** Serves every sample page at `/page/<lang>/<theme>/<label>` on a free port of this computer; resolves with the address and a way to stop. */
export async function startGallery(root: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const app = express();
  const render = createRenderer(openTexts({ root, isStrict: false }), { root, isStrict: false });
  const pdf = await samplePdf();
  const vendor = path.join(root, 'node_modules/pdfjs-dist');
  app.use((_req, res, next) => {
    res.set({ 'Content-Security-Policy': contentSecurityPolicy, 'Cache-Control': 'no-store' });
    next();
  });
  app.get('/assets/vendor/htmx.js', (_req, res) => res.sendFile(path.join(root, 'node_modules/htmx.org/dist/htmx.min.js')));
  for (const name of ['pdf.mjs', 'pdf.worker.mjs'])
    app.get(`/assets/vendor/${name}`, (_req, res) => res.sendFile(path.join(vendor, 'legacy/build', name)));
  for (const folder of ['cmaps', 'standard_fonts', 'wasm']) app.use(`/assets/vendor/${folder}`, express.static(path.join(vendor, folder)));
  app.use('/assets', express.static(path.join(root, 'views/assets')));
  app.get('/', (_req, res) =>
    res.send(
      pages.map(({ label }) => langs.map((lang) => `<a href="/page/${lang}/light/${label}">${label} ${lang}</a>`).join(' ')).join('<br>'),
    ),
  );
  app.get('/favicon.ico', (_req, res) => res.type('svg').send(readFileSync(path.join(root, 'views/assets/mark.svg'))));
  app.get('/page/:lang/:theme/:label', (req, res) => {
    const sample = pages.find(({ label }) => label === req.params.label);
    if (!sample) return void res.sendStatus(404);
    const { lang, theme } = req.params as { lang: Lang; theme: Theme };
    render.renderPage(res, sample.name, sample.data, contextOf(sample.name, sample.label, lang, theme));
  });
  app.use(galleryAnswers(render, pdf));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
