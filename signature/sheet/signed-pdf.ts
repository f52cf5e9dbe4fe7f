import { PDFDocument } from '@cantoo/pdf-lib';
import { attachSource, removeActions } from './attach';
import { checkBounds, checkPageTree, HopelessPdfError } from './bounds';
import { embedFaces } from './fonts';
import { drawSheet, type SheetContent } from './sheet';

export interface SignedPdfOrder extends SheetContent {
  /** The signed document, any format. */
  readonly original: Uint8Array;
  readonly mediaType: string;
  readonly fileName: string;
  /** Description of the attached original. */
  readonly attachmentText: string;
}

export interface SignedPdf {
  readonly bytes: Uint8Array;
  /** Pages of the document before the sheet: 0 when it is no PDF, or one that cannot be opened. */
  readonly documentPages: number;
  readonly sheetPages: number;
}

/**
 * The document as people take it away: its pages as they are, the signature sheet behind them and the signed original attached octet
 * for octet. Of an original that is no PDF, or is encrypted or broken, the sheet alone carries the attachment. The result is a derived
 * file: signatures belong to the attachment. Throws HopelessPdfError for an original that would cost too much to open.
 */
export async function makeSignedPdf(order: SignedPdfOrder): Promise<SignedPdf> {
  const opened = order.mediaType === 'application/pdf' ? await openPdf(order.original) : undefined;
  const pdf = opened ?? (await PDFDocument.create());
  const documentPages = opened ? opened.getPageCount() : 0;
  if (opened) removeActions(opened);
  else pdf.setTitle(order.title, { showInWindowTitleBar: true });
  const sheetPages = drawSheet(pdf, await embedFaces(pdf), order);
  attachSource(pdf, { bytes: order.original, fileName: order.fileName, mediaType: order.mediaType, description: order.attachmentText });
  return { bytes: await pdf.save(), documentPages, sheetPages };
}

/** The parsed PDF, undefined when it is encrypted, broken or has no pages. Throws HopelessPdfError when it would cost too much to open. */
export async function openPdf(bytes: Uint8Array): Promise<PDFDocument | undefined> {
  checkBounds(bytes);
  try {
    const pdf = await PDFDocument.load(bytes, { updateMetadata: false, throwOnInvalidObject: true });
    checkPageTree(pdf);
    return pdf.getPageCount() > 0 && pdf.getPages().every((page) => page.node.MediaBox() !== undefined) ? pdf : undefined;
  } catch (error) {
    if (error instanceof HopelessPdfError) throw error;
    return undefined; // pdf-lib throws plain errors of many kinds; whichever it is, the original still travels as an attachment
  }
}
