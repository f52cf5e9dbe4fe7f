import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import {
  DigestSet,
  DOCUMENT_POLICY,
  PUBLIC_SIGNER_FIELDS,
  SignatureFormatError,
  createTrustStore,
  decodeSignatureFile,
  mergeTrustStores,
  parseOcspResponse,
  policyFor,
  productionTrust,
  readCertificates,
  readCrlFile,
  requiredDigests,
  verifyCms,
  type Digests,
  type OcspAnswer,
  type RevocationReport,
  type SignerReport,
  type TrustStore,
  type VerificationReport,
  type Verdict,
} from '../../signature';
import { USAGE, UsageError, parseVerifyArguments, type VerifyArguments } from './verify-arguments';

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
    const report = await verifyFiles(options, io.now());
    io.stdout.write(options.json ? `${JSON.stringify(publicReport(report), null, 2)}\n` : formatReport(report));
    return EXIT[report.verdict];
  } catch (error) {
    if (error instanceof UsageError) io.stderr.write(`kense verify: ${error.message}\n\n${USAGE}`);
    else if (error instanceof SignatureFormatError) io.stderr.write(`kense verify: ${error.message} (${error.code})\n`);
    else if (error instanceof FileError) io.stderr.write(`kense verify: ${error.message}\n`);
    else throw error;
    return EXIT_UNREADABLE;
  }
}

async function verifyFiles(options: VerifyArguments, now: Date): Promise<VerificationReport> {
  const der = decodeSignatureFile(await read(options.signatureFile));
  const trust = await readTrust(options.trustFiles);
  const crls = await Promise.all(options.crlFiles.map(async (file) => readCrlFile(await read(file))));
  const ocsp = await Promise.all(
    options.ocspFiles.map(async (file): Promise<OcspAnswer> => ({ response: parseOcspResponse(await read(file)) })),
  );
  const policy = options.purpose ? policyFor(options.purpose) : DOCUMENT_POLICY;
  const digests = options.contentFile === undefined ? undefined : await digestFile(options.contentFile, der);
  return verifyCms(der, { digests, at: options.at ?? now, trust, crls, ocsp, policy, requiredRoles: options.requiredRoles });
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

function publicReport({ format, checkedAt, purpose, verdict, code, signers }: VerificationReport): object {
  const pick = (signer: SignerReport): object => Object.fromEntries(PUBLIC_SIGNER_FIELDS.map((field) => [field, signer[field]]));
  return { format, checkedAt, purpose, verdict, code, signers: signers.map(pick) };
}

function formatReport(report: VerificationReport): string {
  const head = `${report.verdict.toUpperCase()} (${report.code}), ${report.attached ? 'attached' : 'detached'}, signatures: ${report.signers.length}\n`;
  return head + report.signers.map(formatSigner).join('');
}

function formatSigner(signer: SignerReport, index: number): string {
  const lines: [string, string | null][] = [
    ['Signer', withNumber(signer.name, 'IIN', signer.iin)],
    ['Organisation', withNumber(signer.organisation, 'BIN', signer.bin)],
    ['Roles', signer.roles.join(', ') || null],
    ['Certificate', signer.serial],
    ['Level', signer.level],
    ['Claimed time', signer.claimedTime],
    ['Best time', `${signer.bestTime} (${signer.bestTimeSource})`],
    ['Could still settle', signer.pending.join(', ') || null],
    ...signer.revocation.map((r): [string, string] => ['Revocation', describeRevocation(r)]),
    ...signer.checks.map(({ name, result, detail }): [string, string] => [`  ${name}`, detail ? `${result}: ${detail}` : result]),
  ];
  const body = lines.filter(([, value]) => value !== null).map(([label, value]) => `  ${label.padEnd(20)}${printable(value!)}\n`);
  return `\nSignature ${index + 1}: ${signer.verdict} (${signer.code})\n  ${printable(signer.reason)}\n${body.join('')}`;
}

function describeRevocation({ subject, status, source, thisUpdate, responder, revokedAt, reason, fault }: RevocationReport): string {
  const from = source && `${source.toUpperCase()} of ${thisUpdate}${responder ? ` by ${responder.subject}` : ''}`;
  const when = revokedAt && `${status === 'good' ? 'revoked later, ' : ''}${revokedAt}${reason ? ` ${reason}` : ''}`;
  return [`${status}: ${subject}`, when, from, fault].filter(Boolean).join('; ');
}

function withNumber(text: string | null, label: string, number: string | null): string | null {
  return [text, number && `${label} ${number}`].filter(Boolean).join(', ') || null;
}

/** Names come from certificates anybody can make: control characters must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}
