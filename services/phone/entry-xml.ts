import { type ChallengePurpose, saysWhat } from '../../domain/signing/challenge';

const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** What a phone signs to enter or to confirm an account: the facts of the challenge text as an XML document of ASCII letters. */
export const entryXml = (facts: { purpose: ChallengePurpose; site: string; nonce: string; at: number }): string =>
  [
    '<kense>',
    `<purpose>${escaped(saysWhat[facts.purpose])}</purpose>`,
    `<site>${escaped(facts.site)}</site>`,
    `<nonce>${escaped(facts.nonce)}</nonce>`,
    `<time>${new Date(facts.at).toISOString()}</time>`,
    '</kense>',
  ].join('');
