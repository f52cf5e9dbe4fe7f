import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PDFDocument, PDFHexString, PDFName, PDFString, StandardFonts } from '@cantoo/pdf-lib';
import { makeSignedPdf, type SheetSigner, type SignedPdf, type SignedPdfOrder } from '../../signature/sheet';

const KAZAKH = 'Әліпби Ғылым Қазақ «аҢ» Өмір Ұлы Үміт Һәм Іс қаһарман';
const URL = 'https://kense.example.kz/check/01KAGH2Z5Q6M7N8P9Q0RSTVWXY';
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'kense-sheet-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(command: string, ...args: string[]): { status: number | null; output: string } {
  const ran = spawnSync(command, args, { encoding: 'utf8', cwd: directory, maxBuffer: 1 << 26 });
  return { status: ran.status, output: ran.stdout + ran.stderr };
}

const missing = ['pdftotext', 'pdfdetach', 'pdftoppm', 'qpdf', 'zbarimg'].filter((tool) => spawnSync(tool, ['-v']).error);
if (missing.length > 0) process.stderr.write(`sheet.test: not installed, their checks are skipped: ${missing.join(', ')}\n`);
const withTools = missing.length === 0 ? test : test.skip;

function signer(name: string, more: Partial<SheetSigner> = {}): SheetSigner {
  return {
    name,
    verdict: 'valid',
    verdictText: 'Подпись верна',
    person: [
      { label: 'ИИН', value: '900101300017' },
      { label: 'Организация', value: 'ТОО «Алатау Сервис», БИН 200140000017' },
    ],
    evidence: [
      { label: 'Время', value: '20.11.2026 15:42 (UTC+5)' },
      { label: 'Сертификат', value: '6c425659bd2fc6dc587b871aede1857727cf8451' },
    ],
    ...more,
  };
}

function order(original: Uint8Array, more: Partial<SignedPdfOrder> = {}): SignedPdfOrder {
  return {
    original,
    mediaType: 'application/pdf',
    fileName: 'Договор.pdf',
    attachmentText: 'Подлинник электронного документа',
    letterhead: { left: '«Алатау Сервис» ЖШС', right: 'ТОО «Алатау Сервис»' },
    heading: 'Лист подписей',
    title: 'Договор поставки',
    facts: [{ label: 'Номер', value: '01-14/1248' }],
    signaturesHeading: 'Подписи',
    signers: [signer('ҚАСЫМОВА ҮМІТ')],
    notice: 'Подлинник вложен в этот файл.',
    checkUrl: URL,
    checkPrompt: 'Проверить документ',
    foot: 'Договор поставки',
    footPages: 'лист подписей, стр. {page} из {pages}',
    ...more,
  };
}

async function twoPages(): Promise<Uint8Array> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  pdf.addPage([595, 842]).drawText('First page of the contract', { x: 50, y: 700, font, size: 20 });
  pdf.addPage([842, 595]).drawText('Second page, landscape', { x: 50, y: 300, font });
  return pdf.save();
}

/** Writes the result and gives its path; a sound file is what qpdf says is one. */
function saved({ bytes }: SignedPdf, name = 'signed.pdf'): string {
  const file = path.join(directory, name);
  writeFileSync(file, bytes);
  expect(run('qpdf', '--check', file)).toMatchObject({ status: 0 });
  return file;
}

const textOf = (file: string): string => run('pdftotext', '-layout', file, '-').output;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function detached(file: string, number = 1): Uint8Array {
  const out = path.join(directory, 'detached');
  rmSync(out, { force: true });
  expect(run('pdfdetach', '-save', String(number), '-o', out, file).status).toBe(0);
  return readFileSync(out);
}

