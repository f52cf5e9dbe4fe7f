import { PDFDocument, PDFName, PDFRawStream } from '@cantoo/pdf-lib';
import { circularParents, foldedTree, manyValues, packedObjects, pdfOf, sharedContents, sharedNames } from '../../bench/hostile/pdfs';
import { makeCard, type CardOrder } from '../../signature/card';
import { HopelessPdfError, makeSignedPdf, type SignedPdfOrder } from '../../signature/sheet';

const sheet = (original: Uint8Array): SignedPdfOrder => ({
  original,
  mediaType: 'application/pdf',
  fileName: 'a.pdf',
  attachmentText: 'Original',
  letterhead: { left: 'Left', right: 'Right' },
  heading: 'Sheet',
  title: 'Title',
  facts: [],
  signaturesHeading: 'Signatures',
  signers: [],
  notice: 'Notice',
  checkUrl: 'https://kense.example/check/1',
  checkPrompt: 'Check',
  foot: 'Foot',
  footPages: '{page}/{pages}',
});
const card = (original: Uint8Array): CardOrder => ({
  original,
  mediaType: 'application/pdf',
  fileName: 'a.pdf',
  originalText: 'Original',
  documentId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  heading: 'Card',
  title: 'Title',
  facts: [],
  contentsHeading: 'Contents',
  parts: ['Info', 'Pages', 'Signatures'],
  attachmentsHeading: 'Attachments',
  attachmentColumns: ['No', 'File', 'About'],
  notices: [],
  mark: 'MARK',
  checkUrl: 'https://kense.example/check/1',
  checkPrompt: 'Check',
  footPages: '{page}/{pages}',
  signatures: [],
});
const why = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'made',
    (error: unknown) => (error instanceof HopelessPdfError ? error.code : error),
  );

const deep = (open: string, close: string): Buffer =>
  pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [] /Count 0 >>', `${open.repeat(200)}${close.repeat(200)}`]);

describe('a PDF that would cost too much is not opened', () => {
  test.each([
    ['objects that unpack to numbers without end', () => packedObjects({ streams: 2, mebibytes: 10 }), 'too-many-values'],
    ['objects that unpack to more than they may', () => packedObjects({ streams: 1, mebibytes: 80 }), 'unpacks-too-far'],
    ['a table of values without end', () => manyValues(6), 'too-many-values'],
    ['arrays within arrays', () => deep('[', ']'), 'too-deep'],
    ['dictionaries within dictionaries', () => deep('<</A', '>>'), 'too-deep'],
    ['pages that are named over and over', () => foldedTree('pages'), 'goes-round'],
    ['pages whose parents go round', () => circularParents(), 'goes-round'],
  ] as const)('%s', async (_name, make, code) => {
    const original = make();
    expect(await why(makeSignedPdf(sheet(original)))).toBe(code);
    expect(await why(makeCard(card(original)))).toBe(code);
  });

  test('the name of a filter may be written in another way', async () => {
    const { length } = packedObjects({ streams: 1, mebibytes: 10 });
    expect(length).toBeGreaterThan(0);
    const plain = packedObjects({ streams: 1, mebibytes: 10 }).toString('latin1');
    const spelled = Buffer.from(plain.replace('/ObjStm', '/#4fbjStm').replace('/FlateDecode', '/Fl#61teDecode'), 'latin1');
    expect(await why(makeSignedPdf(sheet(spelled)))).toBe('too-many-values');
  });
});

test('attachments whose names go round and share one array are read once', async () => {
  expect(await why(makeSignedPdf(sheet(foldedTree('names'))))).toBe('made');
  expect(await why(makeSignedPdf(sheet(sharedNames({ nodes: 3_000, names: 20_000 }))))).toBe('made');
});

test('pages that all show one large stream make no card, though a sheet', async () => {
  const original = sharedContents();
  expect(await why(makeCard(card(original)))).toBe('shows-too-much');
  expect(await why(makeSignedPdf(sheet(original)))).toBe('made');
});

test('what the pages of a document share is in its card once', async () => {
  const pdf = await PDFDocument.create();
  const picture = pdf.context.register(
    PDFRawStream.of(pdf.context.obj({ Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 1, 1] }), Buffer.alloc(200_000, 'a')),
  );
  for (let i = 0; i < 30; i++) {
    const page = pdf.addPage();
    page.drawRectangle({ x: 1, y: 1, width: 1, height: 1 });
    page.node.setXObject(PDFName.of('Shared'), picture);
  }
  const original = await pdf.save();
  const made = await makeCard(card(original));
  expect(made.pages[1]).toBe(30);
  expect(made.bytes.length).toBeLessThan(original.length * 3);
});
