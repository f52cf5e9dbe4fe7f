import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { openZipSource } from '../../services/check/zip-source';
import { createTrustStore, DOCUMENT_POLICY, Work } from '../../signature';
import { CardError, openCard, readCard, verifyCard } from '../../signature/card/reading';
import { makePack, type PackSource, verifyPack } from '../../signature/pack';
import { containerLimits, type WorkLimits } from '../../signature/work';
import { costlyCms, lookAlikes } from '../support/costly';
import { makeZip, type ZipPiece } from '../support/zip';
import { fixturePath } from './support/fixtures';

// Cards and packs made to hold a processor for hours or to fill the memory. What they cost is counted: nothing here looks at a clock.

const NOW = new Date('2026-08-01T00:00:00Z');
const cms = readFileSync(fixturePath('cms/ncalayer-legal-detached-cadest.der'));
const document = readFileSync(fixturePath('cms/ncalayer-legal-document.txt'));
const trust = createTrustStore([]);
/** A quarter of what its signatures would take each. */
const costly = costlyCms(document, NOW, { signers: 20, tokens: 4, crowd: 60 }, false);
const MOST = 600;

/** A PDF of these objects, numbered from 1; streams are given as dictionary and octets. */
function pdfOf(objects: readonly (string | Buffer | { dictionary: string; bytes: Uint8Array })[], root = 1): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let at = parts[0]!.length;
  const add = (piece: Buffer): void => {
    parts.push(piece);
    at += piece.length;
  };
  objects.forEach((object, i) => {
    offsets.push(at);
    add(Buffer.from(`${i + 1} 0 obj\n`));
    if (typeof object === 'string' || Buffer.isBuffer(object)) add(Buffer.from(object));
    else {
      add(Buffer.from(`<< ${object.dictionary} /Length ${object.bytes.length} >>\nstream\n`));
      add(Buffer.from(object.bytes));
      add(Buffer.from('\nendstream'));
    }
    add(Buffer.from('\nendobj\n'));
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const begin = at;
  add(
    Buffer.from(
      `xref\n0 1\n0000000000 65535 f \n1 ${objects.length}\n${table}trailer\n<< /Root ${root} 0 R >>\nstartxref\n${begin}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

const refs = (first: number, count: number): string => Array.from({ length: count }, (_, i) => `${first + i} 0 R`).join(' ');
const catalog = '<< /Type /Catalog /Names << /EmbeddedFiles 2 0 R >> >>';
const file = (name: string, stream: number): string => `<< /Type /Filespec /F (${name}) /EF << /F ${stream} 0 R >> >>`;

/** Reads with a budget of its own: what it cost, and how it ended. */
function read(bytes: Uint8Array, limits: Partial<WorkLimits> = {}): { work: Work; code: string } {
  const work = new Work({ ...containerLimits(bytes.length), ...limits });
  try {
    readCard(bytes, work);
    return { work, code: 'ok' };
  } catch (error) {
    if (error instanceof CardError) return { work, code: error.code };
    throw error;
  }
}

describe('a card', () => {
  test('whose hundred thousand nodes share one list costs the list once', () => {
    const nodes = 15_000;
    const shared = 20_000;
    const bytes = pdfOf([
      catalog,
      `<< /Kids [${refs(5, nodes)}] >>`,
      `[${Array.from({ length: shared / 2 }, () => '(a) null').join(' ')}]`,
      'null',
      ...Array.from({ length: nodes }, () => '<< /Names 3 0 R >>'),
    ]);
    const { work, code } = read(bytes);
    expect(code).toBe('card.no_attachments');
    // each value of the file a few times: read, told in the cross-reference, walked over
    expect(work.spent('values')).toBeLessThan(12 * (nodes + shared));
  });

  test.each([
    ['names', '/Names', '/Kids 3 0 R'],
    ['pages', '/Pages', '/Annots 3 0 R /Kids 3 0 R'],
  ])('whose %s share one list of children costs them once', (_what, key, node) => {
    const count = 15_000;
    const bytes = pdfOf([
      key === '/Names' ? catalog : '<< /Type /Catalog /Pages 2 0 R >>',
      `<< ${node} >>`,
      `[${refs(4, count)}]`,
      ...Array.from({ length: count }, () => `<< ${node} >>`),
    ]);
    const { work, code } = read(bytes);
    expect(code).toBe('card.no_attachments');
    expect(work.spent('values')).toBeLessThan(15 * count);
  });

  test('of objects that lead to each other in circles is read to its end', () => {
    const bytes = pdfOf([catalog, '<< /Kids [2 0 R 3 0 R] /Names 4 0 R >>', '<< /Kids [2 0 R 3 0 R] >>', '5 0 R', '4 0 R']);
    expect(read(bytes).code).toBe('card.no_attachments');
  });

  test('whose object streams lie in each other is damaged, not a crash', () => {
    const streams = Array.from({ length: 400 }, (_, i) => ({
      offset: i,
      // the length of each stream is an object of the next one
      dictionary: `/Type /ObjStm /N 1 /First 8 /Length ${i + 10} 0 R`,
    }));
    const body = streams.map(({ dictionary }, i) => `${i + 3} 0 obj\n<< ${dictionary} >>\nstream\n${i + 9} 0 null\nendstream\nendobj\n`);
    const head = '%PDF-1.7\n1 0 obj\n<< /Names 500 0 R >>\nendobj\n';
    const offsets: number[] = [];
    let at = head.length;
    for (const piece of body) {
      offsets.push(at);
      at += piece.length;
    }
    // type 2 entries: object i + 10 lies in the stream i + 4
    const entry = (kind: number, second: number): Buffer => {
      const bytes = Buffer.alloc(6);
      bytes[0] = kind;
      bytes.writeUInt32BE(second, 1);
      return bytes;
    };
    const rows = Buffer.concat([
      entry(0, 0),
      entry(1, 9),
      entry(0, 0),
      ...offsets.map((offset) => entry(1, offset)),
      ...Array.from({ length: 600 }, (_, i) => entry(2, 3 + (i % 400))),
    ]);
    const xref = `9999 0 obj\n<< /Type /XRef /W [1 4 1] /Size ${rows.length / 6} /Root 1 0 R /Length ${rows.length} >>\nstream\n`;
    const bytes = Buffer.concat([
      Buffer.from(head + body.join('') + xref),
      rows,
      Buffer.from(`\nendstream\nendobj\nstartxref\n${at}\n%%EOF`),
    ]);
    expect(['card.damaged', 'card.no_attachments']).toContain(read(bytes).code);
  });

  test('of brackets in brackets is damaged', () => {
    expect(read(pdfOf([catalog, `${'['.repeat(100_000)}${']'.repeat(100_000)}`])).code).toBe('card.damaged');
    expect(read(pdfOf([catalog, '<</Kids'.repeat(50_000)])).code).toBe('card.damaged');
  });

  test('of more values than any card ends with a code, and so does one that unpacks to more', () => {
    const many = pdfOf([catalog, `<< /Names [${'0 '.repeat(1_100_000)}] >>`]);
    const costly = read(many);
    expect(costly.code).toBe('card.too_large');
    expect(costly.work.spent('values')).toBeLessThanOrEqual(containerLimits(many.length).values + 1);

    const flood = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    const layers = deflateSync(deflateSync(Buffer.alloc(48 * 1024 * 1024)));
    for (const [filter, bytes] of [
      ['/FlateDecode', flood],
      ['[/FlateDecode /FlateDecode]', layers],
      ['/ASCII85Decode', Buffer.from('z'.repeat(20_000_000))],
    ] as const) {
      const bomb = pdfOf([catalog, '<< /Names [(a) 3 0 R (b) 3 0 R] >>', file('a', 4), { dictionary: `/Filter ${filter}`, bytes }]);
      const { work, code } = read(bomb, filter === '/ASCII85Decode' ? { unpackedBytes: 16 * 1024 * 1024 } : {});
      expect([filter, code]).toEqual([filter, 'card.too_large']);
      expect(work.spent('unpackedBytes')).toBeLessThan(256 * 1024 * 1024);
    }
  });

  test('whose attachments are one stream unpacks it once', () => {
    const packed = deflateSync(Buffer.alloc(1_000_000));
    const names = Array.from({ length: 400 }, (_, i) => `(${i}) ${3 + i} 0 R`).join(' ');
    const bytes = pdfOf([
      catalog,
      `<< /Names [${names}] >>`,
      ...Array.from({ length: 400 }, (_, i) => file(String(i), 403)),
      { dictionary: '/Filter /FlateDecode', bytes: packed },
    ]);
    const { work, code } = read(bytes);
    expect([code, work.spent('unpackedBytes')]).toEqual(['ok', 1_000_000]);
  });

  test('whose objects and streams run over the same stretch again and again uses its budget up', () => {
    const gap = Buffer.alloc(4_000_000, 0x20);
    const count = 400;
    // all streams end after the same stretch of white space
    const names = Array.from({ length: count }, (_, i) => `(${i}) ${3 + i} 0 R`).join(' ');
    const parts: string[] = [catalog, `<< /Names [${names}] >>`, ...Array.from({ length: count }, (_, i) => file(String(i), 403 + i))];
    const heads = Array.from({ length: count }, () => '');
    const base = pdfOf([...parts, ...heads]);
    const text = base.toString('latin1');
    const tail = text.indexOf('403 0 obj');
    let body = '';
    const offsets: number[] = [];
    const begin = tail;
    // each head is as long as the next, so that lengths can be written down beforehand
    const head = (i: number, length: number): string =>
      `${String(403 + i)} 0 obj\n<< /Length ${String(length).padStart(8, '0')} >>\nstream\n`;
    const size = head(0, 0).length;
    for (let i = 0; i < count; i++) {
      offsets.push(begin + i * size);
      body += head(i, (count - 1 - i) * size);
    }
    const all = Buffer.concat([Buffer.from(text.slice(0, tail) + body, 'latin1'), gap, Buffer.from('endstream\nendobj\n')]);
    const xrefAt = all.length;
    const first = [...text.slice(0, tail).matchAll(/(?:^|\n)(\d+) 0 obj/g)].map((m) => m.index + (m[0].startsWith('\n') ? 1 : 0));
    const rows = [...first, ...offsets].map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
    const end = `xref\n1 ${first.length + count}\n${rows}trailer\n<< /Root 1 0 R >>\nstartxref\n${xrefAt}\n%%EOF\n`;
    const { work, code } = read(Buffer.concat([all, Buffer.from(end)]));
    expect(code).toBe('card.too_large');
    expect(work.spent('structureBytes')).toBeLessThan(containerLimits(all.length).structureBytes + 2 * gap.length);
  });

  test('of costly signatures ends with a code, all of them together', () => {
    const card = pdfOf([
      catalog,
      '<< /Names [(a) 3 0 R (b) 4 0 R (c) 5 0 R (d) 6 0 R (e) 7 0 R] >>',
      file('a.txt', 8),
      ...[1, 2, 3, 4].map((n) => file(`${n}.cms`, 8 + n)),
      { dictionary: '', bytes: document },
      ...[1, 2, 3, 4].map(() => ({ dictionary: '', bytes: costly })),
    ]);
    const work = new Work({ ...containerLimits(card.length), publicKeyOperations: MOST });
    const check = (): unknown => verifyCard(card, { at: NOW, trust, policy: DOCUMENT_POLICY, work });
    expect(check).toThrow(expect.objectContaining({ name: 'CardError', code: 'card.too_costly' }) as CardError);
    expect(work.spent('publicKeyOperations')).toBe(MOST + 1);
  });

  test('computes of its document only the digests its signatures ask for', () => {
    const card = pdfOf([
      catalog,
      '<< /Names [(a) 3 0 R (b) 4 0 R] >>',
      file('a.txt', 5),
      file('a.cms', 6),
      { dictionary: '', bytes: document },
      { dictionary: '', bytes: cms },
    ]);
    expect(Object.keys(openCard(card).digests).sort()).toEqual(['sha256', 'streebog512']);
  });
});

describe('a pack', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'kense-hostile-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const packOf = (signatures: readonly Uint8Array[], anchors: ReturnType<typeof lookAlikes> = []): ZipPiece[] => {
    const entries = makePack({
      madeAt: NOW,
      document: { name: 'a.txt', title: 'a', size: document.length, sha256: Buffer.alloc(32), streebog512: Buffer.alloc(64) },
      signatures: signatures.map((bytes, i) => ({
        signerName: String(i),
        cms: bytes,
        proof: null,
        report: '{}',
        receivedAt: NOW,
        purpose: 'sign',
      })),
      anchors,
      audit: null,
      readme: () => 'readme',
      readableReport: 'report',
    });
    return entries.map(({ path: name, bytes }) => ({ name, bytes: bytes ?? document }));
  };
  const open = async (pieces: readonly ZipPiece[]): Promise<PackSource & { close(): void }> => {
    const name = path.join(folder, 'pack.zip');
    writeFileSync(name, makeZip(pieces));
    return openZipSource(name);
  };

  test('of costly chains ends with a code, all its signatures together', async () => {
    const source = await open(packOf([1, 2, 3, 4].map(() => costly)));
    const work = new Work({ ...containerLimits(source.size), publicKeyOperations: MOST });
    const check = verifyPack(source, { at: NOW, trust, work });
    await expect(check).rejects.toMatchObject({ name: 'PackError', code: 'pack.too_costly' });
    source.close();
    expect(work.spent('publicKeyOperations')).toBe(MOST + 1);
  });

  test('of authorities that only look like those of its signature costs little', async () => {
    const source = await open(packOf([cms], lookAlikes('TEST CROWD', 300, NOW)));
    const work = new Work(containerLimits(source.size));
    await verifyPack(source, { at: NOW, trust, work });
    source.close();
    expect(work.spent('publicKeyOperations')).toBeLessThan(20);
    expect(work.spent('certificates')).toBeLessThan(400);
  });

  test('that unpacks to many times its size is refused before anything is unpacked', async () => {
    const each = deflateRawSync(
      Buffer.concat([Buffer.alloc(4_000_000), Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7919) & 0xff))]),
    );
    const pieces = Array.from({ length: 60 }, (_, i): ZipPiece => ({ name: `${i}`, bytes: each, method: 8, size: 4_060_000 }));
    await expect(open(pieces)).rejects.toMatchObject({ name: 'PackError', code: 'pack.too_large' });
  });
});