describe('the PDF with signatures', () => {
  withTools('keeps the pages of the document, adds the sheet, attaches the original octet for octet', async () => {
    const original = await twoPages();
    const made = await makeSignedPdf(order(original));
    expect([made.documentPages, made.sheetPages]).toEqual([2, 1]);
    const file = saved(made);
    const text = textOf(file);
    for (const part of [
      'First page of the contract',
      'Second page, landscape',
      'Лист подписей',
      'ҚАСЫМОВА ҮМІТ',
      '900101300017',
      'стр. 1 из 1',
    ]) {
      expect(text).toContain(part);
    }
    expect(sha256(detached(file))).toBe(sha256(original));
    expect(run('pdfdetach', '-list', file).output).toContain('Договор.pdf');
    writeFileSync(path.join(directory, 'original.pdf'), original);
    for (const page of ['1', '2']) {
      const image = (name: string): string => {
        run('pdftoppm', '-r', '40', '-f', page, '-l', page, '-singlefile', name, `page-${path.basename(name)}`);
        return sha256(readFileSync(path.join(directory, `page-${path.basename(name)}.ppm`)));
      };
      expect(image(file)).toBe(image(path.join(directory, 'original.pdf')));
    }
  });

  withTools('has a code that leads to the check page', async () => {
    const file = saved(await makeSignedPdf(order(await twoPages())));
    run('pdftoppm', '-r', '150', '-f', '3', '-l', '3', '-singlefile', '-png', file, 'sheet');
    expect(run('zbarimg', '-q', '--raw', 'sheet.png').output).toContain(URL);
  });

  withTools('carries the letters of Kazakh in both faces, to be read, searched and copied', async () => {
    const file = saved(await makeSignedPdf(order(await twoPages(), { title: KAZAKH, notice: KAZAKH })));
    expect(textOf(file).split(KAZAKH)).toHaveLength(3);
  });

  withTools('marks the attachment as the source of the file', async () => {
    const { bytes } = await makeSignedPdf(order(await twoPages()));
    const pdf = await PDFDocument.load(bytes);
    const associated = pdf.catalog.lookup(PDFName.of('AF')) as unknown as { lookup(i: number): Map<string, unknown> };
    expect(String((associated.lookup(0) as unknown as { get(n: PDFName): unknown }).get(PDFName.of('AFRelationship')))).toBe('/Source');
  });

  withTools('of a document that is no PDF is the sheet alone with the attachment', async () => {
    const original = Buffer.from('<html>Қазақстан</html>');
    const made = await makeSignedPdf(order(original, { mediaType: 'text/html', fileName: 'письмо.html' }));
    expect([made.documentPages, made.sheetPages]).toEqual([0, 1]);
    const file = saved(made);
    expect(Buffer.from(detached(file)).equals(original)).toBe(true);
    expect(run('pdfdetach', '-list', file).output).toContain('письмо.html');
  });

  withTools.each<[string, () => Promise<Uint8Array>]>([
    ['a broken PDF', async () => (await twoPages()).subarray(0, 300)],
    ['something that only claims to be a PDF', () => Promise.resolve(Buffer.from('not at all'))],
    ['an empty file', () => Promise.resolve(new Uint8Array())],
    [
      'an encrypted PDF',
      async () => {
        writeFileSync(path.join(directory, 'plain.pdf'), await twoPages());
        expect(run('qpdf', '--encrypt', 'user', 'owner', '256', '--', 'plain.pdf', 'encrypted.pdf').status).toBe(0);
        return readFileSync(path.join(directory, 'encrypted.pdf'));
      },
    ],
  ])('of %s as well', async (_name, make) => {
    const original = await make();
    const made = await makeSignedPdf(order(original));
    expect(made.documentPages).toBe(0);
    expect(Buffer.from(detached(saved(made))).equals(original)).toBe(true);
  });

  withTools('keeps attachments the document had, in a name tree of several levels too', async () => {
    const pdf = await PDFDocument.load(await twoPages());
    const specification = (name: string): unknown => {
      const file = pdf.context.register(pdf.context.stream(`content of ${name}`, { Type: 'EmbeddedFile' }));
      return pdf.context.register(
        pdf.context.obj({ Type: 'Filespec', F: PDFString.of(name), UF: PDFHexString.fromText(name), EF: { F: file } }),
      );
    };
    const leaf = (name: string) =>
      pdf.context.register(
        pdf.context.obj({ Names: [PDFString.of(name), specification(name) as never], Limits: [PDFString.of(name), PDFString.of(name)] }),
      );
    pdf.catalog.set(PDFName.of('Names'), pdf.context.obj({ EmbeddedFiles: { Kids: [leaf('a.txt'), leaf('z.txt')] } }));
    const original = await pdf.save();
    const file = saved(await makeSignedPdf(order(original)));
    const list = run('pdfdetach', '-list', file).output;
    for (const name of ['3 embedded files', 'a.txt', 'z.txt', 'Договор.pdf']) expect(list).toContain(name);
  });

  withTools('does not run what the original would run when opened', async () => {
    const pdf = await PDFDocument.load(await twoPages());
    pdf.addJavaScript('greet', 'app.alert("hello")');
    pdf.catalog.set(PDFName.of('OpenAction'), pdf.context.obj({ S: 'JavaScript', JS: PDFString.of('app.alert(1)') }));
    const original = await pdf.save();
    const { bytes } = await makeSignedPdf(order(original));
    const made = await PDFDocument.load(bytes);
    expect(made.catalog.has(PDFName.of('OpenAction'))).toBe(false);
    expect(String(made.catalog.lookup(PDFName.of('Names')))).not.toContain('JavaScript');
    expect(sha256(detached(saved({ bytes, documentPages: 2, sheetPages: 1 })))).toBe(sha256(original));
  });
});

