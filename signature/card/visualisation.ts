import { degrees, PDFName, rgb, type PDFDocument, type PDFEmbeddedPage, type PDFPage } from '@cantoo/pdf-lib';
import { ContentsBudget } from '../sheet/bounds';
import type { Faces } from '../sheet/fonts';
import { A4, MM, roomOf } from './frame';

const FRAME = rgb(0.6, 0.62, 0.62);
const PALE = rgb(0.45, 0.47, 0.47);
const PADDING = 2 * MM;
/** Pages beyond these are left to the attached original. */
export const MAX_VISUALISED = 2_000;

/**
 * Shows every page of a document within a grey frame under a pale diagonal mark; gives the pages added. Throws HopelessPdfError when the
 * pages show too much.
 */
export async function drawVisualisation(pdf: PDFDocument, faces: Faces, document: PDFDocument, mark: string): Promise<PDFPage[]> {
  const pages: PDFPage[] = [];
  const sources = document.getPages().slice(0, MAX_VISUALISED);
  const looks = await embedLooks(pdf, document, sources);
  for (const source of sources) {
    const turned = ((source.getRotation().angle % 360) + 360) % 360;
    const box = source.getCropBox();
    const [width, height] = turned % 180 === 0 ? [box.width, box.height] : [box.height, box.width];
    const page = pdf.addPage(width > height ? [A4.height, A4.width] : [A4.width, A4.height]);
    pages.push(page);
    const room = roomOf(page);
    const free = { width: room.right - room.left - 2 * PADDING, height: room.top - room.bottom - 2 * PADDING };
    const scale = Math.min(free.width / width, free.height / height);
    const [shownWidth, shownHeight] = [width * scale, height * scale];
    const x = room.left + PADDING + (free.width - shownWidth) / 2;
    const y = room.bottom + PADDING + free.height - shownHeight;
    const embedded = looks.get(source);
    if (embedded) drawTurned(page, embedded, { x, y, width: shownWidth, height: shownHeight }, turned);
    page.drawRectangle({
      x: room.left,
      y: y - PADDING,
      width: room.right - room.left,
      height: shownHeight + 2 * PADDING,
      borderColor: FRAME,
      borderWidth: 1,
    });
    drawDiagonal(page, faces, mark, { x, y, width: shownWidth, height: shownHeight });
  }
  return pages;
}

/** The looks of pages, taken over together: what they share is copied once. A page without contents is empty paper and has none. */
async function embedLooks(pdf: PDFDocument, document: PDFDocument, sources: readonly PDFPage[]): Promise<Map<PDFPage, PDFEmbeddedPage>> {
  const budget = new ContentsBudget();
  const shown = sources.filter((source) => source.node.Contents());
  for (const source of shown) budget.take(document, source.node.get(PDFName.of('Contents')));
  const areas = shown.map((source) => {
    const { x, y, width, height } = source.getCropBox();
    return { left: x, bottom: y, right: x + width, top: y + height };
  });
  const embedded = await pdf.embedPages(shown, areas);
  return new Map(shown.map((source, i) => [source, embedded[i]!]));
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Draws an embedded page into a box, turned clockwise as its own Rotate says. */
function drawTurned(page: PDFPage, embedded: PDFEmbeddedPage, { x, y, width, height }: Box, turned: number): void {
  switch (turned) {
    case 90:
      return page.drawPage(embedded, { x, y: y + height, width: height, height: width, rotate: degrees(-90) });
    case 180:
      return page.drawPage(embedded, { x: x + width, y: y + height, width, height, rotate: degrees(180) });
    case 270:
      return page.drawPage(embedded, { x: x + width, y, width: height, height: width, rotate: degrees(90) });
    default:
      return page.drawPage(embedded, { x, y, width, height });
  }
}

function drawDiagonal(page: PDFPage, { bold }: Faces, mark: string, { x, y, width, height }: Box): void {
  const text = bold.clean(mark);
  const angle = Math.atan2(height, width);
  const length = 0.82 * Math.hypot(width, height);
  const size = length / bold.width(text, 1);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // the middle of the line's optical height lies on the middle of the page
  const start = { x: x + width / 2 - (length / 2) * cos + 0.35 * size * sin, y: y + height / 2 - (length / 2) * sin - 0.35 * size * cos };
  page.drawText(text, { ...start, size, font: bold.font, color: PALE, opacity: 0.22, rotate: degrees((angle * 180) / Math.PI) });
}
