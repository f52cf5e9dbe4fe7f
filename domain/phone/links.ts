/** Templates of the links a telephone opens the applications with; `{link}` stands for the offer's address, encoded. */
export type PhoneLinkTemplates = { mobile: string; business: string };

/** As the applications' operator publishes them today; an installation may have others. */
export const defaultTemplates: PhoneLinkTemplates = {
  mobile: 'https://m.egov.kz/mobileSign/?link={link}&isi=1476128386&ibi=kz.egov.mobile&apn=kz.mobile.mgov',
  business: 'https://m.egov.kz/businessSign/?link={link}&isi=1597880144&ibi=kz.mobile.mgov.business&apn=kz.mobile.mgov.business',
};

/** What the QR code says: for the scanner inside eGov Mobile and eGov Business, which need no two codes. */
export const codeText = (offerUrl: string): string => `mobileSign:${offerUrl}`;

/** The link of one application for an offer's address. */
export const deepLink = (template: string, offerUrl: string): string => template.replaceAll('{link}', encodeURIComponent(offerUrl));

/** The offer's address inside a code or a link as a person may paste it; null when there is none. */
export function offerUrlIn(text: string): string | null {
  const given = text.trim().replace(/^mobileSign:/i, '');
  if (!/^https?:\/\/\S+$/.test(given)) return null;
  const inside = /[?&]link=([^&]+)/.exec(given)?.[1];
  if (inside === undefined) return given;
  try {
    const link = decodeURIComponent(inside);
    return /^https?:\/\/\S+$/.test(link) ? link : null;
  } catch {
    return null;
  }
}
