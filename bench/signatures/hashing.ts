import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createHasher } from '../../signature';
import { createStreebog } from '../../signature/gost/streebog-fast';
import { Streebog } from '../../signature/gost/streebog';
import { rounded } from '../measure';
import { duel, type Outcome } from './measure';
import { openssl, opensslSeconds, secondsOf } from './openssl';

const mebibyte = 1 << 20;
const rounds = 15;

/** Streebog-512 of one file, both reading it. The time OpenSSL takes for an empty file, its start, is taken off. */
export function measureHashing(folder: string, small: boolean): Outcome {
  const bytes = (small ? 16 : 48) * mebibyte;
  const file = path.join(folder, 'document');
  const empty = path.join(folder, 'empty');
  writeFileSync(file, randomBytes(bytes));
  writeFileSync(empty, '');
  const engine = ['dgst', '-engine', 'gost', '-md_gost12_512', '-r'];
  const theirDigest = openssl(...engine, file).split(' ')[0]!;
  let ourDigest = '';
  const rate = (seconds: number): number => bytes / 1e6 / seconds;
  const result = duel(
    rounds,
    () => rate(secondsOf(() => (ourDigest = hashFile(file)))),
    () => rate(opensslSeconds(...engine, file) - opensslSeconds(...engine, empty)),
  );
  if (ourDigest !== theirDigest) throw new Error('the two digests differ');
  const plainPart = readFileSync(file).subarray(0, bytes / 8);
  const plain = rate(secondsOf(() => new Streebog(512).update(plainPart).digest()) * 8);
  const chunk = plainPart.subarray(0, 65_536);
  const held = Array.from({ length: 50 }, () => secondsOf(() => createStreebog(512).update(chunk))).sort((a, b) => a - b);
  return {
    rows: [
      ['Streebog-512, MB/s', result.ours.toFixed(1), result.theirs.toFixed(1), result.ratio.toFixed(2)],
      ['the same without WebAssembly', plain.toFixed(1), '', ''],
      ['64 KiB of an upload hashed at a stretch, ms', (held[25]! * 1000).toFixed(2), '', ''],
    ],
    ratios: { streebog_vs_openssl: rounded(result.ratio) },
    values: {
      streebog_mb_per_s: rounded(result.ours, 1),
      streebog_openssl_mb_per_s: rounded(result.theirs, 1),
      streebog_plain_mb_per_s: rounded(plain, 1),
      streebog_64_kib_ms: rounded(held[25]! * 1000),
    },
  };
}

function hashFile(file: string): string {
  const hasher = createHasher('streebog512');
  const buffer = new Uint8Array(mebibyte);
  const descriptor = openSync(file, 'r');
  try {
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer)) hasher.update(buffer.subarray(0, read));
  } finally {
    closeSync(descriptor);
  }
  return Buffer.from(hasher.digest()).toString('hex');
}
