import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { SignatureFormatError, type SignerReport, type TrustStore } from '../../signature';
import { CardError, openCard } from '../../signature/card/reading';
import { PackError, verifyPack } from '../../signature/pack';
import { Refusal, type WebDeps } from '../context';
import { isZip, openZipSource, PACK_LIMITS } from '../packs/zip-source';
import { checkReceived } from '../signing/check-received';

/** A file that may bring its signatures along, kept aside while the form is read; `remove` when done. */
export type Spooled = { path: string; kind: 'zip' | 'pdf'; remove(): Promise<void> };

/** What a card or a pack says: the document inside and who signed it. `changed` counts files of a pack that are not as listed. */
export type BundleResult = {
  document: { name: string; title: string | null; size: number; sha256: string };
  signers: SignerReport[];
  changed: number;
  isLogBroken: boolean;
};

/** The kind of a file that can be a pack or a card, from its first bytes. */
export const bundleKind = (head: Uint8Array): Spooled['kind'] | null =>
  isZip(head) ? 'zip' : Buffer.from(head.subarray(0, 5)).toString('latin1') === '%PDF-' ? 'pdf' : null;

/** Where the bytes of such a file are written as they arrive. */
export async function openSpool(kind: Spooled['kind']): Promise<Spooled & { write(chunk: Buffer): Promise<void>; end(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kense-check-'));
  const file = path.join(folder, 'file');
  const stream = createWriteStream(file);
  return {
    path: file,
    kind,
    write: async (chunk) => void (stream.write(chunk) || (await once(stream, 'drain'))),
    end: () => new Promise((resolve, reject) => stream.once('error', reject).end(resolve)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Checks a card or a pack alone. A file that is neither is refused. */
export async function checkBundle(deps: WebDeps, spooled: Spooled, trust: TrustStore): Promise<BundleResult> {
  try {
    return spooled.kind === 'zip' ? await checkPack(deps, spooled.path, trust) : await checkCard(deps, spooled.path);
  } catch (error) {
    if (error instanceof PackError)
      throw new Refusal(
        error.code === 'pack.no_manifest' || error.code === 'pack.not_zip' ? 'check.bundle_unreadable' : 'check.bundle_unsafe',
      );
    if (error instanceof CardError || error instanceof SignatureFormatError) throw new Refusal('check.bundle_unreadable');
    throw error;
  }
}

async function checkPack(deps: WebDeps, file: string, trust: TrustStore): Promise<BundleResult> {
  const source = await openZipSource(file, { ...PACK_LIMITS, maxTotalBytes: deps.config.uploadMaxBytes * 2 });
  try {
    const report = await verifyPack(source, { at: deps.now(), trust });
    const signers = report.signatures.flatMap((one) =>
      one.report.signers.map((signer): SignerReport =>
        one.isSameSignature ? signer : { ...signer, verdict: 'invalid', code: 'structure.attributes' },
      ),
    );
    const changed = report.files.changed.length + report.files.unlisted.length;
    return { document: report.document, signers, changed, isLogBroken: report.audit?.result === 'changed' };
  } finally {
    source.close();
  }
}

async function checkCard(deps: WebDeps, file: string): Promise<BundleResult> {
  const { document, digests, signatures } = openCard(await readFile(file));
  const signers: SignerReport[] = [];
  for (const { bytes } of signatures) {
    const checked = await checkReceived(deps, { signature: bytes, digests, at: deps.now().getTime() });
    if (!checked.ok) throw new Refusal(checked.code);
    signers.push(...checked.report.signers);
  }
  const sha256 = Buffer.from(digests.sha256!).toString('hex');
  return {
    document: { name: document.fileName, title: null, size: document.bytes.length, sha256 },
    signers,
    changed: 0,
    isLogBroken: false,
  };
}
