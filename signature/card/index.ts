/** The card of an electronic document (DDC): made as a PDF that carries the original and its signatures. Reading one is in `./reading`. */
export { certificatesOf } from './certificates';
export { makeCard, type Card } from './make';
export type { CardOrder, CardSignature, FactGroup } from './content';
