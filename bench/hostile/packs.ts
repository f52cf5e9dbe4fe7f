import { ZipArchive } from 'archiver';
import { DigestSet } from '../../signature';
import { generatePrivateKey } from '../../signature/make';
import { MANIFEST_PATH } from '../../signature/pack/manifest';
import { costlyCms, lookAlikes } from './signatures';

// Evidence packs that are small to send and costly to check.

type Piece = { path: string; bytes: Buffer };

/** A zip of these files, stored as they are. */
export async function zipOf(pieces: readonly Piece[], options: { store: boolean } = { store: true }): Promise<Buffer> {
  const zip = new ZipArchive(options);
  const chunks: Buffer[] = [];
  zip.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const { path, bytes } of pieces) zip.append(bytes, { name: path, date: new Date(0) });
  await zip.finalize();
  return Buffer.concat(chunks);
}

const described = ({ path, bytes }: Piece): object => {
  const { sha256, streebog512 } = new DigestSet(['sha256', 'streebog512']).update(bytes).digests();
  const hex = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString('hex');
  return { path, size: bytes.length, sha256: hex(sha256), streebog512: hex(streebog512) };
};

/** A pack of these signatures and certificates, with a title and a file name that nobody has signed. */
export async function packOf(
  signatures: readonly Buffer[],
  { certificates = [], title = 'Title', name = 'file.txt' }: { certificates?: readonly Buffer[]; title?: string; name?: string } = {},
): Promise<Buffer> {
  const document = { path: `document/${name}`, bytes: Buffer.from('text') };
  const kept = signatures.map((bytes, i) => ({ path: `signatures/${i}.cms`, bytes }));
  const reports = signatures.map((_, i) => ({ path: `report/${i}.json`, bytes: Buffer.from('{}\n') }));
  const material = certificates.map((bytes, i) => ({ path: `material/certificates/${i}.der`, bytes }));
  const files = [document, ...kept, ...reports, ...material];
  const manifest = {
    format: 1,
    product: 'Kense',
    madeAt: new Date(0).toISOString(),
    document: { path: document.path, name, title },
    signatures: kept.map(({ path }, i) => ({
      cms: path,
      proof: null,
      report: reports[i]!.path,
      receivedAt: new Date(0).toISOString(),
      purpose: 'sign',
    })),
    material: { certificates: material.map(({ path }) => path), ocsp: [], crls: [] },
    audit: null,
    files: files.map(described),
  };
  return zipOf([...files, { path: MANIFEST_PATH, bytes: Buffer.from(JSON.stringify(manifest)) }]);
}

/** A pack whose signatures have long rows of issuers that look alike. About 0.24 MB with the usual numbers. */
export async function costlyPack({ signatures = 12, signers = 12 } = {}): Promise<Buffer> {
  const key = generatePrivateKey('gost2015');
  const certificates = lookAlikes(24, 'LOOK ALIKE', key).map(({ der }) => Buffer.from(der));
  const cms = costlyCms({ signers, tokens: 0, issuers: 24 });
  return packOf(
    Array.from({ length: signatures }, () => cms),
    { certificates },
  );
}

/** A zip whose manifest unpacks to almost what it may, of nothing but brackets. */
export const deepManifest = (): Promise<Buffer> =>
  zipOf([{ path: MANIFEST_PATH, bytes: Buffer.from(`${'['.repeat(7_000_000)}${']'.repeat(7_000_000)}`) }], { store: false });

/** A zip of as many files as are let through, each of them nothing. */
export const manyFiles = (count = 9_999): Promise<Buffer> =>
  zipOf(Array.from({ length: count }, (_, i) => ({ path: `${i}`, bytes: Buffer.alloc(0) })));
