import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openZipSource } from '../../services/check/zip-source';
import {
  createTrustStore,
  decodeSignatureFile,
  DOCUMENT_POLICY,
  parseOcspResponse,
  PolicyError,
  readCertificates,
  readCrlFile,
  readPolicy,
  readTimeStampResponse,
  SignatureFormatError,
  verifyCms,
  verifyTimeStampToken,
} from '../../signature';
import { makeCard } from '../../signature/card';
import { CardError, joinQrParts, QrError, splitIntoQr, verifyCard } from '../../signature/card/reading';
import { makePack, PackError, verifyPack } from '../../signature/pack';
import { makeZip } from '../support/zip';
import { fixturePath } from './support/fixtures';

/** Seconds of the whole run; `KENSE_FUZZ_MINUTES` makes it longer. */
const secondsInAll = Number(process.env.KENSE_FUZZ_MINUTES ?? 0) * 60 || 24;
const seed = Number(process.env.KENSE_FUZZ_SEED ?? 20_261_122);
const maxMs = 1_000;
const maxHeapBytes = 100 * 1024 * 1024;
const at = new Date('2026-08-01T00:00:00Z');
const policy = DOCUMENT_POLICY;
const read = (name: string): Buffer => readFileSync(fixturePath(name));
const trust = createTrustStore(readCertificates(read('ca/test-nca-gost2022.cer')));
const document = read('cms/ncalayer-legal-document.txt');
const cms = read('cms/ncalayer-legal-detached-cadest.der');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kense-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Numbers that look random and are the same for the same seed (xorshift32). */
class Dice {
  private state: number;
  constructor(start: number) {
    this.state = start >>> 0 || 1;
  }
  below(n: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % n;
  }
}

const HOSTILE = [0, 1, 0x7f, 0x80, 0x84, 0x88, 0xff, 0x30, 0x31, 0xa0, 0xa1];

/** One to four changes: flipped, hostile, removed, doubled and swapped stretches, lengths and numbers blown up. */
function mutate(bytes: Uint8Array, dice: Dice): Buffer {
  let out: Buffer = Buffer.from(bytes);
  for (let n = 1 + dice.below(4); n > 0 && out.length > 0; n--) {
    const from = dice.below(out.length);
    const length = Math.min(out.length - from, 1 + dice.below(dice.below(3) === 0 ? 400 : 8));
    switch (dice.below(8)) {
      case 0:
        out[from]! ^= 1 << dice.below(8);
        break;
      case 1:
        out[from] = HOSTILE[dice.below(HOSTILE.length)]!;
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, from), out.subarray(from + length)]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, from + length), out.subarray(from, from + length), out.subarray(from + length)]);
        break;
      case 4:
        out.copyWithin(dice.below(out.length), from, from + length);
        break;
      case 5:
        out = out.subarray(0, from);
        break;
      case 6:
        out = blowUpLength(out, from);
        break;
      default:
        out = otherNumber(out, from, dice);
    }
  }
  return out;
}

/** Makes the next DER length after `from` larger than anything. */
function blowUpLength(bytes: Buffer, from: number): Buffer {
  const at = bytes.findIndex((byte, i) => i >= from && [0x30, 0x31, 0x04, 0xa0].includes(byte));
  if (at < 0) return bytes;
  return Buffer.concat([bytes.subarray(0, at + 1), Buffer.from([0x84, 0x7f, 0xff, 0xff, 0xff]), bytes.subarray(at + 2)]);
}

/** Writes another number where digits stand: offsets, counts and lengths of PDF and JSON. */
function otherNumber(bytes: Buffer, from: number, dice: Dice): Buffer {
  const text = bytes.toString('latin1');
  const found = /\d+/g;
  found.lastIndex = from;
  const digits = found.exec(text);
  if (!digits) return bytes;
  const value = ['0', '1', '999999999', '4294967296', String(dice.below(bytes.length))][dice.below(5)]!;
  return Buffer.from(text.slice(0, digits.index) + value + text.slice(digits.index + digits[0].length), 'latin1');
}

type Target = {
  name: string;
  seeds: () => Promise<readonly Uint8Array[]>;
  run: (bytes: Buffer) => unknown;
  allowed: readonly (abstract new (...args: never[]) => Error)[];
};

const pieces = () =>
  makePack({
    madeAt: at,
    document: { name: 'letter.txt', title: 'Letter', size: document.length, sha256: Buffer.alloc(32), streebog512: Buffer.alloc(64) },
    signatures: [{ signerName: 'Signer', cms, proof: null, report: '{}', receivedAt: at, purpose: 'sign' }],
    anchors: trust.anchors,
    audit: {
      excerpt: Buffer.from(
        `{"seq":1,"row":["o",1,"t","k","i","n","a","e","x","c","{}"],"prev":"${'0'.repeat(64)}","hash":"${'1'.repeat(64)}"}\n`,
      ),
      stamps: [{ seq: 1, token: read('tsp/token-gost2004.der') }],
    },
    readme: () => 'readme',
    readableReport: 'report',
  }).map(({ path: name, bytes }) => ({ name, bytes: bytes ?? document }));

async function openPack(bytes: Buffer): Promise<unknown> {
  const file = path.join(folder, 'pack.zip');
  writeFileSync(file, bytes);
  const source = await openZipSource(file);
  try {
    return await verifyPack(source, { at, trust });
  } finally {
    source.close();
  }
}

