import type { Color, PDFDocument, PDFPage } from '@cantoo/pdf-lib';
import type { Verdict } from '../verify/codes';
import { INK, QUIET, drawMark, drawQr, drawRule, drawVerdict, verdictColour } from './drawing';
import type { Faces } from './fonts';

/** One label with its value; values are shown as they are, already translated and formatted. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface SheetSigner {
  readonly name: string;
  readonly verdict: Verdict;
  /** The verdict in a word or two. */
  readonly verdictText: string;
  /** Who and on whose behalf: left column. */
  readonly person: readonly Fact[];
  /** When and with which certificate: right column. */
  readonly evidence: readonly Fact[];
}

/** Everything a signature sheet says; all texts are already in the reader's language. */
export interface SheetContent {
  /** Letterhead: Kazakh left, Russian right. */
  readonly letterhead: { readonly left: string; readonly right: string };
  readonly heading: string;
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly signaturesHeading: string;
  readonly signers: readonly SheetSigner[];
  /** What the sheet is and is not; the last paragraph. */
  readonly notice: string;
  readonly checkUrl: string;
  readonly checkPrompt: string;
  /** Foot of every sheet; `{page}` and `{pages}` are replaced. */
  readonly foot: string;
  readonly footPages: string;
}

const MM = 72 / 25.4;
const PAGE = { width: 210 * MM, height: 297 * MM };
const LEFT = 20 * MM;
const WIDTH = PAGE.width - LEFT - 15 * MM;
const TOP = PAGE.height - 12 * MM;
const BOTTOM = 20 * MM;
const GAP = 6 * MM;
const COLUMN = (WIDTH - GAP) / 2;
const QR = 28 * MM;
const LABEL = 7;
const VALUE = 9;
const LEADING = 1.32;

/** Appends the signature sheet to a document: as many A4 pages as it needs. Gives the number of pages. */
export function drawSheet(pdf: PDFDocument, faces: Faces, content: SheetContent): number {
  return new SheetWriter(pdf, faces, content).write();
}

class SheetWriter {
  private readonly pages: PDFPage[] = [];
  private page!: PDFPage;
  /** Top of what is drawn next, in points from the foot of the page. */
  private y = TOP;

  constructor(
    private readonly pdf: PDFDocument,
    private readonly faces: Faces,
    private readonly content: SheetContent,
  ) {}

  write(): number {
    this.turnPage();
    this.writeLetterhead();
    this.writeDocument();
    this.writeLine(this.content.signaturesHeading, 11, true, WIDTH);
    this.y -= 4;
    this.content.signers.forEach((signer, i) => this.writeSigner(signer, i + 1));
    this.writeNotice();
    this.pages.forEach((page, i) => this.writeFoot(page, i + 1));
    return this.pages.length;
  }

  private turnPage(): void {
    this.page = this.pdf.addPage([PAGE.width, PAGE.height]);
    this.pages.push(this.page);
    this.y = TOP;
  }

  /** Goes to a new page unless `height` points are left on this one. */
  private reserve(height: number): void {
    if (this.y - height < BOTTOM) this.turnPage();
  }

  private text(value: string, x: number, y: number, size: number, bold = false, color: Color = INK): void {
    const face = bold ? this.faces.bold : this.faces.regular;
    this.page.drawText(value, { x, y: y - size, size, font: face.font, color });
  }

  private writeLetterhead(): void {
    const mark = 11 * MM;
    const side = (WIDTH - mark) / 2 - 5 * MM;
    const { left, right } = this.content.letterhead;
    const lines = (value: string): readonly string[] => this.faces.regular.wrap(value, VALUE, side).slice(0, 3);
    lines(left).forEach((line, i) => this.text(line, LEFT, this.y - i * VALUE * LEADING, VALUE));
    lines(right).forEach((line, i) => {
      const width = this.faces.regular.width(line, VALUE);
      this.text(line, LEFT + WIDTH - width, this.y - i * VALUE * LEADING, VALUE);
    });
    drawMark(this.page, LEFT + (WIDTH - mark) / 2, this.y, mark);
    this.y -= mark + 4 * MM;
    drawRule(this.page, LEFT, this.y, WIDTH, 1);
    drawRule(this.page, LEFT, this.y - 2, WIDTH, 0.4);
    this.y -= 7 * MM;
  }

  /** Heading and facts of the document on the left, the code of the check page on the right. */
  private writeDocument(): void {
    const width = WIDTH - QR - GAP;
    const first = this.page;
    const foot = this.writeQr(LEFT + WIDTH - QR, this.y);
    this.writeLine(this.content.heading, 15, true, width);
    this.y -= 4;
    for (const line of this.faces.bold.wrap(this.content.title, 10.5, width).slice(0, 12)) this.writeLine(line, 10.5, true, width);
    this.y -= 4;
    for (const fact of this.content.facts) {
      const height = this.factHeight(fact, width);
      this.reserve(height);
      this.writeFact(fact, LEFT, this.y, width);
      this.y -= height;
    }
    if (this.page === first) this.y = Math.min(this.y, foot);
    this.y -= 5 * MM;
  }

