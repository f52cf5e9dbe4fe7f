import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { PDFDocument, degrees, PDFName } from '@cantoo/pdf-lib';
import { createTrustStore, DOCUMENT_POLICY, mergeTrustStores, productionTrust, readCertificates, Work } from '../../signature';
import { makeCard, type CardOrder, type CardSignature } from '../../signature/card';
import { CardError, joinQrParts, QrError, readCard, splitIntoQr, verifyCard } from '../../signature/card/reading';
import { PdfLexer } from '../../signature/card/pdf-values';
import { makeTextPdf } from '../../signature/sheet/text-pdf';
import { fixturePath } from './support/fixtures';

const AT = new Date('2026-08-01T00:00:00Z');
const cms = readFileSync(fixturePath('cms/ncalayer-legal-detached-cadest.der'));
const document = readFileSync(fixturePath('cms/ncalayer-legal-document.txt'));
const trust = mergeTrustStores(
  productionTrust(),
  createTrustStore(readCertificates(readFileSync(fixturePath('ca/test-nca-gost2022.cer')))),
);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kense-card-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tools = ['pdftotext', 'pdfdetach', 'pdftoppm', 'pdffonts', 'qpdf', 'zbarimg'].filter((tool) => spawnSync(tool, ['-v']).error);
if (tools.length > 0) process.stderr.write(`card.test: not installed, their checks are skipped: ${tools.join(', ')}\n`);
const withTools = tools.length === 0 ? test : test.skip;

function signature(n: number, more: Partial<CardSignature> = {}): CardSignature {
  return {
    title: `Подпись №${n}`,
    person: [
      { label: 'Дата подписания (по метке времени)', value: '20.07.2026 14:10:09 UTC+5' },
      { label: 'Подписант', value: 'ӘБДІҚАДЫРҰЛЫ ҒАНИ ҮСЕНҰЛЫ\nИИН 123456789011' },
      { label: 'Организация', value: 'ТОО «Өңір-Құрылыс», БИН 123456789021' },
    ],
    evidence: [
      { heading: 'Сертификат', facts: [{ label: 'Субъект', value: 'CN=ТЕСТОВ ТЕСТ,SERIALNUMBER=IIN123456789011,C=KZ' }] },
      { heading: 'Данные OCSP', facts: [{ label: 'Состояние', value: 'не отозван' }] },
    ],
    cms,
    fileName: 'подпись.cms',
    description: 'ЭЦП, ТЕСТОВ ТЕСТ',
    printed: null,
    printedCaption: 'Подпись в QR-кодах: 4 шт.',
    ...more,
  };
}

function order(original: Uint8Array, mediaType: string, more: Partial<CardOrder> = {}): CardOrder {
  return {
    original,
    mediaType,
    fileName: mediaType === 'application/pdf' ? 'Договор (1).pdf' : 'Хат.txt',
    originalText: 'Подлинник электронного документа',
    documentId: '01KAGH2Z5Q6M7N8P9Q0RSTVWXY',
    heading: 'КАРТОЧКА ЭЛЕКТРОННОГО ДОКУМЕНТА',
    title: 'Договор поставки № 118/25 — трансформаторы ТМГ',
    facts: [
      { label: 'Описание', value: 'Договор поставки № 118/25 — трансформаторы ТМГ' },
      { label: 'Дата и время формирования', value: '22.11.2026 14:10:09 UTC+5' },
      { label: 'Информационная система', value: 'Kense, ТОО «Алатау»' },
    ],
    contentsHeading: 'Содержание',
    parts: ['Информационный блок', 'Визуализация электронного документа', 'Визуализация подписей под электронным документом'],
    attachmentsHeading: 'Список вложений',
    attachmentColumns: ['№', 'Имя файла', 'Описание'],
    notices: ['Видимая часть карточки носит информационный характер.', 'Остерегайтесь подделок.'],
    mark: 'ВИЗУАЛИЗАЦИЯ ЭЛЕКТРОННОГО ДОКУМЕНТА',
    checkUrl: 'https://kense.example.kz/check/01KAGH2Z5Q6M7N8P9Q0RSTVWXY',
    checkPrompt: 'проверить подписанный документ / қол қойылған құжатты тексеріңіз',
    footPages: 'стр. {page} из {pages}',
    signatures: [signature(1)],
    ...more,
  };
}

