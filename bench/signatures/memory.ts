import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../../scripts/launcher/home';
import { createHasher, toPem } from '../../signature';
import { makeCms } from '../../signature/make';
import { rounded } from '../measure';
import { authorityOf, certified } from './checking';
import type { Outcome } from './measure';

const mebibyte = 1 << 20;
const sampleMs = 20;

/** The most memory that `kense verify` ever holds while it checks a detached signature of 1 GiB (small: 128 MiB). Linux only. */
export async function measureMemory(folder: string, small: boolean): Promise<Outcome> {
  const size = (small ? 128 : 1024) * mebibyte;
  const document = path.join(folder, 'large');
  writeFileSync(document, 'A large document');
  truncateSync(document, size);
  const hasher = createHasher('streebog512');
  for await (const chunk of createReadStream(document, { highWaterMark: mebibyte })) hasher.update(chunk as Buffer);
  const authority = authorityOf('gost2015');
  const cms = makeCms({ ...certified(authority, 'gost2015'), document: { digest: hasher.digest() }, signingTime: new Date() });
  const signature = path.join(folder, 'large.p7s');
  const trust = path.join(folder, 'large-ca.pem');
  writeFileSync(signature, cms);
  writeFileSync(trust, toPem('CERTIFICATE', authority.certificate.der));
  const args = [path.join(repositoryRoot(), 'bin/kense.js'), 'verify', '--json', '--trust', trust, '--content', document, signature];
  const { peakMib, seconds, output } = await peakOf(args);
  const { code, verdict } = JSON.parse(output) as { code: string; verdict: string };
  if (verdict === 'invalid') throw new Error(`the good detached signature is refused: ${code}`);
  return {
    rows: [[`kense verify of ${size / mebibyte} MiB, detached: most memory (RSS), MiB`, peakMib.toFixed(0), '', '']],
    ratios: {},
    values: { detached_1gb_rss_mib: rounded(peakMib, 0), detached_mib: size / mebibyte, detached_seconds: rounded(seconds, 1) },
  };
}

async function peakOf(args: readonly string[]): Promise<{ peakMib: number; seconds: number; output: string }> {
  const began = Date.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  let peakMib = 0;
  // The kernel keeps the highest value itself (VmHWM): only what the very last moments add can be missed.
  const timer = setInterval(() => {
    try {
      const high = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      if (high) peakMib = Math.max(peakMib, Number(high[1]) / 1024);
    } catch {
      // it has just ended
    }
  }, sampleMs);
  await once(child, 'close');
  clearInterval(timer);
  return { peakMib, seconds: (Date.now() - began) / 1000, output };
}
