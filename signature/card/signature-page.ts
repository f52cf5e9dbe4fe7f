import { PageSizes, rgb, type PDFDocument, type PDFPage } from '@cantoo/pdf-lib';
import { drawRule, INK, PETROL, QUIET, drawQrImage } from '../sheet/drawing';
import type { Faces } from '../sheet/fonts';
import type { Fact } from '../sheet/sheet';
import type { CardSignature } from './content';
import { GAP, MM, roomOf } from './frame';
import { splitIntoQr } from './qr-framing';

const LEADING = 1.3;
/** A name or a DN longer than this is somebody's joke. */
const MAX_LINES = 14;
const QR = 42 * MM;
const QR_IN_ROW = 4;
const LEFT_STYLE = { label: 7.5, value: 10 };
const RIGHT_STYLE = { label: 6, value: 7 };
type Style = typeof LEFT_STYLE;

/** Adds the page of one signature: who on the left, proof on the right, its octets as QR images below; gives the pages added. */
export function drawSignature(pdf: PDFDocument, faces: Faces, signature: CardSignature): PDFPage[] {
  return new SignatureWriter(pdf, faces, signature).write();
}

class SignatureWriter {
  private readonly pages: PDFPage[] = [];

  constructor(
    private readonly pdf: PDFDocument,
    private readonly faces: Faces,
    private readonly signature: CardSignature,
  ) {}

  write(): PDFPage[] {
    const first = this.page(0);
    const room = roomOf(first);
    const { bold } = this.faces;
    const title = bold.fit(this.signature.title, 14, room.right - room.left);
    first.drawText(title, { x: room.left, y: room.top - 14, size: 14, font: bold.font, color: INK });
    drawRule(first, room.left, room.top - 20, room.right - room.left, 0.8);
    const top = room.top - 20 - 5 * MM;
    const half = (room.right - room.left - GAP) / 2;
    const left = new Column(this, top, room.left, half * 1.04);
    left.facts(this.signature.person, LEFT_STYLE);
    const right = new Column(this, top, room.right - half * 0.94, half * 0.94);
    for (const { heading, facts } of this.signature.evidence) {
      right.heading(heading);
      right.facts(facts, RIGHT_STYLE);
    }
    const [lower] = [left, right].sort((a, b) => b.pageIndex - a.pageIndex || a.y - b.y);
    if (this.signature.printed) this.printQr(this.signature.printed, lower!.pageIndex, lower!.y);
    return this.pages;
  }

  readonly page = (index: number): PDFPage => {
    while (this.pages.length <= index) this.pages.push(this.pdf.addPage(PageSizes.A4));
    return this.pages[index]!;
  };

  get fonts(): Faces {
    return this.faces;
  }

  private printQr(bytes: Uint8Array, pageIndex: number, from: number): void {
    const texts = splitIntoQr(bytes);
    let index = pageIndex;
    let y = from - GAP;
    const caption = (): void => {
      const { left, right } = roomOf(this.page(index));
      const text = this.faces.regular.fit(this.signature.printedCaption, RIGHT_STYLE.value, right - left);
      this.page(index).drawText(text, { x: left, y: y - 8, size: RIGHT_STYLE.value, font: this.faces.regular.font, color: QUIET });
      y -= 8 + 2 * MM;
    };
    for (let i = 0; i < texts.length; i += QR_IN_ROW) {
      if (y - QR - (i === 0 ? 8 + 2 * MM : 0) < roomOf(this.page(index)).bottom) {
        index++;
        y = roomOf(this.page(index)).top;
      }
      if (i === 0) caption();
      texts
        .slice(i, i + QR_IN_ROW)
        .forEach((text, k) => drawQrImage(this.page(index), text, roomOf(this.page(index)).left + k * (QR + 0.6 * MM), y, QR));
      y -= QR + 1 * MM;
    }
  }
}

/** A column that goes on at the top of the next page when this one is full. */
class Column {
  pageIndex = 0;

  constructor(
    private readonly writer: SignatureWriter,
    public y: number,
    private readonly x: number,
    private readonly width: number,
  ) {}

  heading(text: string): void {
    this.reserve(26);
    const { bold } = this.writer.fonts;
    const page = this.writer.page(this.pageIndex);
    page.drawText(bold.fit(text, 8, this.width), { x: this.x, y: this.y - 8, size: 8, font: bold.font, color: PETROL });
    page.drawLine({
      start: { x: this.x, y: this.y - 11 },
      end: { x: this.x + this.width, y: this.y - 11 },
      thickness: 0.4,
      color: rgb(0.8, 0.83, 0.82),
    });
    this.y -= 15;
  }

  facts(facts: readonly Fact[], style: Style): void {
    for (const fact of facts) this.fact(fact, style);
    this.y -= 5;
  }

  private fact({ label, value }: Fact, style: Style): void {
    const { regular } = this.writer.fonts;
    const lines = value
      .split('\n')
      .flatMap((line) => regular.wrap(line, style.value, this.width))
      .slice(0, MAX_LINES);
    this.reserve(style.label * LEADING + lines.length * style.value * LEADING + 4);
    const page = this.writer.page(this.pageIndex);
    const draw = (text: string, size: number, isLabel: boolean): void => {
      page.drawText(text, { x: this.x, y: this.y - size, size, font: regular.font, color: isLabel ? QUIET : INK });
      this.y -= size * LEADING;
    };
    draw(regular.fit(label, style.label, this.width), style.label, true);
    for (const line of lines) draw(line, style.value, false);
    this.y -= 4;
  }

  private reserve(height: number): void {
    if (this.y - height >= roomOf(this.writer.page(this.pageIndex)).bottom) return;
    this.pageIndex++;
    this.y = roomOf(this.writer.page(this.pageIndex)).top;
  }
}
