import { PDFArray, PDFDict, PDFHexString, PDFName, PDFString, type PDFDocument, type PDFObject } from '@cantoo/pdf-lib';

/** Entries of a name tree that are kept, its nodes and its depth: a document's own attachments, not a weapon. */
const MAX_ENTRIES = 2000;
const MAX_NODES = 4000;
const MAX_DEPTH = 16;

export interface Attachment {
  readonly bytes: Uint8Array;
  readonly fileName: string;
  /** Media type, e.g. application/pdf. */
  readonly mediaType: string;
  readonly description: string;
}

/**
 * Attaches the source of a derived PDF, octet for octet (ISO 32000-2 §7.11.4, AFRelationship Source). Attachments the document already
 * has stay. pdf-lib's own method writes the name unescaped and does not follow name trees of several levels, so this is done here.
 */
export function attachSource(pdf: PDFDocument, attachment: Attachment): void {
  attachFile(pdf, attachment, {});
}

/** Attaches a file like `attachSource`; `key` is its place in the tree, which readers list in the order of the keys. */
export function attachFile(pdf: PDFDocument, attachment: Attachment, { key }: { key?: string }): void {
  const { context, catalog } = pdf;
  const fileName = safeFileName(attachment.fileName);
  const params = { Size: attachment.bytes.length };
  const file = context.register(context.stream(attachment.bytes, { Type: 'EmbeddedFile', Subtype: attachment.mediaType, Params: params }));
  const specification = context.register(
    context.obj({
      Type: 'Filespec',
      F: PDFString.of(asciiName(fileName)),
      UF: PDFHexString.fromText(fileName),
      EF: { F: file, UF: file },
      Desc: PDFHexString.fromText(attachment.description),
      AFRelationship: 'Source',
    }),
  );
  const names = dictionary(pdf, catalog, 'Names');
  const entries = nameTreeEntries(names.lookup(PDFName.of('EmbeddedFiles')));
  entries.push({ key: PDFHexString.fromText(uniqueKey(key ?? fileName, entries)), value: specification });
  entries.sort((a, b) => Buffer.compare(a.key.asBytes(), b.key.asBytes()));
  names.set(PDFName.of('EmbeddedFiles'), context.obj({ Names: entries.flatMap(({ key, value }) => [key, value]) }));
  const associated = catalog.lookup(PDFName.of('AF'));
  const list = associated instanceof PDFArray ? associated.asArray() : [];
  catalog.set(PDFName.of('AF'), context.obj([...list, specification]));
}

/** Removes what would run by itself when the file is opened; the attached original keeps everything. */
export function removeActions(pdf: PDFDocument): void {
  for (const key of ['OpenAction', 'AA']) pdf.catalog.delete(PDFName.of(key));
  const names = pdf.catalog.lookup(PDFName.of('Names'));
  if (names instanceof PDFDict) names.delete(PDFName.of('JavaScript'));
}

/** A file name without parts of a path or control characters, of a length every system takes. */
export function safeFileName(name: string): string {
  const clean = name.replace(/[\\/\u0000-\u001f\u007f]/g, '_').trim();
  if (clean.length <= 150) return clean || 'document';
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(clean)?.[0] ?? '';
  return `${[...clean].slice(0, 150 - extension.length).join('')}${extension}`;
}

/** The name for readers that know no Unicode names; parentheses and backslashes are syntax in PDF strings. */
function asciiName(name: string): string {
  return name.replace(/[^A-Za-z0-9 ._-]/g, '_');
}

interface Entry {
  readonly key: PDFString | PDFHexString;
  readonly value: PDFObject;
}

/** Entries of a name tree; a node that several name is read once. */
function nameTreeEntries(root: PDFObject | undefined): Entry[] {
  const entries: Entry[] = [];
  const seen = new Set<PDFObject>();
  const visit = (node: PDFObject | undefined, depth: number): void => {
    if (!(node instanceof PDFDict) || depth > MAX_DEPTH || seen.has(node) || seen.size >= MAX_NODES) return;
    seen.add(node);
    const names = node.lookup(PDFName.of('Names'));
    if (names instanceof PDFArray && !seen.has(names)) {
      seen.add(names);
      for (let i = 0; i + 1 < names.size() && entries.length < MAX_ENTRIES; i += 2) {
        const key = names.lookup(i);
        if (key instanceof PDFString || key instanceof PDFHexString) entries.push({ key, value: names.get(i + 1) });
      }
    }
    const kids = node.lookup(PDFName.of('Kids'));
    if (!(kids instanceof PDFArray) || seen.has(kids)) return;
    seen.add(kids);
    for (let i = 0; i < kids.size() && entries.length < MAX_ENTRIES && seen.size < MAX_NODES; i++) visit(kids.lookup(i), depth + 1);
  };
  visit(root, 0);
  return entries;
}

function uniqueKey(name: string, entries: readonly Entry[]): string {
  const taken = new Set(entries.map(({ key }) => key.decodeText()));
  let key = name;
  for (let i = 2; taken.has(key); i++) key = `${name} (${i})`;
  return key;
}

function dictionary(pdf: PDFDocument, parent: PDFDict, key: string): PDFDict {
  const present = parent.lookup(PDFName.of(key));
  if (present instanceof PDFDict) return present;
  const made = pdf.context.obj({});
  parent.set(PDFName.of(key), made);
  return made;
}
