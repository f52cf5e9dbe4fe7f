import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What other programs find in a PDF with its sheet of signatures: text (pdftotext), attachment (pdfdetach), QR (zbarimg); qpdf must find no fault. */
export function readSignedPdf(bytes: Uint8Array): { text: string; attachment: Buffer; code: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'kense-pdf-'));
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    writeFileSync(path.join(folder, 'signed.pdf'), bytes);
    run('qpdf', '--check', 'signed.pdf');
    run('pdfdetach', '-saveall', '-o', folder, 'signed.pdf');
    run('pdftoppm', '-r', '150', '-png', 'signed.pdf', 'page');
    const names = readdirSync(folder);
    const pages = names.filter((n) => n.startsWith('page')).sort();
    const attached = names.filter((n) => n !== 'signed.pdf' && !n.startsWith('page'))[0] ?? '';
    return {
      text: run('pdftotext', '-layout', 'signed.pdf', '-'),
      attachment: readFileSync(path.join(folder, attached)),
      code: run('zbarimg', '--raw', '-q', pages.at(-1) ?? ''),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
