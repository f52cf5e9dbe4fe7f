import type { PDFFont } from '@cantoo/pdf-lib';

/** Longest text one field shows; more would push everything else off the page. */
const MAX_CHARACTERS = 1200;
const REPLACEMENT = '\ufffd';

/** A font together with the characters it can draw. */
export class Face {
  private readonly characters: ReadonlySet<number>;
  private readonly advances = new Map<string, number>();
  /** Lines are asked for twice: to measure and to draw. */
  private readonly wrapped = new Map<string, readonly string[]>();

  constructor(readonly font: PDFFont) {
    this.characters = new Set(font.getCharacterSet());
  }

  /**
   * The text as this font can draw it: line breaks and tabs become spaces, invisible characters go, and whatever has no glyph (an
   * emoji, a letter of a script the font lacks) becomes one visible replacement sign. Half of a surrogate pair
   * counts as such a character. Never throws.
   */
  clean(text: string): string {
    const plain = Buffer.from(text, 'utf8').toString('utf8').normalize('NFC').replace(/\s+/gu, ' ').replace(INVISIBLE, '').trim();
    const signs = [...SEGMENTER.segment(plain.slice(0, MAX_CHARACTERS * 4))].map(({ segment }) => this.drawable(segment));
    return signs.length > MAX_CHARACTERS ? `${signs.slice(0, MAX_CHARACTERS).join('')}…` : signs.join('');
  }

  /** Width in points: the sum of the advances, because pdf-lib places glyphs without kerning. */
  width(text: string, size: number): number {
    let width = 0;
    for (const sign of text) width += this.advance(sign);
    return width * size;
  }

  private advance(sign: string): number {
    const known = this.advances.get(sign);
    if (known !== undefined) return known;
    const advance = this.font.widthOfTextAtSize(sign, 1);
    this.advances.set(sign, advance);
    return advance;
  }

  /** Lines no wider than `width` points: broken at spaces, inside a word only when it is wider than the whole line. */
  wrap(text: string, size: number, width: number): readonly string[] {
    const key = `${size} ${width} ${text}`;
    const lines = this.wrapped.get(key) ?? this.wrapAnew(text, size, width);
    this.wrapped.set(key, lines);
    return lines;
  }

  private wrapAnew(text: string, size: number, width: number): string[] {
    const lines: string[] = [];
    let line = '';
    for (const word of this.clean(text).split(' ')) {
      const candidate = line === '' ? word : `${line} ${word}`;
      if (this.width(candidate, size) <= width) {
        line = candidate;
        continue;
      }
      if (line !== '') lines.push(line);
      const pieces = this.breakWord(word, size, width);
      lines.push(...pieces.slice(0, -1));
      line = pieces.at(-1)!;
    }
    return [...lines, line];
  }

  /** The text cut to one line of the width, with an ellipsis when something is missing. */
  fit(text: string, size: number, width: number): string {
    const clean = this.clean(text);
    if (this.width(clean, size) <= width) return clean;
    const start = this.breakWord(clean, size, width - this.width('…', size))[0]!;
    return `${start.trimEnd()}…`;
  }

  private breakWord(word: string, size: number, width: number): string[] {
    const pieces: string[] = [];
    let piece = '';
    let pieceWidth = 0;
    for (const sign of word) {
      const signWidth = this.advance(sign) * size;
      if (piece !== '' && pieceWidth + signWidth > width) {
        pieces.push(piece);
        [piece, pieceWidth] = ['', 0];
      }
      piece += sign;
      pieceWidth += signWidth;
    }
    return [...pieces, piece];
  }

  private drawable(sign: string): string {
    for (const character of sign) if (!this.characters.has(character.codePointAt(0)!)) return REPLACEMENT;
    return sign;
  }
}

const SEGMENTER = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Control, formatting and private characters, among them those that turn the direction of text. Joiners stay for the segmenter. */
const INVISIBLE = /[\p{Cc}\p{Co}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;
