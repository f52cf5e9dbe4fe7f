import { deflateSync } from 'node:zlib';

// PDFs that are small to send and costly to read. Each is well formed enough to be read at all.

/** An object of a PDF: its text, or a stream with its dictionary. */
type PdfObject = string | { dictionary: string; stream: Buffer };

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A PDF of these objects, numbered from 1; the first is its catalogue. */
export function pdfOf(objects: readonly PdfObject[], version = '1.7'): Buffer {
  const parts: Buffer[] = [ascii(`%PDF-${version}\n`)];
  let at = parts[0]!.length;
  const offsets: number[] = [];
  const add = (part: Buffer): void => {
    parts.push(part);
    at += part.length;
  };
  objects.forEach((object, i) => {
    offsets.push(at);
    add(ascii(`${i + 1} 0 obj\n`));
    if (typeof object === 'string') add(ascii(object));
    else {
      add(ascii(`<< ${object.dictionary} /Length ${object.stream.length} >>\nstream\n`));
      add(object.stream);
      add(ascii('\nendstream'));
    }
    add(ascii('\nendobj\n'));
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const start = at;
  const size = objects.length + 1;
  add(ascii(`xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`));
  return Buffer.concat(parts);
}

const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>';
const onePage = ['<< /Type /Pages /Kids [3 0 R] /Count 1 >>', page];
const withNames = (root: number): string => `<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles ${root} 0 R >> >>`;

/** A name tree of many nodes that all name one array of file names, which is read again for each. About 0.8 MB with the usual numbers. */
export function sharedNames({ nodes = 8_000, names = 60_000 } = {}): Buffer {
  const first = 6;
  const kids = Array.from({ length: nodes }, (_, i) => `${first + i} 0 R`).join(' ');
  return pdfOf([
    withNames(5),
    ...onePage,
    `[${'(a)9 0 R'.repeat(names)}]`,
    `<< /Kids [${kids}] >>`,
    ...Array.from({ length: nodes }, () => '<< /Names 4 0 R >>'),
  ]);
}

/** A tree whose every level names the next one many times over. `key`: `/Names` of attachments, or the tree of pages. */
export function foldedTree(tree: 'names' | 'pages', { levels = 12, kids = 64 } = {}): Buffer {
  const first = 4;
  const level = (i: number): string => {
    const below = Array.from({ length: kids }, () => `${first + i + 1} 0 R`).join(' ');
    return tree === 'names' ? `<< /Kids [${below}] >>` : `<< /Type /Pages /Count ${kids} /Kids [${below}] >>`;
  };
  const levels_ = Array.from({ length: levels }, (_, i) => level(i));
  if (tree === 'names') return pdfOf([withNames(first), ...onePage, ...levels_, '<< /Names [] >>']);
  return pdfOf([`<< /Type /Catalog /Pages ${first} 0 R >>`, 'null', 'null', ...levels_, `<< /Type /Page /MediaBox [0 0 595 842] >>`]);
}

/** A page whose parents go round. */
export const circularParents = (): Buffer =>
  pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 4 0 R >>',
    '<< /Type /Page /Parent 4 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 2 0 R >>',
  ]);

/** One array of a great many values: `mebibytes` of them, as plain text. */
export const manyValues = (mebibytes = 26): Buffer =>
  pdfOf([withNames(4), ...onePage, `<< /Names [${'1 '.repeat(mebibytes * 512 * 1024)}] >>`]);

/** Objects packed into a stream that unpacks to `mebibytes` of numbers, `streams` times. About 0.4 MB packed for 400 MiB. */
export function packedObjects({ streams = 8, mebibytes = 50 } = {}): Buffer {
  const body = Buffer.concat([ascii('100 0 ['), Buffer.alloc(mebibytes * 1024 * 1024, '1 '), ascii(']')]);
  const stream = deflateSync(body, { level: 9 });
  const dictionary = '/Type /ObjStm /N 1 /First 6 /Filter /FlateDecode';
  return pdfOf([withNames(100), ...onePage, ...Array.from({ length: streams }, () => ({ dictionary, stream }))]);
}

/** A stream of objects that names a hundred thousand of them, each looked for from its beginning. */
export function lateObjects(count = 100_000): Buffer {
  const numbers = Array.from({ length: count }, (_, i) => `${1_000 + i} ${i * 5}`).join(' ');
  const objects = 'null '.repeat(count);
  const stream = deflateSync(ascii(`${numbers} ${objects}`), { level: 9 });
  const dictionary = `/Type /ObjStm /N ${count} /First ${numbers.length + 1} /Filter /FlateDecode`;
  const kids = Array.from({ length: count }, (_, i) => `${1_000 + count - 1 - i} 0 R`).join(' ');
  return packedXref([withNames(5), ...onePage, { dictionary, stream }, `<< /Kids [${kids}] >>`], 4, 1_000, count);
}

/** A PDF with a cross-reference stream that says: object `from + i` is number `i` in the stream `container`. */
function packedXref(objects: readonly PdfObject[], container: number, from: number, count: number): Buffer {
  const plain = pdfOf(objects);
  const body = plain.subarray(0, plain.lastIndexOf('xref\n0 '));
  const entry = (kind: number, second: number, third: number): Buffer => {
    const bytes = Buffer.alloc(9);
    bytes.writeUInt8(kind, 0);
    bytes.writeUInt32BE(second, 1);
    bytes.writeUInt32BE(third, 5);
    return bytes;
  };
  const offsets = objects.map((_, i) => body.indexOf(`${i === 0 ? '' : '\n'}${i + 1} 0 obj\n`) + (i === 0 ? 0 : 1));
  const table = Buffer.concat([
    ...offsets.map((offset) => entry(1, offset, 0)),
    ...Array.from({ length: count }, (_, i) => entry(2, container, i)),
  ]);
  const stream = deflateSync(table, { level: 9 });
  const number = objects.length + 1;
  const index = `/Index [1 ${objects.length} ${from} ${count}]`;
  const head = `${number} 0 obj\n<< /Type /XRef /W [1 4 4] ${index} /Size ${from + count} /Root 1 0 R /Filter /FlateDecode /Length ${stream.length} >>\nstream\n`;
  return Buffer.concat([body, ascii(head), stream, ascii(`\nendstream\nendobj\nstartxref\n${body.length}\n%%EOF\n`)]);
}

/** An attachment that unpacks to `mebibytes` of nothing. */
export function packedAttachment(mebibytes = 400): Buffer {
  const stream = deflateSync(Buffer.alloc(mebibytes * 1024 * 1024), { level: 9 });
  const files = Array.from({ length: 100 }, (_, i) => `(f${String(i).padStart(3, '0')}) 5 0 R`).join(' ');
  return pdfOf([
    withNames(4),
    ...onePage,
    `<< /Names [${files}] >>`,
    '<< /Type /Filespec /F (a) /EF << /F 6 0 R >> >>',
    { dictionary: '/Filter /FlateDecode', stream },
  ]);
}

/** Many pages that all show one stream, which unpacks to `mebibytes`. */
export function sharedContents({ pages = 1_500, mebibytes = 12 } = {}): Buffer {
  const stream = deflateSync(Buffer.alloc(mebibytes * 1024 * 1024, '0 0 m '), { level: 9 });
  const first = 4;
  const kids = Array.from({ length: pages }, (_, i) => `${first + i} 0 R`).join(' ');
  return pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`,
    { dictionary: '/Filter /FlateDecode', stream },
    ...Array.from({ length: pages }, () => '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 3 0 R >>'),
  ]);
}
