import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CardOrder } from '../../signature/card';
import type { HopelessPdf, SignedPdfOrder } from '../../signature/sheet';
import { type Allowance, openPool, Overspent } from '../isolation/pool';
import { root } from '../root';
import { makeScratch } from '../scratch';

/** A derived PDF as it is ordered; its original comes as a stream. */
export type PdfOrder =
  { kind: 'sheet'; content: Omit<SignedPdfOrder, 'original'> } | { kind: 'card'; content: Omit<CardOrder, 'original'> };

/** Makes derived PDFs away from this process, with limits. */
export type PdfMaker = {
  /**
   * Makes one and hands its file to `use`. `ok: false`: the original is made so that it costs too much; trying again is no use. Rejects
   * when the maker itself broke.
   */
  make(
    order: PdfOrder,
    original: () => Promise<Readable>,
    use: (file: string) => Promise<void>,
  ): Promise<{ ok: true } | { ok: false; why: string }>;
  close(): Promise<void>;
};

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
