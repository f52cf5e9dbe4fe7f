import { equalBytes, toHex } from '../bytes';
import { parseSignedData } from '../cms/signed-data';
import { DigestSet, DIGEST_NAMES, type DigestName, type Digests } from '../digests';
import { isUnreadable, SignatureFormatError } from '../errors';
import { parseOcspResponse } from '../ocsp/response';
import { requiredDigests } from '../verify/facts';
import type { Verdict } from '../verify/codes';
import { policyFor, type Purpose } from '../verify/policy';
import { isoTime, type VerificationReport } from '../verify/report';
import type { OcspAnswer } from '../verify/revocation';
import { verifyCms } from '../verify/verify-cms';
import { parseCertificate, type Certificate } from '../x509/certificate';
import { readCrlFile, type Crl } from '../x509/crl';
import type { Role } from '../x509/roles';
import { createTrustStore, mergeTrustStores, type TrustStore } from '../x509/trust';
import { containerLimits, Work, type WorkLimits } from '../work';
import { AuditWalk, type AuditCheck } from './audit-excerpt';
import { PackError } from './errors';
import { MANIFEST_PATH, readManifest, type Manifest, type PackFile, type PackSignature } from './manifest';

/** The files of a pack, wherever they are kept. `open` may be called once for each name. */
export interface PackSource {
  readonly names: readonly string[];
  /** Octets of the whole pack as it is kept. */
  readonly size: number;
  /** Throws PackError when the bytes are damaged. */
  open(name: string): Promise<AsyncIterable<Uint8Array>>;
}

export interface PackInput {
  readonly at: Date;
  /** What the verifier itself relies on; anchors inside the pack are never trusted. */
  readonly trust: TrustStore;
  /** By which rules; those of `sign` when not given: a pack is there to prove, and may not choose by what. */
  readonly purpose?: Purpose;
  readonly requiredRoles?: readonly Role[];
  /** What the check may cost; a budget by the size of the pack unless given. */
  readonly work?: Work;
}

export interface PackSignatureReport {
  /** Where the checked CMS stands in the pack: the one with its proof when there is one. */
  readonly path: string;
  readonly receivedAt: string;
  /** False when the CMS with the proof is not about the signature as it was received. */
  readonly isSameSignature: boolean;
  readonly report: VerificationReport;
}

/** What an evidence pack proves by itself, together with the anchors of whoever checks. */
export interface PackReport {
  readonly format: 1;
  readonly checkedAt: string;
  readonly madeAt: string;
  readonly verdict: Verdict;
  readonly document: { readonly name: string; readonly title: string; readonly size: number; readonly sha256: string };
  /** Files that are not as the list of contents says. */
  readonly files: { readonly count: number; readonly changed: readonly string[]; readonly unlisted: readonly string[] };
  readonly signatures: readonly PackSignatureReport[];
  /** Null when the pack has no excerpt of the log. */
  readonly audit: AuditCheck | null;
}

/** Small files are held in memory: signatures with their proof, lists, tokens, texts. Bytes. */
const MAX_SMALL = 96 * 1024 * 1024;
const MAX_MANIFEST = 8 * 1024 * 1024;
/** All small files together. */
const MAX_HELD = 128 * 1024 * 1024;
const MAX_PIECES = 2_000;

/**
 * Verifies a pack by what it encloses and the anchors given: every file against the list of contents, every signature at the time
 * `at`, the excerpt of the audit log and its time-stamps. Throws PackError when it is no pack or asks for more work than any honest one
 * (`pack.too_costly`), SignatureFormatError when a signature in it is none.
 */
export async function verifyPack(source: PackSource, input: PackInput): Promise<PackReport> {
  try {
    return await verifyWithin(source, input, input.work ?? new Work(packLimits(source.size)));
  } catch (error) {
    if (error instanceof SignatureFormatError && error.code === 'structure.too_costly')
      throw new PackError('pack.too_costly', error.message);
    throw error;
  }
}

/** The document only passes through, so that what it unpacks to is for whoever opened the zip to bound. */
const packLimits = (size: number): WorkLimits => ({ ...containerLimits(size), unpackedBytes: Infinity });

async function verifyWithin(source: PackSource, input: PackInput, work: Work): Promise<PackReport> {
  if (!source.names.includes(MANIFEST_PATH))
    throw new PackError('pack.no_manifest', 'The file is no evidence pack: it has no manifest.json');
  const manifest = readManifest(await readWhole(source, MANIFEST_PATH, MAX_MANIFEST));
  if (manifest.signatures.length === 0) throw new PackError('pack.incomplete', 'The pack holds no signature');
  const files = await readFiles(source, manifest, work);
  const material = readMaterial(manifest, files, work);
  const trust = mergeTrustStores(input.trust, createTrustStore([], material.certificates));
  const signatures: PackSignatureReport[] = [];
  for (const one of manifest.signatures) {
    signatures.push(checkSignature(one, files, material, { ...input, trust, work }));
    await new Promise((resolve) => setImmediate(resolve)); // a server checking a large pack stays awake
  }
  const audit = manifest.audit && checkAudit(manifest.audit, files, { ...input, trust, work });
  const listed = new Set([MANIFEST_PATH, ...manifest.files.map((file) => file.path)]);
  const unlisted = source.names.filter((name) => !listed.has(name));
  const { name, title } = manifest.document;
  return {
    format: 1,
    checkedAt: isoTime(input.at),
    madeAt: manifest.madeAt,
    verdict: overallVerdict(files.changed.length + unlisted.length, signatures, audit),
    document: { name, title, size: files.documentSize, sha256: toHex(files.documentDigests.sha256!) },
    files: { count: manifest.files.length, changed: files.changed, unlisted },
    signatures,
    audit,
  };
}

