import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  decodeSignatureFile,
  DIGEST_NAMES,
  type DigestName,
  type Digests,
  DigestSet,
  requiredDigests,
  SignatureFormatError,
  type SignerReport,
  Work,
} from '../../signature';
import { CardError, openCard } from '../../signature/card/reading';
import { PackError, verifyPack } from '../../signature/pack';
import { containerLimits } from '../../signature/work';
import { type CheckRequest, type CheckResult, checkSignature, type CheckTools } from '../signing/check-signature';
import type { BundleResult, CheckAnswer, CheckTask } from './tasks';
import { openZipSource, PACK_LIMITS } from './zip-source';

/** Does what the check page is asked for, in a process of its own: reads what a stranger sent. A file that is none of ours is refused. */
export async function workOn(task: CheckTask, tools: CheckTools): Promise<CheckAnswer> {
  try {
    switch (task.kind) {
      case 'pack':
        return { kind: 'bundle', bundle: await checkPack(task, tools) };
      case 'card':
        return await checkCard(task, tools);
      case 'signature':
        return await checkWithFile(task, tools);
      case 'kept':
        return await checkKept(task, tools);
    }
  } catch (error) {
    if ((error instanceof PackError || error instanceof CardError) && error.code.endsWith('.too_costly'))
      return { kind: 'refused', code: 'check.too_costly' };
    if (error instanceof PackError)
      return {
        kind: 'refused',
        code: error.code === 'pack.no_manifest' || error.code === 'pack.not_zip' ? 'check.bundle_unreadable' : 'check.bundle_unsafe',
      };
    if (error instanceof CardError || error instanceof SignatureFormatError) return { kind: 'refused', code: 'check.bundle_unreadable' };
    throw error;
  }
}

type TaskOf<Kind extends CheckTask['kind']> = Extract<CheckTask, { kind: Kind }>;

async function checkPack({ file, at, maxTotalBytes }: TaskOf<'pack' | 'card'>, { trust }: CheckTools): Promise<BundleResult> {
  const source = await openZipSource(file, { ...PACK_LIMITS, maxTotalBytes });
  try {
    const report = await verifyPack(source, { at: new Date(at), trust });
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

async function checkCard({ file, at, lists }: TaskOf<'pack' | 'card'>, tools: CheckTools): Promise<CheckAnswer> {
  const bytes = await readFile(file);
  const work = new Work(containerLimits(bytes.length));
  const { document, digests, signatures } = openCard(bytes, work);
  const results = await checkAll(
    signatures.map((one) => ({ signature: one.bytes, digests, at, ...(lists ? { lists } : {}) })),
    tools,
    work,
  );
  const signers: SignerReport[] = [];
  for (const result of results) {
    if (!result.ok) return { kind: 'refused', code: result.code === 'signing.too_costly' ? 'check.too_costly' : 'check.bundle_unreadable' };
    signers.push(...result.report.signers);
  }
  const sha256 = hex(digests.sha256);
  const { fileName, bytes: content } = document;
  return {
    kind: 'bundle',
    bundle: { document: { name: fileName, title: null, size: content.length, sha256 }, signers, changed: 0, isLogBroken: false },
  };
}

async function checkWithFile({ signature, file, at, lists }: TaskOf<'signature'>, tools: CheckTools): Promise<CheckAnswer> {
  const bytes = await readFile(signature);
  const wanted = wantedDigests(bytes);
  if (!wanted) return { kind: 'refused', code: 'structure.not_cms' };
  const digests = file === null ? {} : await digestsOf(file, wanted);
  const result = await checkSignature({ signature: bytes, digests, at, ...(lists ? { lists } : {}) }, tools);
  if (!result.ok) return { kind: 'refused', code: result.code === 'signing.too_costly' ? 'structure.too_costly' : 'structure.not_cms' };
  return {
    kind: 'signature',
    report: result.report,
    sha256: digests.sha256 ? hex(digests.sha256) : null,
  };
}

async function checkKept({ requests, at, lists }: TaskOf<'kept'>, tools: CheckTools): Promise<CheckAnswer> {
  const results = await checkAll(
    requests.map((request) => ({ ...request, at, ...(lists ? { lists } : {}) })),
    tools,
  );
  const bare = results.map((result): CheckResult => (result.ok ? { ...result, der: new Uint8Array() } : result));
  return { kind: 'kept', results: bare };
}

/** One after another: a hundred signatures never ask the responders a hundred times at once. */
async function checkAll(requests: readonly CheckRequest[], tools: CheckTools, work?: Work): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const request of requests) results.push(await checkSignature(request, tools, work));
  return results;
}

/** The digests a signature asks for; null when it is none. */
function wantedDigests(signature: Uint8Array): readonly DigestName[] | null {
  try {
    return requiredDigests(decodeSignatureFile(signature));
  } catch (error) {
    if (error instanceof SignatureFormatError) return null;
    throw error;
  }
}

/** These digests of a file, and SHA-256 for the page; the file only passes through. */
async function digestsOf(file: string, wanted: readonly DigestName[]): Promise<Digests> {
  const set = new DigestSet(DIGEST_NAMES.filter((name) => name === 'sha256' || wanted.includes(name)));
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) set.update(chunk as Buffer);
  return set.digests();
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
