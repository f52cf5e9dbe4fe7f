import { PDFDocument, type PDFPage } from '@cantoo/pdf-lib';
import { attachFile, safeFileName } from '../sheet/attach';
import { embedFaces } from '../sheet/fonts';
import { openPdf } from '../sheet/signed-pdf';
import type { CardOrder } from './content';
import { drawFrame } from './frame';
import { drawInfo } from './info-pages';
import { drawSignature } from './signature-page';
import { drawVisualisation } from './visualisation';

export interface Card {
  readonly bytes: Uint8Array;
  /** Pages of the information block, the visualisation (0: left out) and the signatures. */
  readonly pages: readonly [info: number, visualisation: number, signatures: number];
}

/**
 * The card of an electronic document: information block, visualisation of a PDF, a page for each signature; attached are the original,
 * octet for octet, then every signature. Nothing of the original runs: only the looks of its pages are taken over.
 */
export async function makeCard(order: CardOrder): Promise<Card> {
  const pdf = await PDFDocument.create();
  pdf.setTitle(order.title, { showInWindowTitleBar: true });
  const faces = await embedFaces(pdf);
  const source = order.mediaType === 'application/pdf' ? await openPdf(order.original) : undefined;
  const shown = source ? await drawVisualisation(pdf, faces, source, order.mark) : [];
  const signed = order.signatures.flatMap((signature) => drawSignature(pdf, faces, signature));
  const attachments = attachmentsOf(order);
  const info = drawInfo(pdf, faces, order, attachments);
  const afterInfo = info.pages.length + 1;
  info.number([1, shown.length > 0 ? afterInfo : null, signed.length > 0 ? afterInfo + shown.length : null]);
  const parts: readonly (readonly PDFPage[])[] = [info.pages, shown, signed];
  const count = pdf.getPageCount();
  let number = 0;
  parts.forEach((pages, i) => pages.forEach((page) => drawFrame(page, faces, order, order.parts[i]!, ++number, count)));
  attachments.forEach((attachment, i) => attachFile(pdf, attachment, { key: String(i + 1).padStart(4, '0') }));
  return { bytes: await pdf.save(), pages: [info.pages.length, shown.length, signed.length] };
}

/** The original first, then the signatures; names are unique, because readers that save them would overwrite. */
function attachmentsOf(order: CardOrder): { bytes: Uint8Array; fileName: string; mediaType: string; description: string }[] {
  const taken = new Set<string>();
  const unique = (name: string): string => {
    const safe = safeFileName(name);
    const extension = /\.[A-Za-z0-9]{1,8}$/.exec(safe)?.[0] ?? '';
    let candidate = safe;
    for (let n = 2; taken.has(candidate.toLowerCase()); n++)
      candidate = `${safe.slice(0, safe.length - extension.length)} (${n})${extension}`;
    taken.add(candidate.toLowerCase());
    return candidate;
  };
  const original = { bytes: order.original, fileName: order.fileName, mediaType: order.mediaType, description: order.originalText };
  const cms = order.signatures.map(({ cms: bytes, fileName, description }) => ({
    bytes,
    fileName,
    mediaType: 'application/pkcs7-signature',
    description,
  }));
  return [original, ...cms].map((attachment) => ({ ...attachment, fileName: unique(attachment.fileName) }));
}
