import { PUBLIC_SIGNER_FIELDS, type RevocationReport, type SignerReport, type VerificationReport } from '../signature';
import type { CardReport } from '../signature/card/reading';
import type { AuditCheck, PackReport } from '../signature/pack';

/** Columns of what a line is about; the longest is the archive time-stamp's. */
const labelWidth = 22;

/** The report as JSON shows it. */
export function publicReport({ format, checkedAt, purpose, verdict, code, signers }: VerificationReport): object {
  const pick = (signer: SignerReport): object => Object.fromEntries(PUBLIC_SIGNER_FIELDS.map((field) => [field, signer[field]]));
  return { format, checkedAt, purpose, verdict, code, signers: signers.map(pick) };
}

/** The report in words: a headline, then a paragraph for each signer. */
export function formatReport(report: VerificationReport): string {
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
  const body = lines.filter(([, value]) => value !== null).map(([label, value]) => `  ${label.padEnd(labelWidth)}${printable(value!)}\n`);
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

/** The report about a pack as JSON shows it. */
export function publicPackReport(report: PackReport): object {
  return { ...report, signatures: report.signatures.map((one) => ({ ...one, report: publicReport(one.report) })) };
}

/** The report about a pack in words. */
export function formatPackReport(report: PackReport): string {
  const { document, files, signatures, audit } = report;
  const lines: [string, string][] = [
    ['SHA-256', document.sha256],
    ['Size', `${document.size} bytes`],
    ...ownWords([
      ['Title', document.title],
      ['File name', document.name],
      ['Made', report.madeAt],
    ]),
    ['Files', files.changed.length + files.unlisted.length === 0 ? `${files.count}, all as listed` : `${files.count} listed`],
    ...files.changed.map((name): [string, string] => ['  changed', name]),
    ...files.unlisted.map((name): [string, string] => ['  not listed', name]),
    ...(audit ? auditLines(audit) : []),
  ];
  const head = `${report.verdict.toUpperCase()}, evidence pack, signatures: ${signatures.length}\n`;
  const body = lines.map(([label, value]) => `  ${label.padEnd(labelWidth)}${printable(value)}\n`).join('');
  return head + body + signatures.map((one, i) => formatPackSignature(one, i)).join('');
}

/** What a file says of itself: no signature covers it. */
const ownWords = (lines: readonly [string, string][]): [string, string][] =>
  lines.map(([label, value]) => [label, `${value} (its own word, not signed)`]);

function formatPackSignature({ path, isSameSignature, report }: PackReport['signatures'][number], index: number): string {
  const other = isSameSignature ? '' : '  The signature with the proof is not the one that was received.\n';
  return (
    report.signers.map((signer) => formatSigner(signer, index)).join('') + `  ${'File'.padEnd(labelWidth)}${printable(path)}\n${other}`
  );
}

function auditLines({ rows, stampedRows, result, faults, stamps }: AuditCheck): [string, string][] {
  return [
    ['Audit log', `${result}: ${rows} rows, ${stampedRows} of them under a time-stamp`],
    ...faults.map((fault): [string, string] => ['  fault', fault]),
    ...stamps.map(({ seq, time, tsa, code }): [string, string] => [
      '  time-stamp',
      `row ${seq}: ${time ?? 'unreadable'} by ${tsa ?? 'nobody'} (${code})`,
    ]),
  ];
}

/** The report about a card as JSON shows it. */
export function publicCardReport({ format, verdict, document, signatures }: CardReport): object {
  const { name, size, digests } = document;
  const listed = signatures.map((one) => ({ ...one, report: publicReport(one.report) }));
  return { format, verdict, document: { name, size, sha256: toHex(digests.sha256) }, signatures: listed };
}

/** The report about a card in words. */
export function formatCardReport({ verdict, document, signatures }: CardReport): string {
  const head = `${verdict.toUpperCase()}, card of an electronic document, signatures: ${signatures.length}\n`;
  const facts: [string, string][] = [
    ['SHA-256', toHex(document.digests.sha256)],
    ['Size', `${document.size} bytes`],
    ...ownWords([['File name', document.name]]),
  ];
  const lines = facts.map(([label, value]) => `  ${label.padEnd(labelWidth)}${printable(value)}\n`).join('');
  return head + lines + signatures.map(({ report }, i) => report.signers.map((signer) => formatSigner(signer, i)).join('')).join('');
}

const toHex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