  /** The code with what it is for and its address; gives where the column ends. */
  private writeQr(x: number, top: number): number {
    const { checkUrl, checkPrompt } = this.content;
    drawQr(this.page, checkUrl, x, top, QR);
    let y = top - QR - 5;
    for (const [value, size] of [[checkPrompt, LABEL] as const, [checkUrl, 6] as const]) {
      for (const line of this.faces.regular.wrap(value, size, QR).slice(0, 4)) {
        this.text(line, x, y, size, false, QUIET);
        y -= size * LEADING;
      }
    }
    return y;
  }

  private writeLine(value: string, size: number, bold: boolean, width: number): void {
    const face = bold ? this.faces.bold : this.faces.regular;
    this.text(face.fit(value, size, width), LEFT, this.y, size, bold);
    this.y -= size * LEADING;
  }

  private factHeight({ value }: Fact, width: number): number {
    return LABEL * LEADING + this.faces.regular.wrap(value, VALUE, width).length * VALUE * LEADING + 3;
  }

  private writeFact(fact: Fact, x: number, y: number, width: number): void {
    this.text(this.faces.regular.fit(fact.label, LABEL, width), x, y, LABEL, false, QUIET);
    this.faces.regular
      .wrap(fact.value, VALUE, width)
      .forEach((line, i) => this.text(line, x, y - LABEL * LEADING - i * VALUE * LEADING, VALUE));
  }

  /** A signature: name and verdict, then its facts in rows of two. It stays on one page when it can; else a row never breaks. */
  private writeSigner(signer: SheetSigner, number: number): void {
    const verdict = this.faces.bold.fit(signer.verdictText, VALUE, WIDTH / 3);
    const verdictWidth = this.faces.bold.width(verdict, VALUE);
    const indent = 8 * MM;
    const name = this.faces.bold.wrap(signer.name, 11, WIDTH - indent - verdictWidth - 10 * MM);
    const rows = rowsOf(signer);
    const head = name.length * 11 * LEADING + 12;
    const heights = rows.map((row) => this.rowHeight(row));
    const whole = heights.reduce((sum, height) => sum + height, head);
    this.reserve(whole <= TOP - BOTTOM ? whole : head + (heights[0] ?? 0));
    drawRule(this.page, LEFT, this.y, WIDTH);
    this.y -= 7;
    this.text(String(number), LEFT, this.y, 11, false, QUIET);
    drawVerdict(this.page, signer.verdict, LEFT + WIDTH - verdictWidth - 17, this.y + 0.5, 12);
    this.text(verdict, LEFT + WIDTH - verdictWidth, this.y - 1, VALUE, true, verdictColour(signer.verdict));
    name.forEach((line, i) => this.text(line, LEFT + indent, this.y - i * 11 * LEADING, 11, true));
    this.y -= name.length * 11 * LEADING + 3;
    for (const row of rows) this.writeRow(row);
    this.y -= 5;
  }

  private rowHeight(row: readonly (Fact | undefined)[]): number {
    return Math.max(...row.map((fact) => (fact ? this.factHeight(fact, COLUMN - 8 * MM) : 0)));
  }

  private writeRow(row: readonly (Fact | undefined)[]): void {
    const height = this.rowHeight(row);
    this.reserve(height);
    const indent = 8 * MM;
    row.forEach((fact, i) => {
      if (fact) this.writeFact(fact, LEFT + indent + i * (COLUMN + GAP - indent / 2), this.y, COLUMN - indent);
    });
    this.y -= height;
  }

  private writeNotice(): void {
    const lines = this.faces.regular.wrap(this.content.notice, 8, WIDTH);
    this.reserve(lines.length * 8 * LEADING + 12);
    drawRule(this.page, LEFT, this.y, WIDTH);
    this.y -= 8;
    for (const line of lines) {
      this.text(line, LEFT, this.y, 8, false, QUIET);
      this.y -= 8 * LEADING;
    }
  }

  private writeFoot(page: PDFPage, number: number): void {
    const { regular } = this.faces;
    const pages = regular.clean(this.content.footPages.replace('{page}', String(number)).replace('{pages}', String(this.pages.length)));
    const width = regular.width(pages, LABEL);
    const y = BOTTOM - 6 * MM;
    drawRule(page, LEFT, y + 10, WIDTH);
    page.drawText(regular.fit(this.content.foot, LABEL, WIDTH - width - GAP), {
      x: LEFT,
      y: y - 2,
      size: LABEL,
      font: regular.font,
      color: QUIET,
    });
    page.drawText(pages, { x: LEFT + WIDTH - width, y: y - 2, size: LABEL, font: regular.font, color: QUIET });
  }
}

function rowsOf({ person, evidence }: SheetSigner): (Fact | undefined)[][] {
  return Array.from({ length: Math.max(person.length, evidence.length) }, (_, i) => [person[i], evidence[i]]);
}
