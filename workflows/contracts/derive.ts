/**
 * A derived file asked for by a reader: the PDF with its sheet of signatures or, with `card`, the card of the electronic document, in
 * Kazakh and Russian at once or with the signatures printed as QR codes. `key` is where it will be stored.
 */
export type DeriveStart = {
  key: string;
  routeId: string;
  documentId: string;
  language: 'ru' | 'kk' | 'en';
  card?: { bilingual: boolean; printed: boolean };
};

/** Type of the failure of a derived file whose original would cost too much however often it is tried. */
export const hopelessOriginal = 'HopelessOriginal';
/**
 * Where it is noted of a route that no sheet or card can be made of its document, so that nobody tries again. The number grows when the
 * maker learns to do more.
 */
export const hopelessKey = ({ routeId, card }: Pick<DeriveStart, 'routeId' | 'card'>): string =>
  `derived/${routeId}/hopeless-1-${card ? 'card' : 'sheet'}`;
