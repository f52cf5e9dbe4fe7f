/** The PDF with its signature sheet. */
export { makeSignedPdf, type SignedPdf, type SignedPdfOrder } from './signed-pdf';
export type { Fact, SheetContent, SheetSigner } from './sheet';
export { HopelessPdfError, type HopelessPdf } from './bounds';
