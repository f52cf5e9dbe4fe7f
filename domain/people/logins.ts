/** Most characters a login may have. */
export const maxLoginLength = 120;

/** Controls, format characters, separators, lone surrogates and unassigned code points: none of them can be seen, all of them can deceive. */
const invisible = /[\p{C}\p{Z}]/u;

/**
 * The one form in which a login is stored, compared byte by byte, and counted: NFKC (Unicode Standard Annex 15), lower case, without
 * surrounding space. Null when what was typed can be no login: empty, too long, or holding characters nobody sees.
 */
export function normalLogin(typed: string): string | null {
  const normal = typed.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
  return normal === '' || normal.length > maxLoginLength || invisible.test(normal) ? null : normal;
}

/** What attempts with this login are counted by: spellings that some directory may take for one another count as one. */
export const countedLogin = (typed: string): string =>
  typed
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{C}\p{Z}\p{M}]/gu, '')
    .slice(0, maxLoginLength);