function overallVerdict(faults: number, signatures: readonly PackSignatureReport[], log: AuditCheck | null): Verdict {
  const isBroken = faults > 0 || log?.result === 'changed' || signatures.some((one) => !one.isSameSignature);
  if (isBroken || signatures.some((one) => one.report.verdict === 'invalid')) return 'invalid';
  return signatures.every((one) => one.report.verdict === 'valid') ? 'valid' : 'indeterminate';
}

interface Files {
  readonly small: ReadonlyMap<string, Uint8Array>;
  readonly documentDigests: Digests;
  readonly documentSize: number;
  readonly changed: readonly string[];
}

/** Reads every listed file once; the document only passes through its digests. */
async function readFiles(source: PackSource, manifest: Manifest, work: Work): Promise<Files> {
  const present = new Set(source.names);
  const small = new Map<string, Uint8Array>();
  const changed: string[] = [];
  let held = 0;
  for (const file of manifest.files) {
    if (!present.has(file.path)) throw new PackError('pack.incomplete', `The pack lacks ${file.path}`);
    if (file.path === manifest.document.path) continue;
    const bytes = await readWhole(source, file.path, MAX_SMALL);
    if ((held += bytes.length) > MAX_HELD) throw new PackError('pack.too_large', 'The pack holds too much besides the document');
    small.set(file.path, bytes);
    const set = new DigestSet(['sha256', 'streebog512']).update(bytes);
    if (!isAsListed(file, bytes.length, set.digests())) changed.push(file.path);
  }
  const names = documentDigestNames(manifest, small, work);
  const listed = manifest.files.find((file) => file.path === manifest.document.path)!;
  const set = new DigestSet(names);
  let size = 0;
  for await (const chunk of await source.open(listed.path)) {
    set.update(chunk);
    for (const name of names) if (name !== 'sha256' && name !== 'streebog512') work.hash(name, chunk.length);
    work.spend('unpackedBytes', chunk.length);
    size += chunk.length;
  }
  const digests = set.digests();
  if (!isAsListed(listed, size, digests)) changed.unshift(listed.path);
  return { small, documentDigests: digests, documentSize: size, changed };
}

/** Those of the list of contents, and what signatures ask for besides: slow ones count. */
function documentDigestNames(manifest: Manifest, small: ReadonlyMap<string, Uint8Array>, work: Work): DigestName[] {
  const wanted = manifest.signatures.flatMap(({ cms, proof }) => [...requiredDigests(small.get(proof ?? cms)!, work)]);
  return DIGEST_NAMES.filter((name) => name === 'sha256' || name === 'streebog512' || wanted.includes(name));
}

const isAsListed = (file: PackFile, size: number, { sha256, streebog512 }: Digests): boolean =>
  size === file.size && toHex(sha256!) === file.sha256 && toHex(streebog512!) === file.streebog512;

async function readWhole(source: PackSource, name: string, max: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of await source.open(name)) {
    if ((size += chunk.length) > max) throw new PackError('pack.too_large', `${name} is too large`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

interface ReadMaterial {
  readonly certificates: readonly Certificate[];
  readonly ocsp: readonly OcspAnswer[];
  readonly crls: readonly Crl[];
}

/** Pieces that cannot be read prove nothing and harm nothing, like those enclosed in a CMS. */
function readMaterial({ material }: Manifest, { small }: Files, work: Work): ReadMaterial {
  const read = <T>(paths: readonly string[], parse: (bytes: Uint8Array) => T): T[] =>
    paths.slice(0, MAX_PIECES).flatMap((path) => {
      try {
        return [parse(small.get(path)!)];
      } catch (error) {
        if (isUnreadable(error)) return [];
        throw error;
      }
    });
  return {
    certificates: read(material.certificates, (bytes) => parseCertificate(bytes, work)),
    ocsp: read(material.ocsp, (bytes): OcspAnswer => ({ response: parseOcspResponse(bytes, work), enclosed: true })),
    crls: read(material.crls, (bytes) => readCrlFile(bytes, work)),
  };
}

function checkSignature(one: PackSignature, files: Files, { ocsp, crls }: ReadMaterial, input: PackInput): PackSignatureReport {
  const received = files.small.get(one.cms)!;
  const path = one.proof ?? one.cms;
  const checked = files.small.get(path)!;
  const report = verifyCms(checked, {
    digests: files.documentDigests,
    at: input.at,
    trust: input.trust,
    ocsp,
    crls,
    policy: policyFor(input.purpose ?? 'sign'),
    requiredRoles: input.requiredRoles,
    work: input.work,
  });
  return { path, receivedAt: one.receivedAt, isSameSignature: one.proof === null || sameSigners(received, checked), report };
}

/** Whether two CMS hold the same signatures, whatever unsigned attributes one has more. */
function sameSigners(a: Uint8Array, b: Uint8Array): boolean {
  const [left, right] = [parseSignedData(a).signers, parseSignedData(b).signers];
  return left.length === right.length && left.every((signer, i) => equalBytes(signer.signature, right[i]!.signature));
}

function checkAudit(audit: NonNullable<Manifest['audit']>, { small }: Files, { at, trust, work }: PackInput): AuditCheck {
  const stamps = new Map(audit.stamps.map(({ seq, path }) => [seq, small.get(path)!]));
  const walk = new AuditWalk({ at, trust, policy: policyFor('sign'), stamps, ...(work ? { work } : {}) });
  for (const line of linesOf(small.get(audit.excerpt)!)) walk.line(line);
  return walk.finish();
}

function* linesOf(bytes: Uint8Array): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; start < buffer.length;) {
    const found = buffer.indexOf(10, start);
    const end = found < 0 ? buffer.length : found;
    if (end > start) yield buffer.toString('utf8', start, end);
    start = end + 1;
  }
}
