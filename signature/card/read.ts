import { CardError } from './errors';
import { numberOf, PdfFile } from './pdf-file';
import type { PdfDictionary, PdfValue } from './pdf-values';

/** One attachment of a card. */
export interface CardAttachment {
  readonly fileName: string;
  readonly description: string;
  readonly bytes: Uint8Array;
}

/** A card read back: the signed document and its signatures, each as attached. */
export interface CardContents {
  readonly document: CardAttachment;
  readonly signatures: readonly CardAttachment[];
}

const MAX_ATTACHMENTS = 500;
const MAX_DEPTH = 32;
const MAX_PAGES = 20_000;

/**
 * Reads a card, ours or of another system: the first attachment is the document, the others are signatures (CMS); with fewer than two it
 * is no card. Attachments stand in the name tree of the catalogue or, where it is empty, on pages. Throws CardError.
 */
export function readCard(bytes: Uint8Array): CardContents {
  const pdf = new PdfFile(bytes);
  const catalog = pdf.dictionary(pdf.trailer.get('Root'));
  const names = pdf.dictionary(catalog?.get('Names'));
  const specifications = treeValues(pdf, names?.get('EmbeddedFiles'));
  if (specifications.length === 0) specifications.push(...pageAttachments(pdf, catalog?.get('Pages')));
  const [document, ...signatures] = specifications.flatMap((specification) => readAttachment(pdf, specification) ?? []);
  if (!document || signatures.length === 0)
    throw new CardError('card.no_attachments', 'The PDF is no card: it needs the document and a signature as attachments');
  return { document, signatures };
}

/** Values of a name tree (§7.9.6) in the order of their names. */
function treeValues(pdf: PdfFile, root: PdfValue | undefined): PdfValue[] {
  const values: PdfValue[] = [];
  walk(pdf, root, 'Kids', (node) => {
    const pairs = pdf.array(node.get('Names'));
    for (let i = 1; i < pairs.length && values.length < MAX_ATTACHMENTS; i += 2) values.push(pairs[i]!);
  });
  return values;
}

/** File specifications of FileAttachment annotations (§12.5.6.15), page by page. */
function pageAttachments(pdf: PdfFile, root: PdfValue | undefined): PdfValue[] {
  const values: PdfValue[] = [];
  walk(pdf, root, 'Kids', (node) => {
    for (const item of pdf.array(node.get('Annots'))) {
      const annotation = pdf.dictionary(item);
      const subtype = pdf.resolve(annotation?.get('Subtype'));
      const file = annotation?.get('FS');
      if (file && subtype.kind === 'name' && subtype.value === 'FileAttachment' && values.length < MAX_ATTACHMENTS) values.push(file);
    }
  });
  return values;
}

/** Visits the dictionaries of a tree once each, depth first. */
function walk(pdf: PdfFile, root: PdfValue | undefined, kids: string, visit: (node: PdfDictionary) => void): void {
  const seen = new Set<number>();
  let left = MAX_PAGES;
  const go = (value: PdfValue | undefined, depth: number): void => {
    if (depth > MAX_DEPTH || --left < 0) return;
    if (value?.kind === 'reference') {
      if (seen.has(value.object)) return;
      seen.add(value.object);
    }
    const node = pdf.dictionary(value);
    if (!node) return;
    visit(node);
    for (const kid of pdf.array(node.get(kids))) go(kid, depth + 1);
  };
  go(root, 0);
}

function readAttachment(pdf: PdfFile, value: PdfValue): CardAttachment | undefined {
  const specification = pdf.dictionary(value);
  const files = pdf.dictionary(specification?.get('EF'));
  const stream = pdf.stream(files?.get('UF') ?? files?.get('F'));
  if (!specification || !stream) return undefined;
  const text = (key: string): string => textOf(pdf.resolve(specification.get(key)));
  const bytes = pdf.decode(stream);
  const size = numberOf(pdf.resolve(pdf.dictionary(stream.dictionary.get('Params'))?.get('Size')));
  if (size !== undefined && size !== bytes.length) throw new CardError('card.damaged', 'An attachment is not as long as it says');
  return { fileName: text('UF') || text('F') || 'attachment', description: text('Desc'), bytes };
}

/** A text string (§7.9.2.2): UTF-16 or UTF-8 with its mark, else the PDF's own encoding, whose common part is Latin-1. */
function textOf(value: PdfValue): string {
  if (value.kind !== 'string') return '';
  const bytes = Buffer.from(value.value.subarray(0, 2_000));
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return bytes
      .subarray(2, 2 + ((bytes.length - 2) & ~1))
      .swap16()
      .toString('utf16le');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3).toString('utf8');
  return bytes.toString('latin1');
}
