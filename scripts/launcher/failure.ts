import fs from 'node:fs';

/** A failure a person can act on: its message is one plain sentence and all that is printed. */
export class PlainFailure extends Error {
  override name = 'PlainFailure';
}

/** The sentence for an error: a PlainFailure's own, one for the known troubles of a machine, or null when it is unexpected. */
export function plainSentence(error: unknown): string | null {
  if (error instanceof PlainFailure) return error.message;
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const place = path ? ` (${path})` : '';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk is full${place}; free some space and start again.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `A file or folder may not be written${place}; give this user the right or choose another folder with KENSE_HOME.`;
    case 'EMFILE':
    case 'ENFILE':
      return 'Too many files are open on this machine; raise the limit (ulimit -n) and start again.';
    default:
      return null;
  }
}

const fullDiskWords = /No space left on device|Disk (is )?full|ENOSPC|error(:| number|:? code)? ?28\b|errno:? 28\b/i;
const nearlyNothingBytes = 64 * 1024 * 1024;

/** Whether a program's failure comes from a full disk: its words say so, or the folder's disk has next to nothing left. */
export function isDiskFull(folder: string, output: string): boolean {
  const { bavail, bsize } = fs.statfsSync(folder);
  return fullDiskWords.test(output) || bavail * bsize < nearlyNothingBytes;
}
