import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { HopelessPdf } from '../../signature/sheet';
import { type Allowance, openPool, Overspent } from '../isolation/pool';
import { root } from '../root';
import { makeScratch } from '../scratch';
import type { PdfMaker, PdfOrder } from '../worker-deps';

/** What a process that makes PDFs is asked: the order, where the original is and where the result goes. */
export type PdfTask = { order: PdfOrder; original: string; made: string };
export type PdfAnswer = { ok: true } | { ok: false; why: HopelessPdf };

/** One at a time: what is large needs the memory, and what is small is quick. */
const shape = { processes: 1, memoryMib: 1_024, heapMib: 768 };
const mebibyte = 1024 * 1024;

/** What a PDF may cost, by the size of its original (bytes): the library holds it several times over. */
const allowanceOf = (size: number): Allowance => {
  const mebibytes = Math.ceil(size / mebibyte);
  return { memoryMib: Math.min(1_024, 256 + 6 * mebibytes), workMs: 20_000 + 300 * mebibytes, clockMs: 120_000 };
};

/**
 * Makes PDFs in a process with limits. What goes beyond them would do so again and is hopeless, as is what its reader refuses; only the
 * clock says nothing, because the machine may have been busy.
 */
export function openPdfMaker(options: { allowance?: Partial<Allowance>; program?: string } = {}): PdfMaker {
  const program = options.program ?? path.join(root, 'dist', 'services', 'print', 'pdf-child.js');
  const pool = openPool<null, PdfTask, PdfAnswer>(program, null, shape);
  return {
    async make(order, original, use) {
      const folder = await makeScratch();
      const task: PdfTask = { order, original: path.join(folder, 'original'), made: path.join(folder, 'made.pdf') };
      try {
        await pipeline(await original(), createWriteStream(task.original, { mode: 0o600 }));
        const { size } = await stat(task.original);
        const answer = await pool.order(task, { ...allowanceOf(size), ...options.allowance }).done.then(
          ({ result }) => result,
          (error: unknown) => {
            if (error instanceof Overspent && error.what !== 'clock') return { ok: false, why: error.what } as const;
            throw error;
          },
        );
        if (answer.ok) await use(task.made);
        return answer;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    close: () => pool.close(),
  };
}
