import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { runVerify } from '../../cli/verify';
import { openZipSource, PACK_LIMITS } from '../../services/check/zip-source';
import { createTrustStore, DIGEST_NAMES, DigestSet, policyFor } from '../../signature';
import { makeCms } from '../../signature/make';
import { makePack, verifyPack } from '../../signature/pack';
import { AuditWalk } from '../../signature/pack/audit-excerpt';
import { toPem } from '../../signature/x509/pem';
import { makeZip, type ZipPiece } from '../support/zip';
import { makeTestNuc } from './support/nuc';

const now = new Date();
const document = Buffer.from('Шарт мәтіні\n');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kense-zip-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function save(name: string, bytes: Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** A pack with one RSA signature, as its files. */
function rsaPack(): { pieces: ZipPiece[]; root: string } {
  const nuc = makeTestNuc(now);
  const key = nuc.certified({ kind: 'subject', roles: ['individual'] }, 'rsa');
  const cms = makeCms({ ...key, document: { content: document, attached: false }, signingTime: now });
  const { sha256, streebog512 } = new DigestSet(DIGEST_NAMES).update(document).digests();
  const entries = makePack({
    madeAt: now,
    document: { name: 'Шарт.txt', title: 'Шарт', size: document.length, sha256: sha256!, streebog512: streebog512! },
    signatures: [{ signerName: 'СЫНАҚ ТЕСТ', cms, proof: null, report: '{}', receivedAt: now, purpose: 'sign' }],
    anchors: [...nuc.trust.anchors, ...nuc.trust.intermediates],
    audit: null,
    readme: ({ document: name, signature }) => `${name}\n${signature}`,
    readableReport: 'report',
  });
  const pieces = entries.map(({ path: name, bytes }) => ({ name, bytes: bytes ?? document }));
  return { pieces, root: toPem('CERTIFICATE', nuc.trust.anchors[1]!.der) };
}

test('OpenSSL verifies the RSA signature of a pack by what the pack holds', () => {
  for (const { name, bytes } of rsaPack().pieces) save(path.basename(name), bytes);
  const cms = 'openssl cms -verify -binary -inform DER -in "01-СЫНАҚ ТЕСТ.cms" -content "Шарт.txt" -CAfile authorities.pem -purpose any';
  const out = execFileSync('sh', ['-c', `${cms} 2>/dev/null`], { cwd: folder, encoding: 'utf8' });
  expect(out).toBe(document.toString('utf8'));
  expect(() =>
    execFileSync('sh', ['-c', `${cms.replace('-content "Шарт.txt"', '-content README.txt')} 2>/dev/null`], { cwd: folder }),
  ).toThrow();
});

test('the command trusts no authority for being in the pack', async () => {
  const { pieces, root } = rsaPack();
  const file = save('trust.zip', makeZip(pieces));
  const run = async (...argv: string[]): Promise<[number, string]> => {
    let text = '';
    const io = { stdout: { write: (t: string) => (text += t) }, stderr: { write: (t: string) => (text += t) }, now: () => now };
    return [await runVerify(argv, io), text];
  };
  expect(await run(file)).toEqual([2, expect.stringContaining('chain.not_trusted') as string]);
  const trusted = await run('--trust', save('root.pem', Buffer.from(root)), '--', file);
  expect(trusted).toEqual([2, expect.stringContaining('revocation.missing') as string]); // the chain holds, proof of revocation is not there
  expect((await run('--content', file, '--', file))[0]).toBe(3);
});

describe('a zip that is', () => {
  const good: ZipPiece = { name: 'a.txt', bytes: Buffer.from('a') };
  const flood = deflateRawSync(Buffer.alloc(32 * 1024 * 1024));
  test.each<[string, readonly ZipPiece[], string]>([
    ['leading outside', [{ ...good, name: '../a.txt' }], 'pack.unsafe_name'],
    ['leading outside in the middle', [{ ...good, name: 'x/../../a.txt' }], 'pack.unsafe_name'],
    ['absolute', [{ ...good, name: '/etc/passwd' }], 'pack.unsafe_name'],
    ['absolute on another system', [{ ...good, name: 'C:/a.txt' }], 'pack.unsafe_name'],
    ['written with backslashes', [{ ...good, name: '..\\a.txt' }], 'pack.unsafe_name'],
    ['hiding signs in a name', [{ ...good, name: 'a\u202etxt.exe' }], 'pack.unsafe_name'],
    ['a symbolic link', [{ ...good, attributes: 0o120777 * 2 ** 16 }], 'pack.unsafe_name'],
    ['holding a name twice', [good, good], 'pack.duplicate'],
    ['holding a name twice in other letters', [good, { ...good, name: 'A.TXT' }], 'pack.duplicate'],
    ['encrypted', [{ ...good, flags: 1 }], 'pack.damaged'],
    ['packed in an unknown way', [{ ...good, method: 14 }], 'pack.damaged'],
    ['overlapping', [good, { ...good, name: 'b.txt', offset: 0 }], 'pack.damaged'],
    ['a bomb by its own account', [{ name: 'a', bytes: flood, method: 8, size: 32 * 1024 * 1024 }], 'pack.too_large'],
    ['larger than may be', [{ name: 'a', bytes: Buffer.alloc(2_000) }], 'pack.too_large'],
    ['of too many files', Array.from({ length: 51 }, (_, i) => ({ ...good, name: `${i}` })), 'pack.too_large'],
    ['no pack', [good], 'pack.no_manifest'],
  ])('%s is refused', async (_name, pieces, code) => {
    const open = async (): Promise<unknown> => {
      const source = await openZipSource(save('tricky.zip', makeZip(pieces)), {
        ...PACK_LIMITS,
        maxEntries: 50,
        maxTotalBytes: 1_000 + (code === 'pack.too_large' && pieces[0]?.method === 8 ? 1e9 : 0),
      });
      try {
        return await verifyPack(source, { at: now, trust: createTrustStore([]) });
      } finally {
        source.close();
      }
    };
    await expect(open()).rejects.toMatchObject({ name: 'PackError', code });
  });

  test('a bomb that lies about its size stops when more comes out than it declared', async () => {
    const file = save('liar.zip', makeZip([{ name: 'manifest.json', bytes: flood, method: 8, size: 100 }]));
    const source = await openZipSource(file);
    await expect(verifyPack(source, { at: now, trust: createTrustStore([]) })).rejects.toMatchObject({ code: 'pack.damaged' });
    source.close();
  });

  test('different in its two headers is refused', async () => {
    const source = await openZipSource(save('two.zip', makeZip([{ ...good, name: 'manifest.json', localName: 'manifest.jsoN' }])));
    await expect(verifyPack(source, { at: now, trust: createTrustStore([]) })).rejects.toMatchObject({ code: 'pack.damaged' });
    source.close();
  });
});

describe('an excerpt of the log', () => {
  const sha256 = (...parts: (Buffer | string)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const rowOf = (seq: number, entity: string): (string | number)[] => [
    'org',
    seq,
    '2026-11-22T00:00:00.000Z',
    'member',
    'id',
    'Name',
    'document.sent',
    'document',
    entity,
    `command-${seq}`,
    '{}',
  ];
  /** Rows 1 to 4 of a log, the second about something else; `old` as 0.1.0 hashed them. */
  function log(old: boolean): string[] {
    let prev: Buffer = Buffer.alloc(32);
    return [1, 2, 3, 4].map((seq) => {
      const row = rowOf(seq, seq === 2 ? 'other' : 'mine');
      const content = sha256(JSON.stringify(row));
      const hash = old ? sha256(JSON.stringify([...row, prev.toString('hex')])) : sha256(content, prev);
      const own = { seq, row, prev: prev.toString('hex'), hash: hash.toString('hex') };
      const link = old ? { seq, hash: hash.toString('hex') } : { seq, content: content.toString('hex') };
      prev = hash;
      return JSON.stringify(seq === 2 ? link : own);
    });
  }
  const walk = (lines: readonly string[]) => {
    const audit = new AuditWalk({ at: now, trust: createTrustStore([]), policy: policyFor('sign'), stamps: new Map() });
    for (const line of lines) audit.line(line);
    return audit.finish();
  };

  test.each([false, true])('holds together (rows of the first release: %s)', (old) => {
    expect(walk(log(old))).toEqual({ rows: 3, stampedRows: 0, result: 'whole', faults: [], stamps: [] });
  });

  test.each<[string, (lines: string[]) => string[]]>([
    ['a changed row', ([a, ...rest]) => [a!.replace('Name', 'Nemo'), ...rest]],
    [
      'a changed link',
      ([a, b, ...rest]) => [a!, b!.replace(/"content":"./, (m) => `${m.slice(0, -1)}${m.endsWith('0') ? '1' : '0'}`), ...rest],
    ],
    ['rows out of order', ([a, b, c, d]) => [b!, a!, c!, d!]],
    ['a line that is none', (lines) => [...lines, '{"seq":"x"}']],
    ['a row under another number', ([a, b, c, d]) => [a!, b!, c!, d!.replace('"seq":4', '"seq":5')]],
  ])('%s shows', (_name, change) => {
    expect(walk(change(log(false))).result).toBe('changed');
  });
});
