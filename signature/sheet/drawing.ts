import { create } from 'qrcode';
import { LineCapStyle, rgb, type Color, type PDFPage } from '@cantoo/pdf-lib';
import type { Verdict } from '../verify/codes';

/** Colours of printed pages: ink, quieter ink for labels, hair rules, and one meaning each for the verdicts. */
export const INK = rgb(0.09, 0.13, 0.14);
export const QUIET = rgb(0.36, 0.41, 0.41);
export const RULE = rgb(0.72, 0.75, 0.74);
export const PETROL = rgb(0.071, 0.22, 0.247);
const VERDICT_COLOURS: Readonly<Record<Verdict, Color>> = {
  valid: rgb(0.1, 0.4, 0.24),
  indeterminate: rgb(0.55, 0.38, 0.02),
  invalid: rgb(0.65, 0.12, 0.12),
};

/** A horizontal hair rule. */
export function drawRule(page: PDFPage, x: number, y: number, width: number, thickness = 0.5): void {
  page.drawLine({ start: { x, y }, end: { x: x + width, y }, thickness, color: RULE });
}

const SHIELD = 'M8 0.5 L15 3 V8 C15 12 12 14.500 8 15.800 C4 14.500 1 12 1 8 V3 Z';
const SIGNS: Readonly<Record<Verdict, string>> = {
  valid: 'M4.600 8 L7.200 10.600 L11.600 5.600',
  indeterminate: 'M5.800 6.200 C5.800 3.400 10.200 3.400 10.200 6.200 C10.200 8 8 8 8 9.800 M8 12 V12.300',
  invalid: 'M5.300 5.300 L10.700 10.700 M10.700 5.300 L5.300 10.700',
};

/** The shield of a verdict, told apart by its shape when printed in grey: full with tick, hollow with "?", full with cross. `y` is its top. */
export function drawVerdict(page: PDFPage, verdict: Verdict, x: number, y: number, size: number): void {
  const colour = VERDICT_COLOURS[verdict];
  const scale = size / 16;
  const hollow = verdict === 'indeterminate';
  page.drawSvgPath(SHIELD, { x, y, scale, borderColor: colour, borderWidth: 1.4, ...(hollow ? {} : { color: colour }) });
  page.drawSvgPath(SIGNS[verdict], {
    x,
    y,
    scale,
    borderColor: hollow ? colour : rgb(1, 1, 1),
    borderWidth: 1.7,
    borderLineCap: LineCapStyle.Round,
  });
}

/** Colour of the verdict's word. */
export function verdictColour(verdict: Verdict): Color {
  return VERDICT_COLOURS[verdict];
}

const MARK =
  'M16 29V9.5M16 12.5C16 6 12.5 3 8.8 3 5.5 3 3 5.3 3 8.3c0 2.6 1.9 4.5 4.3 4.5 2 0 3.5-1.3 3.5-3.2M16 12.5C16 6 19.5 3 23.2 3 26.5 3 29 5.3 29 8.3c0 2.6-1.9 4.5-4.3 4.5-2 0-3.5-1.3-3.5-3.2M6 18.5h20M6 23.75h20M6 29h20';

/** The mark of Kense, a square of `size` points with its top left corner at (x, y). */
export function drawMark(page: PDFPage, x: number, y: number, size: number): void {
  const scale = size / 32;
  page.drawRectangle({ x, y: y - size, width: size, height: size, color: PETROL });
  page.drawSvgPath(MARK, {
    x: x + 4 * scale,
    y: y - 3.5 * scale,
    scale: 0.75 * scale,
    borderColor: rgb(0.95, 0.97, 0.96),
    borderWidth: 2.4,
  });
}

/** A QR code (ISO/IEC 18004, level M) as vector squares filling `size` points from the top left corner (x, y); the caller leaves the quiet zone. */
export function drawQr(page: PDFPage, text: string, x: number, y: number, size: number): void {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const runs: string[] = [];
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++) {
      const start = column;
      while (column < modules.size && modules.get(row, column)) column++;
      if (column > start) runs.push(`M${start} ${row}h${column - start}v1h${start - column}z`);
    }
  }
  page.drawSvgPath(runs.join(''), { x, y, scale: size / modules.size, color: rgb(0, 0, 0) });
}

/** A QR code with its quiet zone of four modules within `size` points. */
export function drawQrImage(page: PDFPage, text: string, x: number, y: number, size: number): void {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const quiet = (4 * size) / (modules.size + 8);
  drawQr(page, text, x + quiet, y - quiet, size - 2 * quiet);
}
