import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from '../../domain/refusals';
import { makeScratch } from '../scratch';
import type { KeptFile } from './tasks';

/** A folder of one visitor's files while they are checked: what arrives goes to the disk, never into the memory of the web process. */
export type Spool = {
  /** Writes a stream to a file; returns its first bytes too. Refuses what is larger than `maxBytes`. */
  keep(source: AsyncIterable<Buffer>, name: string, maxBytes: number): Promise<KeptFile & { head: Buffer }>;
  /** Removes everything. */
  remove(): Promise<void>;
};

const headBytes = 16;

/** A spool; its folder is made with the first file. */
export function openSpool(): Spool {
  let folder: Promise<string> | null = null;
  let files = 0;
  return {
    async keep(source, name, maxBytes) {
      folder ??= makeScratch();
      const file = path.join(await folder, String(files++));
      const tooLarge = new Refusal('upload.too_large', { max: Math.floor(maxBytes / 1024 / 1024) });
      const out = createWriteStream(file, { mode: 0o600 });
      out.on('error', () => undefined); // a full disk shows at the next write
      let size = 0;
      let head = Buffer.alloc(0);
      try {
        for await (const chunk of source) {
          if (out.errored) throw out.errored;
          if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
          size += chunk.length;
          if (size > maxBytes * 2) throw tooLarge; // nobody this far over is a mistaken person; others hear the answer after the last byte
          if (size <= maxBytes && !out.write(chunk)) await once(out, 'drain');
        }
        if (size > maxBytes) throw tooLarge;
        await new Promise<void>((resolve, reject) => out.once('error', reject).end(resolve));
      } finally {
        out.destroy();
      }
      return { path: file, name, size, head };
    },
    async remove() {
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
}
