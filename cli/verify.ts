import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { isZip, openZipSource } from '../services/check/zip-source';
import {
  CMS_LIMITS,
  createTrustStore,
  type Crl,
  decodeSignatureFile,
  type Digests,
  DigestSet,
  DOCUMENT_POLICY,
  mergeTrustStores,
  type OcspAnswer,
  parseOcspResponse,
  policyFor,
  productionTrust,
  readCertificates,
  readCrlFile,
  requiredDigests,
  SignatureFormatError,
  type TrustStore,
  type Verdict,
  type VerificationReport,
  verifyCms,
  Work,
} from '../signature';
import { CardError, verifyCard } from '../signature/card/reading';
import { PackError, verifyPack } from '../signature/pack';
import { parseVerifyArguments, USAGE, UsageError, type VerifyArguments } from './verify-arguments';
import { formatCardReport, formatPackReport, formatReport, publicCardReport, publicPackReport, publicReport } from './verify-print';

/** Where the command writes and what time it takes for now. */
export interface VerifyIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly now: () => Date;
}

const EXIT: Readonly<Record<Verdict, number>> = { valid: 0, invalid: 1, indeterminate: 2 };
const EXIT_UNREADABLE = 3;

/** Signature, certificate and list files are read whole; the document is streamed and may have any size. */
const MAX_SIGNATURE_BYTES = 512 * 1024 * 1024;

/** A file that cannot be opened, with the reason of the operating system. */
class FileError extends Error {
  override readonly name = 'FileError';
}

/** `kense verify`: prints the report of one signature file and returns the exit status (0 valid, 1 invalid, 2 cannot tell, 3 unreadable). */
export async function runVerify(argv: readonly string[], io: VerifyIo): Promise<number> {
  if (argv.includes('--help')) {
    io.stdout.write(USAGE);
    return 0;
  }
  try {
    const options = parseVerifyArguments(argv);
    const { verdict, json, text } = await verifyAny(options, io.now());
    io.stdout.write(options.json ? `${JSON.stringify(json, null, 2)}\n` : text);
    return EXIT[verdict];
  } catch (error) {
    if (error instanceof UsageError) io.stderr.write(`kense verify: ${error.message}\n\n${USAGE}`);
    else if (error instanceof SignatureFormatError || error instanceof PackError || error instanceof CardError)
      io.stderr.write(`kense verify: ${error.message} (${error.code})\n`);
    else if (error instanceof FileError) io.stderr.write(`kense verify: ${error.message}\n`);
    else throw error;
    return EXIT_UNREADABLE;
  }
}

type Outcome = { readonly verdict: Verdict; readonly json: object; readonly text: string };

/** The file says by its first bytes what it is. */
async function verifyAny(options: VerifyArguments, now: Date): Promise<Outcome> {
  const head = await readHead(options.signatureFile);
  if (isZip(head)) return verifyPackFile(options, now);
  if (isPdf(head)) return verifyCardFile(options, now);
  const report = await verifyFiles(options, now);
  return { verdict: report.verdict, json: publicReport(report), text: formatReport(report) };
}

async function verifyPackFile(options: VerifyArguments, now: Date): Promise<Outcome> {
  const { signatureFile, at, purpose, requiredRoles } = options;
  if (options.contentFile ?? options.crlFiles[0] ?? options.ocspFiles[0])
    throw new UsageError('a pack brings its own document and answers: only --trust, --at, --purpose, --require-role and --json go with it');
  const trust = await readTrust(options.trustFiles);
  const source = await openZipSource(signatureFile);
  try {
    const report = await verifyPack(source, { at: at ?? now, trust, purpose, requiredRoles });
    return { verdict: report.verdict, json: publicPackReport(report), text: formatPackReport(report) };
  } finally {
    source.close();
  }
}

async function verifyCardFile(options: VerifyArguments, now: Date): Promise<Outcome> {
  const { signatureFile, contentFile, at, purpose, requiredRoles } = options;
  if (contentFile !== undefined) throw new UsageError('a card brings its own document');
  const trust = await readTrust(options.trustFiles);
  const evidence = await readEvidence(options);
  const policy = purpose ? policyFor(purpose) : DOCUMENT_POLICY;
  const report = verifyCard(await read(signatureFile), { at: at ?? now, trust, ...evidence, policy, requiredRoles });
  return { verdict: report.verdict, json: publicCardReport(report), text: formatCardReport(report) };
}

const isPdf = (head: Uint8Array): boolean => Buffer.from(head).includes('%PDF-');

async function readEvidence(options: VerifyArguments): Promise<{ crls: Crl[]; ocsp: OcspAnswer[] }> {
  const crls = await Promise.all(options.crlFiles.map(async (file) => readCrlFile(await read(file))));
  const ocsp = await Promise.all(
    options.ocspFiles.map(async (file): Promise<OcspAnswer> => ({ response: parseOcspResponse(await read(file)) })),
  );
  return { crls, ocsp };
}

async function verifyFiles(options: VerifyArguments, now: Date): Promise<VerificationReport> {
  const der = decodeSignatureFile(await read(options.signatureFile));
  const trust = await readTrust(options.trustFiles);
  const { crls, ocsp } = await readEvidence(options);
  const policy = options.purpose ? policyFor(options.purpose) : DOCUMENT_POLICY;
  const digests = options.contentFile === undefined ? undefined : await digestFile(options.contentFile, der);
  const work = new Work({ ...CMS_LIMITS, hashing: Infinity }); // one's own file on one's own time: an attached document may be large
  return verifyCms(der, { digests, at: options.at ?? now, trust, crls, ocsp, policy, requiredRoles: options.requiredRoles, work });
}

async function readTrust(files: readonly string[]): Promise<TrustStore> {
  const certificates = await Promise.all(files.map(async (file) => readCertificates(await read(file))));
  return mergeTrustStores(productionTrust(), createTrustStore(certificates.flat()));
}

/** Digests of the document by the algorithms of the signers, in one pass of bounded memory. */
async function digestFile(file: string, der: Uint8Array): Promise<Digests> {
  const set = new DigestSet(requiredDigests(der));
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) set.update(chunk as Buffer);
  } catch (error) {
    throw fileError(file, error);
  }
  return set.digests();
}

/** The first bytes of a file. */
async function readHead(file: string): Promise<Uint8Array> {
  const buffer = Buffer.alloc(1_029);
  try {
    const handle = await open(file);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0).finally(() => handle.close());
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw fileError(file, error);
  }
}

async function read(file: string): Promise<Uint8Array> {
  try {
    if ((await stat(file)).size > MAX_SIGNATURE_BYTES) throw new FileError(`${file} is too large`);
    return await readFile(file);
  } catch (error) {
    throw error instanceof FileError ? error : fileError(file, error);
  }
}

function fileError(file: string, error: unknown): FileError {
  return new FileError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
}