async function aCard(): Promise<Uint8Array> {
  const text = { label: 'a', value: 'b' };
  const signature = {
    title: 's',
    person: [text],
    evidence: [],
    cms,
    fileName: 's.cms',
    description: 'd',
    printed: null,
    printedCaption: '',
  };
  const names = ['a', 'b', 'c'] as const;
  const words = { heading: 'h', title: 't', contentsHeading: 'c', attachmentsHeading: 'a', mark: 'm', footPages: '{page} {pages}' };
  const links = { documentId: '01KAGH2Z5Q6M7N8P9Q0RSTVWXY', checkUrl: 'https://kense.example.kz/check/x', checkPrompt: 'p' };
  const original = { original: document, mediaType: 'text/plain', fileName: 'letter.txt', originalText: 'o' };
  const rest = { facts: [text], parts: names, attachmentColumns: names, notices: ['n'], signatures: [signature] };
  return (await makeCard({ ...original, ...words, ...links, ...rest })).bytes;
}

const targets: readonly Target[] = [
  {
    name: 'CMS',
    seeds: () => Promise.resolve([cms, read('cms/ncalayer-individual-attached-cadest.der')]),
    run: (bytes) => verifyCms(decodeSignatureFile(bytes), { content: document, at, trust, policy }),
    allowed: [SignatureFormatError],
  },
  {
    name: 'TSP',
    seeds: () => Promise.resolve([read('tsp/token-gost2004.der')]),
    run: (bytes) => [
      verifyTimeStampToken(bytes, document, { at, trust, policy }),
      readTimeStampResponse(bytes, { algorithm: 'sha256', imprint: Buffer.alloc(32), nonce: Buffer.alloc(8) } as never),
    ],
    allowed: [SignatureFormatError],
  },
  {
    name: 'OCSP',
    seeds: () => Promise.resolve([read('ocsp/good-individual-rsa.der')]),
    run: (bytes) => {
      const response = parseOcspResponse(bytes);
      return verifyCms(cms, { content: document, at, trust, policy, ocsp: [{ response }] });
    },
    allowed: [SignatureFormatError],
  },
  {
    name: 'CRL',
    seeds: () => Promise.resolve([read('crl/test-nca-gost2022-base-2025-04-29.crl')]),
    run: (bytes) => readCrlFile(bytes),
    allowed: [SignatureFormatError],
  },
  {
    name: 'PDF card',
    seeds: async () => [await aCard()],
    run: (bytes) => verifyCard(bytes, { at, trust, policy }),
    allowed: [CardError, SignatureFormatError],
  },
  {
    name: 'zip pack',
    seeds: () => Promise.resolve([makeZip(pieces())]),
    run: openPack,
    allowed: [PackError, SignatureFormatError],
  },
  {
    name: 'manifest and log of a pack',
    seeds: () =>
      Promise.resolve(
        pieces()
          .filter(({ name }) => /json/.test(name))
          .map(({ bytes }) => bytes),
      ),
    run: (bytes) => {
      const target = bytes.includes('"row"') ? 'audit/excerpt.jsonl' : 'manifest.json';
      const files = new Map(pieces().map(({ name, bytes: own }) => [name, name === target ? bytes : own]));
      const open = (name: string): Promise<AsyncIterable<Uint8Array>> =>
        Promise.resolve(
          (async function* one() {
            yield await Promise.resolve(files.get(name)!);
          })(),
        );
      return verifyPack({ names: [...files.keys()], size: 1 << 20, open }, { at, trust });
    },
    allowed: [PackError, SignatureFormatError],
  },
  {
    name: 'QR codes',
    seeds: () => Promise.resolve([Buffer.from(splitIntoQr(cms).join('\n'))]),
    run: (bytes) => joinQrParts(bytes.toString('latin1').split('\n')),
    allowed: [QrError],
  },
  {
    name: 'policy',
    seeds: () =>
      Promise.resolve([
        Buffer.from('{"all":{"requireTimeStamp":true,"ocspMaxAgeMs":1000},"sign":{"keys":["signing"],"algorithms":{"rsa":null}}}'),
      ]),
    run: (bytes) => readPolicy(JSON.parse(bytes.toString('utf8'))),
    allowed: [PolicyError, SyntaxError],
  },
];

test.each(targets.map((target) => [target.name, target] as const))(
  'whatever is done to a %s, it is read or refused, quickly and in little room',
  async (name, { seeds, run, allowed }) => {
    const dice = new Dice(seed + name.length);
    const originals = await seeds();
    const until = Date.now() + (secondsInAll / targets.length) * 1_000;
    let inputs = 0;
    for (; inputs < 20 || Date.now() < until; inputs++) {
      const bytes = mutate(originals[dice.below(originals.length)]!, dice);
      const heap = process.memoryUsage().heapUsed;
      const started = process.cpuUsage();
      const problem = await Promise.resolve()
        .then(() => run(bytes))
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      const { user, system } = process.cpuUsage(started);
      const grown = process.memoryUsage().heapUsed - heap;
      const isFine = problem === undefined || allowed.some((kind) => problem instanceof kind);
      if (!isFine || (user + system) / 1_000 > maxMs || grown > maxHeapBytes) {
        const kept = path.join(tmpdir(), `kense-fuzz-${name.replace(/\W/g, '-')}-${inputs}.bin`);
        writeFileSync(kept, bytes);
        throw new Error(`input ${inputs} (kept as ${kept}): ${Math.round((user + system) / 1_000)} ms, ${grown} octets of heap`, {
          cause: problem,
        });
      }
    }
    expect(inputs).toBeGreaterThanOrEqual(20);
  },
  secondsInAll * 1_000 + 60_000,
);
