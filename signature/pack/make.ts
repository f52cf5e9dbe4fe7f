import { toHex } from '../bytes';
import { DigestSet } from '../digests';
import type { Certificate } from '../x509/certificate';
import { MANIFEST_PATH, type Manifest, type PackFile, type PackSignature } from './manifest';
import { extractMaterial, twoDigits, type MaterialFile } from './material';

export interface PackOrder {
  readonly madeAt: Date;
  /** The signed document; its bytes are not needed here. */
  readonly document: {
    readonly name: string;
    readonly title: string;
    readonly size: number;
    readonly sha256: Uint8Array;
    readonly streebog512: Uint8Array;
  };
  readonly signatures: readonly PackSignatureOrder[];
  /** Put beside for other programs; a verifier trusts its own. */
  readonly anchors: readonly Certificate[];
  readonly audit: {
    readonly excerpt: Uint8Array;
    readonly stamps: readonly { readonly seq: number; readonly token: Uint8Array }[];
  } | null;
  /** Texts for people, given the paths of the document and the first signature. */
  readonly readme: (paths: { document: string; signature: string }) => string;
  readonly readableReport: string;
}

export interface PackSignatureOrder {
  readonly signerName: string;
  readonly cms: Uint8Array;
  readonly proof: Uint8Array | null;
  /** JSON. */
  readonly report: string;
  readonly receivedAt: Date;
  readonly purpose: string;
}

/** One entry of the zip; `bytes` is undefined for the document alone, which is streamed. */
export interface PackEntry {
  readonly path: string;
  readonly bytes: Uint8Array | undefined;
}

/** Everything an evidence pack holds, in the order of the zip: README first, then the document, the manifest last. */
export function makePack(order: PackOrder): PackEntry[] {
  const documentPath = `document/${safeName(order.document.name)}`;
  const signatures = order.signatures.map(signatureFiles);
  const material = extractMaterial(
    order.signatures.map(({ cms, proof }) => proof ?? cms),
    order.anchors,
  );
  const stamps = (order.audit?.stamps ?? []).map(({ seq, token }) => ({ seq, path: `audit/stamp-${seq}.tst`, bytes: token }));
  const audit = order.audit && { path: 'audit/excerpt.jsonl', bytes: order.audit.excerpt };
  const readme = order.readme({ document: documentPath, signature: signatures[0]?.entry.cms ?? '' });
  const small: MaterialFile[] = [
    { path: 'README.txt', bytes: Buffer.from(`\ufeff${readme.replace(/\r?\n/g, '\r\n')}`) },
    ...signatures.flatMap(({ files }) => files),
    { path: 'report/report.txt', bytes: Buffer.from(`\ufeff${order.readableReport.replace(/\r?\n/g, '\r\n')}`) },
    ...material.certificates,
    material.authorities,
    ...material.ocsp,
    ...material.crls,
    ...material.tokens,
    ...(audit ? [audit, ...stamps] : []),
  ];
  const paths = (files: readonly MaterialFile[]): string[] => files.map((file) => file.path);
  const manifest: Manifest = {
    format: 1,
    product: 'Kense',
    madeAt: order.madeAt.toISOString(),
    document: { path: documentPath, name: order.document.name, title: order.document.title },
    signatures: signatures.map(({ entry }) => entry),
    material: { certificates: paths(material.certificates), ocsp: paths(material.ocsp), crls: paths(material.crls) },
    audit: audit && { excerpt: audit.path, stamps: stamps.map(({ seq, path }) => ({ seq, path })) },
    files: [documentFile(order.document, documentPath), ...small.map(describe)],
  };
  const [first, ...rest] = small;
  return [
    first!,
    { path: documentPath, bytes: undefined },
    ...rest,
    { path: MANIFEST_PATH, bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) },
  ];
}

function signatureFiles(signature: PackSignatureOrder, index: number): { entry: PackSignature; files: MaterialFile[] } {
  const number = twoDigits(index + 1);
  const stem = `signatures/${number}-${safeName(signature.signerName).slice(0, 60).trim() || 'signer'}`;
  const report = { path: `report/${number}.json`, bytes: Buffer.from(`${JSON.stringify(JSON.parse(signature.report), null, 2)}\n`) };
  const cms = { path: `${stem}.cms`, bytes: signature.cms };
  const proof = signature.proof && { path: `${stem}.lt.cms`, bytes: signature.proof };
  const { receivedAt, purpose } = signature;
  return {
    entry: { cms: cms.path, proof: proof && proof.path, report: report.path, receivedAt: receivedAt.toISOString(), purpose },
    files: [cms, ...(proof ? [proof] : []), report],
  };
}

function documentFile({ size, sha256, streebog512 }: PackOrder['document'], path: string): PackFile {
  return { path, size, sha256: toHex(sha256), streebog512: toHex(streebog512) };
}

function describe({ path, bytes }: MaterialFile): PackFile {
  const { sha256, streebog512 } = new DigestSet(['sha256', 'streebog512']).update(bytes).digests();
  return { path, size: bytes.length, sha256: toHex(sha256!), streebog512: toHex(streebog512!) };
}

/** A name every file system takes, letters of all scripts kept. */
function safeName(name: string): string {
  const clean = name
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\\/:*?"<>|]/gu, '_')
    .replace(/^[. ]+|[. ]+$/g, '');
  if (clean.length <= 120) return clean || 'file';
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(clean)?.[0] ?? '';
  return `${[...clean].slice(0, 120 - extension.length).join('')}${extension}`;
}
