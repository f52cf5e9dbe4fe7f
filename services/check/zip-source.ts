import { open as openFile } from 'node:fs/promises';
import { type Entry, open, type ZipFile } from 'yauzl';
import { PackError, type PackSource } from '../../signature/pack';

/** What a pack may cost whoever opens it. */
export interface ZipLimits {
  readonly maxEntries: number;
  /** Unpacked, all entries together. Bytes. */
  readonly maxTotalBytes: number;
  /** Unpacked to packed, of entries above a mebibyte: nothing a pack holds is that repetitive. */
  readonly maxRatio: number;
  /** The same of all entries together, above an allowance: no archive of documents is that repetitive throughout. */
  readonly maxTotalRatio: number;
}

export const PACK_LIMITS: ZipLimits = { maxEntries: 10_000, maxTotalBytes: 8 * 1024 ** 3, maxRatio: 100, maxTotalRatio: 25 };

/** What any zip may unpack to, whatever its size. Bytes. */
const ALLOWANCE = 64 * 1024 * 1024;
const RATIO_FROM = 1 << 20;

/** Octets of a local header before the name. */
const LOCAL_HEADER = 30;
const STORED = 0;
const DEFLATED = 8;
const FILE_TYPE = 0o170000;
const SYMBOLIC_LINK = 0o120000;

/** Whether a file begins like a zip. */
export const isZip = (head: Uint8Array): boolean => head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5);

/** A pack on disk; `close` when done. Throws PackError before anything is unpacked when the zip is unsafe. */
export async function openZipSource(file: string, limits = PACK_LIMITS): Promise<PackSource & { close(): void }> {
  const head = Buffer.alloc(4);
  const handle = await openFile(file);
  const size = await handle
    .read(head, 0, 4, 0)
    .then(async () => (await handle.stat()).size)
    .finally(() => handle.close());
  if (!isZip(head)) throw new PackError('pack.not_zip', 'The file is no zip');
  const zip = await attempt(
    new Promise<ZipFile>((resolve, reject) =>
      // names must be plain relative ones; declared sizes are held against what really comes out
      open(file, { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true }, (error, opened) =>
        error ? reject(error) : resolve(opened),
      ),
    ),
  );
  try {
    const entries = await attempt(listEntries(zip, size, limits));
    return { names: [...entries.keys()], size, open: (name) => openEntry(zip, entries.get(name)), close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function listEntries(zip: ZipFile, size: number, limits: ZipLimits): Promise<Map<string, Entry>> {
  if (zip.entryCount > limits.maxEntries) throw new PackError('pack.too_large', 'The zip holds too many files');
  const entries = new Map<string, Entry>();
  const seen = new Set<string>();
  let total = 0;
  const most = Math.min(limits.maxTotalBytes, ALLOWANCE + limits.maxTotalRatio * size);
  for await (const entry of zip.eachEntry()) {
    if (seen.size >= limits.maxEntries) throw new PackError('pack.too_large', 'The zip holds too many files');
    const key = entry.fileName.normalize('NFC').toLowerCase();
    if (seen.has(key)) throw new PackError('pack.duplicate', `The zip holds ${entry.fileName} twice`);
    seen.add(key);
    checkEntry(entry, limits);
    if ((total += entry.uncompressedSize) > most) throw new PackError('pack.too_large', 'The zip unpacks to too much');
    if (!entry.fileName.endsWith('/')) entries.set(entry.fileName, entry);
  }
  checkOverlaps([...entries.values()]);
  return entries;
}

function checkEntry(entry: Entry, { maxRatio }: ZipLimits): void {
  const { fileName: name, compressedSize, uncompressedSize } = entry;
  const parts = name.replace(/\/$/, '').split('/');
  if (/[\p{Cc}\p{Cf}\\:]/u.test(name) || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new PackError('pack.unsafe_name', 'A name in the zip leads outside or hides something');
  if (((entry.externalFileAttributes >>> 16) & FILE_TYPE) === SYMBOLIC_LINK)
    throw new PackError('pack.unsafe_name', `${name} is a symbolic link`);
  if (entry.isEncrypted()) throw new PackError('pack.damaged', `${name} is encrypted`);
  if (![STORED, DEFLATED].includes(entry.compressionMethod)) throw new PackError('pack.damaged', `${name} is packed in an unknown way`);
  if (uncompressedSize > RATIO_FROM && uncompressedSize > compressedSize * maxRatio)
    throw new PackError('pack.too_large', `${name} unpacks to more than ${maxRatio} times its size`);
}

/** Entries that share their bytes are how a small zip becomes a bomb. */
function checkOverlaps(entries: readonly Entry[]): void {
  const sorted = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  for (const [i, entry] of sorted.entries()) {
    const next = sorted[i + 1];
    const end = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER + entry.compressedSize;
    if (next && end > next.relativeOffsetOfLocalHeader) throw new PackError('pack.damaged', 'Files in the zip overlap');
  }
}

async function openEntry(zip: ZipFile, entry: Entry | undefined): Promise<AsyncIterable<Uint8Array>> {
  if (!entry) throw new PackError('pack.incomplete', 'The pack lacks a file');
  const { fileName } = await attempt(zip.readLocalFileHeaderPromise(entry));
  if (!fileName.equals(entry.fileNameRaw)) throw new PackError('pack.damaged', `${entry.fileName} has two names`);
  const stream = await attempt(zip.openReadStreamPromise(entry));
  return (async function* chunks() {
    const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    try {
      for (let next = await attempt(iterator.next()); !next.done; next = await attempt(iterator.next())) yield next.value;
    } finally {
      stream.destroy();
    }
  })();
}

/** Whatever the zip library finds wrong is damage. */
async function attempt<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PackError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const isName = /file ?name|relative path|absolute path|characters in/i.test(message);
    throw new PackError(isName ? 'pack.unsafe_name' : 'pack.damaged', `The zip cannot be read: ${message}`);
  }
}
