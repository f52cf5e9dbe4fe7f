import { readFile, writeFile } from 'node:fs/promises';
import { makeCard } from '../../signature/card';
import { HopelessPdfError, makeSignedPdf } from '../../signature/sheet';
import { serveTasks } from '../isolation/child';
import type { PdfAnswer, PdfTask } from './maker';

// Whatever people upload is parsed here, never in the process that runs the activities.
serveTasks<null, PdfTask, PdfAnswer>(() => async ({ order, original, made }) => {
  const bytes = await readFile(original);
  try {
    const pdf = await (order.kind === 'card'
      ? makeCard({ ...order.content, original: bytes })
      : makeSignedPdf({ ...order.content, original: bytes }));
    await writeFile(made, pdf.bytes);
    return { ok: true };
  } catch (error) {
    if (error instanceof HopelessPdfError) return { ok: false, why: error.code };
    throw error;
  }
});
