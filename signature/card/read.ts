import { containerLimits, Work } from '../work';
import { CardError, withinBudget } from './errors';
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
 * is no card. Attachments stand in the name tree of the catalogue or, where it is empty, on pages. Throws CardError, `card.too_large` when
 * the file asks for more than `work` has left.
 */
export function readCard(bytes: Uint8Array, work = new Work(containerLimits(bytes.length))): CardContents {
  return withinBudget('card.too_large', () => readContents(bytes, work));
}

function readContents(bytes: Uint8Array, work: Work): CardContents {
  const pdf = new PdfFile(bytes, work);
  const catalog = pdf.dictionary(pdf.trailer.get('Root'));
  const names = pdf.dictionary(catalog?.get('Names'));
  const specifications = treeValues(pdf, names?.get('EmbeddedFiles'), work);
  if (specifications.length === 0) specifications.push(...pageAttachments(pdf, catalog?.get('Pages'), work));
  const [document, ...signatures] = specifications.flatMap((specification) => readAttachment(pdf, specification) ?? []);
  if (!document || signatures.length === 0)
    throw new CardError('card.no_attachments', 'The PDF is no card: it needs the document and a signature as attachments');
  return { document, signatures };
}

/** Values of a name tree (§7.9.6) in the order of their names. */
function treeValues(pdf: PdfFile, root: PdfValue | undefined, work: Work): PdfValue[] {
  const values: PdfValue[] = [];
  walk(pdf, root, 'Names', work, (pairs) => {
    for (let i = 1; i < pairs.length && values.length < MAX_ATTACHMENTS; i += 2) values.push(pairs[i]!);
  });
  return values;
}

/** File specifications of FileAttachment annotations (§12.5.6.15), page by page. */
function pageAttachments(pdf: PdfFile, root: PdfValue | undefined, work: Work): PdfValue[] {
  const values: PdfValue[] = [];
  walk(pdf, root, 'Annots', work, (annotations) => {
    for (const item of annotations) {
      const annotation = pdf.dictionary(item);
      const subtype = pdf.resolve(annotation?.get('Subtype'));
      const file = annotation?.get('FS');
      if (file && subtype.kind === 'name' && subtype.value === 'FileAttachment' && values.length < MAX_ATTACHMENTS) values.push(file);
    }
  });
  return values;
}

/**
 * Visits the lists that the nodes of a tree hold under `key`, depth first. A node and a list are looked at once, however many nodes share
 * them.
 */
function walk(pdf: PdfFile, root: PdfValue | undefined, key: string, work: Work, visit: (list: readonly PdfValue[]) => void): void {
  const seen = new Set<object>();
  const fresh = (what: readonly PdfValue[] | PdfDictionary | undefined): boolean => {
    if (!what || seen.has(what)) return false;
    seen.add(what);
    work.spend('values', Array.isArray(what) ? what.length + 1 : 1);
    return true;
  };
  let left = MAX_PAGES;
  const go = (value: PdfValue | undefined, depth: number): void => {
    const node = pdf.dictionary(value);
    if (!node || !fresh(node)) return;
    const list = pdf.array(node.get(key));
    if (fresh(list)) visit(list);
    const kids = pdf.array(node.get('Kids'));
    if (depth >= MAX_DEPTH || !fresh(kids)) return;
    for (const kid of kids) {
      if (--left < 0) return;
      go(kid, depth + 1);
    }
  };
  go(root, 0);
}

function readAttachment(pdf: PdfFile, value: PdfValue): CardAttachment | undefined {
  const specification = pdf.dictionary(value);
  const files = pdf.dictionary(specification?.get('EF'));
  const content = pdf.content(files?.get('UF') ?? files?.get('F'));
  if (!specification || !content) return undefined;
  const text = (key: string): string => textOf(pdf.resolve(specification.get(key)));
  const { bytes, dictionary } = content;
  const size = numberOf(pdf.resolve(pdf.dictionary(dictionary.get('Params'))?.get('Size')));
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