/** A PDF with an upright, a landscape and two turned pages, one of them empty, and with an action that runs by itself. */
async function aDocument(): Promise<Uint8Array> {
  const pdf = await PDFDocument.load(
    await makeTextPdf(['Шарт', 'Бірінші тармақ: ең маңыздысы, ғимарат.', 'Екінші тармақ: өзге мәселелер.']),
  );
  const [wide] = await pdf.copyPages(pdf, [0]);
  pdf.addPage(wide).setSize(842, 595);
  const [turned] = await pdf.copyPages(pdf, [0]);
  pdf.addPage(turned).setRotation(degrees(90));
  pdf.addPage([300, 300]);
  pdf.catalog.set(PDFName.of('OpenAction'), pdf.context.obj({ S: 'JavaScript', JS: 'app.alert(1)' }));
  return pdf.save();
}

describe('a card', () => {
  test('carries the original octet for octet, then the signatures, and proves them', async () => {
    const { bytes, pages } = await makeCard(order(document, 'text/plain', { signatures: [signature(1), signature(2)] }));
    expect(pages).toEqual([1, 0, 2]);
    const card = readCard(bytes);
    expect(Buffer.from(card.document.bytes).equals(document)).toBe(true);
    expect(card.document).toMatchObject({ fileName: 'Хат.txt', description: 'Подлинник электронного документа' });
    expect(card.signatures.map((one) => [one.fileName, one.description, Buffer.from(one.bytes).equals(cms)])).toEqual([
      ['подпись.cms', 'ЭЦП, ТЕСТОВ ТЕСТ', true],
      ['подпись (2).cms', 'ЭЦП, ТЕСТОВ ТЕСТ', true],
    ]);
    const report = verifyCard(bytes, { at: AT, trust, policy: DOCUMENT_POLICY });
    expect([report.verdict, report.signatures.map((one) => one.report.signers[0]?.code)]).toEqual(['valid', ['ok', 'ok']]);
    const other = await makeCard(order(Buffer.from('another text'), 'text/plain'));
    expect(verifyCard(other.bytes, { at: AT, trust, policy: DOCUMENT_POLICY }).verdict).toBe('invalid');
  });

  test('shows every page of a PDF as it is turned, and nothing of it runs', async () => {
    const original = await aDocument();
    const { bytes, pages } = await makeCard(order(original, 'application/pdf'));
    expect(pages).toEqual([1, 4, 1]);
    const made = await PDFDocument.load(bytes);
    expect(made.getPages().map((page) => page.getWidth() > page.getHeight())).toEqual([false, false, true, true, false, false]);
    for (const key of ['OpenAction', 'AA', 'AcroForm']) expect(made.catalog.has(PDFName.of(key))).toBe(false);
    expect(Buffer.from(readCard(bytes).document.bytes).equals(Buffer.from(original))).toBe(true);
    expect(Buffer.from(bytes.subarray(0, 8)).toString('latin1')).toBe('%PDF-1.7');
  });

  test.each([
    ['broken', Buffer.from('%PDF-1.4\nnothing of a PDF')],
    ['no PDF at all', document],
  ])('of an original that is %s leaves the visualisation out', async (_name, original) => {
    const { pages, bytes } = await makeCard(order(original, 'application/pdf'));
    expect(pages).toEqual([1, 0, 1]);
    expect(Buffer.from(readCard(bytes).document.bytes).equals(original)).toBe(true);
  });

  withTools(
    'is what other programs find too',
    async () => {
      const original = await aDocument();
      const { bytes } = await makeCard(order(original, 'application/pdf', { signatures: [signature(1, { printed: cms }), signature(2)] }));
      const run = (program: string, ...args: string[]): string =>
        execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
      writeFileSync(path.join(folder, 'card.pdf'), bytes);
      run('qpdf', '--check', 'card.pdf');
      const text = run('pdftotext', '-layout', 'card.pdf', '-');
      for (const words of ['КАРТОЧКА ЭЛЕКТРОННОГО ДОКУМЕНТА', 'ӘБДІҚАДЫРҰЛЫ ҒАНИ ҮСЕНҰЛЫ', 'стр. 7 из 7', 'Подпись №2', 'ең маңыздысы'])
        expect(text).toContain(words);
      expect(text).toMatch(/Визуализация подписей под электронным документом\s+6/);
      run('pdfdetach', '-save', '1', '-o', 'first', 'card.pdf');
      expect(readFileSync(path.join(folder, 'first')).equals(Buffer.from(original))).toBe(true);
      const fonts = run('pdffonts', 'card.pdf').split('\n').slice(2).filter(Boolean);
      expect(fonts.length).toBeGreaterThan(1);
      expect(fonts.every((line) => /\byes\s+(yes|no)\s+(yes|no)\s+\d/.test(line))).toBe(true);
      run('pdftoppm', '-r', '200', '-png', '-f', '6', '-l', '6', 'card.pdf', 'page');
      const image = readdirSync(folder).find((name) => name.startsWith('page'))!;
      const codes = run('zbarimg', '--raw', '-q', image).trim().split('\n');
      const parts = codes.filter((code) => code.startsWith('KENSE/'));
      expect(parts).toHaveLength(Math.ceil(cms.length / 940));
      expect(Buffer.from(joinQrParts(parts)).equals(cms)).toBe(true);
      expect(codes).toEqual(expect.arrayContaining(['01KAGH2Z5Q6M7N8P9Q0RSTVWXY', order(document, 'text/plain').checkUrl]));
    },
    60_000,
  );
});

