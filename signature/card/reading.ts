/** Reading cards and their QR codes: no drawing, so that a verifier stays small. */
export { CARD_CODES, CardError, type CardCode } from './errors';
export { joinQrParts, MAX_QR_OCTETS, QrError, splitIntoQr } from './qr-framing';
export { readCard, type CardAttachment, type CardContents } from './read';
export { openCard, verifyCard, type CardReport } from './verify';
