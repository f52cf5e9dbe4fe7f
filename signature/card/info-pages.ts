import type { PDFDocument, PDFPage } from '@cantoo/pdf-lib';
import { drawRule, INK, QUIET } from '../sheet/drawing';
import type { Faces } from '../sheet/fonts';
import type { CardOrder } from './content';
import { A4, MM, roomOf } from './frame';

const LEADING = 1.35;
const BODY = 9;
const LABEL = 7.5;

/** What goes into the attachments of a card, the original first. */
export interface ListedAttachment {
  readonly fileName: string;
  readonly description: string;
}

/**
 * Inserts the information block before all other pages; gives its pages and how to write the page numbers of the parts into its
 * contents (null: the part is left out), once they are known.
 */
export function drawInfo(pdf: PDFDocument, faces: Faces, order: CardOrder, attachments: readonly ListedAttachment[]): InfoPages {
  return new InfoWriter(pdf, faces, order).write(attachments);
}

export interface InfoPages {
  readonly pages: readonly PDFPage[];
  readonly number: (starts: readonly (number | null)[]) => void;
}

class InfoWriter {
  private readonly pages: PDFPage[] = [];
  private y = 0;

  constructor(
    private readonly pdf: PDFDocument,
    private readonly faces: Faces,
    private readonly order: CardOrder,
  ) {}

  write(attachments: readonly ListedAttachment[]): InfoPages {
    const { order } = this;
    this.turn();
    this.paragraph(order.heading, 15, true);
    this.y -= 2 * MM;
    for (const { label, value } of order.facts) {
      this.paragraph(label, LABEL, false, QUIET);
      this.paragraph(value, 10.5, label === order.facts[0]?.label);
      this.y -= 1.2 * MM;
    }
    this.section(order.contentsHeading);
    const spots = order.parts.map((part) => this.contentsLine(part));
    this.section(order.attachmentsHeading);
    this.table(attachments);
    this.y -= 3 * MM;
    for (const notice of order.notices) {
      this.paragraph(notice, BODY, false);
      this.y -= 2 * MM;
    }
    return {
      pages: this.pages,
      number: (starts) =>
        spots.forEach(({ page, y }, i) => {
          const text = starts[i] === null ? '-' : String(starts[i]);
          const { regular } = this.faces;
          page.drawText(text, { x: roomOf(page).right - regular.width(text, BODY), y, size: BODY, font: regular.font, color: INK });
        }),
    };
  }

  private get page(): PDFPage {
    return this.pages.at(-1)!;
  }

  private turn(): void {
    this.pages.push(this.pdf.insertPage(this.pages.length, [A4.width, A4.height]));
    this.y = roomOf(this.page).top;
  }

  private reserve(height: number): void {
    if (this.y - height < roomOf(this.page).bottom) this.turn();
  }

  private get width(): number {
    const { left, right } = roomOf(this.page);
    return right - left;
  }

  private paragraph(text: string, size: number, isBold: boolean, color = INK): void {
    const face = isBold ? this.faces.bold : this.faces.regular;
    for (const line of face.wrap(text, size, this.width)) {
      this.reserve(size * LEADING);
      this.page.drawText(line, { x: roomOf(this.page).left, y: this.y - size, size, font: face.font, color });
      this.y -= size * LEADING;
    }
  }

  private section(heading: string): void {
    this.reserve(20 * MM);
    this.y -= 4 * MM;
    this.paragraph(heading, 11, true);
    drawRule(this.page, roomOf(this.page).left, this.y, this.width);
    this.y -= 2 * MM;
  }

  /** A line of the contents; its number is written later. */
  private contentsLine(part: string): { page: PDFPage; y: number } {
    this.reserve(BODY * LEADING);
    const spot = { page: this.page, y: this.y - BODY };
    const { regular } = this.faces;
    const text = regular.fit(part, BODY, this.width - 15 * MM);
    this.page.drawText(text, { x: roomOf(this.page).left, y: spot.y, size: BODY, font: regular.font, color: INK });
    this.y -= BODY * LEADING + 1;
    return spot;
  }

  private table(attachments: readonly ListedAttachment[]): void {
    this.row(this.order.attachmentColumns, true);
    attachments.forEach(({ fileName, description }, i) => this.row([String(i + 1), fileName, description], false));
  }

  private row(cells: readonly [string, string, string], isHead: boolean): void {
    const { regular } = this.faces;
    const size = isHead ? LABEL : BODY;
    const widths = [9 * MM, (this.width - 9 * MM) * 0.52, (this.width - 9 * MM) * 0.48];
    const lines = cells.map((cell, i) => regular.wrap(cell, size, widths[i]! - 2 * MM).slice(0, 6));
    const height = Math.max(...lines.map((cell) => cell.length)) * size * LEADING;
    this.reserve(height);
    let x = roomOf(this.page).left;
    for (const [i, cell] of lines.entries()) {
      cell.forEach((line, k) =>
        this.page.drawText(line, { x, y: this.y - size - k * size * LEADING, size, font: regular.font, color: isHead ? QUIET : INK }),
      );
      x += widths[i]!;
    }
    this.y -= height + 1.2 * MM;
  }
}