describe('cards of other systems', () => {
  /** A PDF written by hand: a classic table or packed objects, attachments in a tree of two levels or on a page. */
  function pdfOf(objects: readonly string[], streams: ReadonlyMap<number, Buffer>): Buffer {
    let body = Buffer.from('%PDF-1.5\n%\xe2\xe3\n', 'latin1');
    const offsets = objects.map((object, i) => {
      const at = body.length;
      const stream = streams.get(i + 1);
      const tail = stream ? Buffer.concat([Buffer.from('\nstream\r\n'), stream, Buffer.from('\nendstream')]) : Buffer.alloc(0);
      body = Buffer.concat([body, Buffer.from(`${i + 1} 0 obj\n${object}`, 'latin1'), tail, Buffer.from('\nendobj\n')]);
      return at;
    });
    const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
    const end = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`;
    return Buffer.concat([body, Buffer.from(end)]);
  }
  const packed = deflateSync(cms);
  const hex = Buffer.from(`${document.toString('hex')}>`);
  const common = [
    `<< /Length ${hex.length} /Filter /ASCIIHexDecode /Type /EmbeddedFile >>`,
    `<< /Length ${packed.length} /Filter [/Fl] /Params << /Size ${cms.length} >> >>`,
    '<< /Type /Filespec /F (let\\164er.txt) /UF <FEFF042504300442002E007400780074> /Desc (Original) /EF << /F 6 0 R >> >>',
    '<< /Type /Filespec /F (sign.cms) /EF << /F 7 0 R >> >>',
  ];
  const streams = new Map([
    [6, hex],
    [7, packed],
  ]);
  const inTree = pdfOf(
    [
      '<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles 4 0 R >> >>',
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>',
      '<< /Kids [5 0 R 10 0 R] >>',
      '<< /Limits [(a) (a)] /Names [(a) 8 0 R] >>',
      ...common,
      '<< /Limits [(b) (b)] /Names [(b) 9 0 R] >>',
    ],
    streams,
  );
  const onPage = pdfOf(
    [
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [4 0 R 5 0 R] >>',
      '<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS 8 0 R >>',
      '<< /Type /Annot /Subtype /FileAttachment /Rect [9 0 18 9] /FS 9 0 R >>',
      ...common,
    ],
    streams,
  );

  test.each([
    ['a name tree of two levels', inTree],
    ['annotations on a page', onPage],
  ])('attachments in %s', (_name, bytes) => {
    const card = readCard(bytes);
    expect(card.document).toMatchObject({ fileName: 'Хат.txt', description: 'Original' });
    expect(Buffer.from(card.document.bytes).equals(document)).toBe(true);
    expect(card.signatures.map((one) => [one.fileName, Buffer.from(one.bytes).equals(cms)])).toEqual([['sign.cms', true]]);
  });

  test.each<[string, Buffer, string]>([
    ['a text', Buffer.from('no pdf'), 'card.not_pdf'],
    ['half a card', inTree.subarray(0, inTree.length >> 1), 'card.damaged'],
    [
      'a PDF without attachments',
      Buffer.from(inTree.toString('latin1').replace('/Names <<', '/Nomes <<'), 'latin1'),
      'card.no_attachments',
    ],
    ['an encrypted PDF', Buffer.from(inTree.toString('latin1').replace('/Root', '/Encrypt 9 0 R /Root'), 'latin1'), 'card.encrypted'],
  ])('%s is no card', (_name, bytes, code) => {
    expect(() => readCard(bytes)).toThrow(expect.objectContaining({ code }) as CardError);
  });

  test('a stream that unpacks to a flood is stopped', () => {
    const flood = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    const bomb = pdfOf(
      [
        '<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 8 0 R (b) 8 0 R] >> >> >>',
        ...['null', 'null', 'null', 'null', 'null'],
        `<< /Length ${flood.length} /Filter /FlateDecode >>`,
        '<< /Type /Filespec /F (sign.cms) /EF << /F 7 0 R >> >>',
      ],
      new Map([[7, flood]]),
    );
    expect(() => readCard(bomb)).toThrow(expect.objectContaining({ code: 'card.too_large' }) as CardError);
  });
});

describe('a signature in QR codes', () => {
  const texts = splitIntoQr(cms);

  test('is put together in any order, with repeats', () => {
    expect(Buffer.from(joinQrParts([...texts, texts[0]!].reverse())).equals(cms)).toBe(true);
    expect(Buffer.from(joinQrParts(splitIntoQr(Uint8Array.of(7)))).equals(Buffer.of(7))).toBe(true);
  });

  test.each<[string, readonly string[]]>([
    ['nothing', []],
    ['a missing part', texts.slice(1)],
    ['parts of two signatures', [...texts.slice(1), splitIntoQr(document)[0]!]],
    ['a changed part', [texts[0]!.replace(/.$/, (c) => (c === '0' ? '1' : '0')), ...texts.slice(1)]],
    ['another code', ['https://kense.example.kz']],
    ['a part beyond the last', [texts[0]!.replace('/01/', '/77/'), ...texts.slice(1)]],
  ])('%s is told', (_name, given) => {
    expect(() => joinQrParts(given)).toThrow(QrError);
  });

  test('every code fits version 25 at level M', () => {
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(1_451);
  });
});

test.each([-1, 5, Number.MAX_SAFE_INTEGER, NaN])('a card that points outside of itself (%d) is damaged, not a crash', (at) => {
  expect(() => new PdfLexer(Buffer.from('1 0'), at, new Work())).toThrow(CardError);
});

test('a remark that never ends is the end of the file, not a crash', () => {
  const lexer = new PdfLexer(Buffer.from('12 % and nothing after it'), 0, new Work());
  expect([lexer.integer(), lexer.word(), lexer.at]).toEqual([12, '', 25]);
  expect(() => lexer.integer()).toThrow(CardError);
});