describe('awkward texts', () => {
  withTools.each<[string, string]>([
    ['500 letters without a space', 'Ы'.repeat(500)],
    ['500 words', 'слово '.repeat(500)],
    ['20,000 letters', 'Щ'.repeat(20_000)],
    ['emoji', 'Иван 👨‍👩‍👧 Иванов 🇰🇿'],
    ['quotes and brackets', `"'«»„“(()\\)<>{}[]/%`],
    ['control characters', 'a\0b\u0007c\r\nd\te\u001b[31m'],
    ['text turned around', 'abc\u202egpj.exe'],
    ['scripts the font lacks', '中文 العربية עברית ไทย'],
    ['half of a surrogate pair', 'x\ud83d y'],
    ['combining marks', 'é́́́́ ә̃'],
    ['nothing', ''],
    ['only spaces', '   '],
  ])('%s: in every field, without harm', async (_name, text) => {
    const awkward = signer(text, { person: [{ label: text, value: text }], evidence: [{ label: text, value: text }], verdictText: text });
    const made = await makeSignedPdf(
      order(await twoPages(), {
        title: text,
        heading: text,
        notice: text,
        foot: text,
        fileName: `${text}.pdf`,
        attachmentText: text,
        letterhead: { left: text, right: text },
        checkPrompt: text,
        signers: [awkward, signer('ПОСЛЕДНИЙ', { verdict: 'indeterminate' }), signer('x', { verdict: 'invalid' })],
      }),
    );
    const file = saved(made);
    expect(textOf(file)).toContain('ПОСЛЕДНИЙ');
    expect(run('pdfdetach', '-list', file).output).toContain('1 embedded files');
  });

  withTools('what cannot be drawn is visibly replaced, the rest stays', async () => {
    const text = textOf(saved(await makeSignedPdf(order(await twoPages(), { title: 'Иван 👨‍👩‍👧 中 Иванов' }))));
    expect(text).toContain('Иван \ufffd \ufffd Иванов');
  });

  withTools('a hundred signatures go on over pages, each whole', async () => {
    const signers = Array.from({ length: 100 }, (_, i) => signer(`ПОДПИСАНТ ${String(i + 1).padStart(3, '0')}`));
    const made = await makeSignedPdf(order(await twoPages(), { signers }));
    const pages = textOf(saved(made)).split('\f').slice(2, -1);
    expect(pages).toHaveLength(made.sheetPages);
    expect(made.sheetPages).toBeGreaterThan(8);
    for (const [i, page] of pages.entries()) {
      expect(page).toContain(`стр. ${i + 1} из ${made.sheetPages}`);
      expect(page.match(/ПОДПИСАНТ \d{3}/g)?.length).toBe(page.match(/900101300017/g)?.length);
    }
    expect(pages.join('').match(/ПОДПИСАНТ \d{3}/g)).toHaveLength(100);
  });
});

test('the fonts travel with their licence', () => {
  const folder = path.join(__dirname, '../../signature/sheet/fonts');
  expect(readFileSync(path.join(folder, 'OFL.txt'), 'utf8')).toContain('SIL Open Font License, Version 1.1');
  for (const name of ['NotoSans-Regular.ttf', 'NotoSans-Bold.ttf']) expect(existsSync(path.join(folder, name))).toBe(true);
});
