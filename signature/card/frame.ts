import { degrees, type PDFPage } from '@cantoo/pdf-lib';
import type { Face } from '../sheet/text';
import type { Faces } from '../sheet/fonts';
import { drawMark, drawQr, drawRule, INK, QUIET } from '../sheet/drawing';
import type { CardOrder } from './content';

/** Millimetres in points. */
export const MM = 72 / 25.4;
/** Margins: 30 mm left for the edge, 10 mm elsewhere, 10 mm each for header and footer. */
export const LEFT = 30 * MM;
export const MARGIN = 10 * MM;
const HEADER = 14 * MM;
export const A4 = { width: 210 * MM, height: 297 * MM };
export const GAP = 4 * MM;
const EDGE_QR = 15 * MM;
const HEADER_QR = 11 * MM;
const SMALL = 6.5;

/** The part of a page that is free for its content. */
export interface Room {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function roomOf(page: PDFPage): Room {
  return { left: LEFT, right: page.getWidth() - MARGIN, top: page.getHeight() - MARGIN - HEADER, bottom: MARGIN + 9 * MM };
}

/** What every page has around its content: header, left edge, footer. */
export function drawFrame(page: PDFPage, faces: Faces, order: CardOrder, part: string, number: number, count: number): void {
  drawHeader(page, faces, order.documentId);
  drawEdge(page, faces.regular, order);
  const pages = faces.regular.clean(order.footPages.replace('{page}', String(number)).replace('{pages}', String(count)));
  const room = roomOf(page);
  const width = room.right - room.left;
  const y = MARGIN;
  drawRule(page, room.left, y + 5 * MM, width);
  const pagesWidth = faces.regular.width(pages, SMALL);
  page.drawText(pages, { x: room.right - pagesWidth, y: y + 1.5 * MM, size: SMALL, font: faces.regular.font, color: QUIET });
  const title = [...order.title].length > 90 ? `${[...order.title].slice(0, 90).join('')}…` : order.title;
  const foot = faces.regular.fit(`${part}. ${title}`, SMALL, width - pagesWidth - GAP);
  page.drawText(foot, { x: room.left, y: y + 1.5 * MM, size: SMALL, font: faces.regular.font, color: QUIET });
}

/** The identifier of the document with its code, at the right. */
function drawHeader(page: PDFPage, { regular }: Faces, id: string): void {
  const right = page.getWidth() - MARGIN;
  const top = page.getHeight() - MARGIN;
  drawQr(page, id, right - HEADER_QR, top, HEADER_QR);
  const width = regular.width(id, SMALL);
  page.drawText(id, { x: right - HEADER_QR - 2 * MM - width, y: top - SMALL, size: SMALL, font: regular.font, color: QUIET });
}

/** The left edge, read with the page turned: the code of the check page at both ends, the mark and what to do between them. */
function drawEdge(page: PDFPage, face: Face, { checkUrl, checkPrompt }: CardOrder): void {
  const x = MARGIN;
  const height = page.getHeight();
  const free = height - 2 * MARGIN - 2 * EDGE_QR - 2 * GAP;
  drawQr(page, checkUrl, x, MARGIN + EDGE_QR, EDGE_QR);
  drawQr(page, checkUrl, x, height - MARGIN, EDGE_QR);
  const mark = 7 * MM;
  const prompt = face.fit(checkPrompt, 8, free - mark - GAP);
  const address = face.fit(checkUrl, SMALL, free - mark - GAP);
  const bottom = MARGIN + EDGE_QR + GAP;
  drawMark(page, x + (EDGE_QR - mark) / 2, bottom + mark, mark);
  const start = bottom + mark + GAP;
  const rotate = degrees(90);
  page.drawText(prompt, { x: x + 6.5 * MM, y: start, size: 8, font: face.font, color: INK, rotate });
  page.drawText(address, { x: x + 10 * MM, y: start, size: SMALL, font: face.font, color: QUIET, rotate });
}
