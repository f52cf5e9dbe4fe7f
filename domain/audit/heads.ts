/** Where an organisation's audit log stood at an instant. Kept outside the installation it shows whether the log was written anew since. */
export type KeptHead = {
  organisationId: string;
  seq: number;
  /** SHA-256 of the row `seq` in hexadecimal digits: it stands for all rows up to it. */
  hash: string;
  /** The last row without a MAC, see `storage/audit.ts`; null when there was no boundary that counted. */
  keyedAfter: number | null;
  at: string;
};

/** One line of text for people to keep; words and numbers that survive being copied out of a mail. */
export const formatHead = ({ organisationId, seq, hash, keyedAfter, at }: KeptHead): string =>
  `kense-head ${organisationId} ${seq} ${hash} keyed-after ${keyedAfter ?? 'none'} at ${at}`;

const line = /kense-head ([0-9A-HJKMNP-TV-Z]{26}) (\d{1,15}) ([0-9a-f]{64}) keyed-after (\d{1,15}|none) at (\d{4}-\d\d-\d\dT[\d:.]+Z)/g;

/** All heads in a text, whatever stands around them: lines may be broken, quoted, or softly broken as mails are stored. */
export function readHeads(text: string): KeptHead[] {
  const flat = text.replace(/=\r?\n/g, '').replace(/[\s>\u00a0]+/g, ' ');
  return [...flat.matchAll(line)].map(([, organisationId = '', seq, hash = '', keyedAfter, at = '']) => ({
    organisationId,
    seq: Number(seq),
    hash,
    keyedAfter: keyedAfter === 'none' ? null : Number(keyedAfter),
    at,
  }));
}
