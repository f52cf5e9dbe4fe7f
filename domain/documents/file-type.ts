/** A kind of file people may upload: its extension, media type and the family of bytes it must start with. */
export type FileType = { extension: string; mediaType: string; family: Family };
type Family = 'pdf' | 'zip' | 'cfb' | 'png' | 'jpeg' | 'tiff' | 'rtf' | 'text';

const office = 'application/vnd.openxmlformats-officedocument';
const openDocument = 'application/vnd.oasis.opendocument';

export const fileTypes: readonly FileType[] = [
  { extension: 'pdf', mediaType: 'application/pdf', family: 'pdf' },
  { extension: 'docx', mediaType: `${office}.wordprocessingml.document`, family: 'zip' },
  { extension: 'xlsx', mediaType: `${office}.spreadsheetml.sheet`, family: 'zip' },
  { extension: 'pptx', mediaType: `${office}.presentationml.presentation`, family: 'zip' },
  { extension: 'odt', mediaType: `${openDocument}.text`, family: 'zip' },
  { extension: 'ods', mediaType: `${openDocument}.spreadsheet`, family: 'zip' },
  { extension: 'doc', mediaType: 'application/msword', family: 'cfb' },
  { extension: 'xls', mediaType: 'application/vnd.ms-excel', family: 'cfb' },
  { extension: 'ppt', mediaType: 'application/vnd.ms-powerpoint', family: 'cfb' },
  { extension: 'rtf', mediaType: 'application/rtf', family: 'rtf' },
  { extension: 'png', mediaType: 'image/png', family: 'png' },
  { extension: 'jpg', mediaType: 'image/jpeg', family: 'jpeg' },
  { extension: 'jpeg', mediaType: 'image/jpeg', family: 'jpeg' },
  { extension: 'tif', mediaType: 'image/tiff', family: 'tiff' },
  { extension: 'tiff', mediaType: 'image/tiff', family: 'tiff' },
  { extension: 'txt', mediaType: 'text/plain', family: 'text' },
  { extension: 'xml', mediaType: 'application/xml', family: 'text' },
];

/** How many bytes of the beginning `fileTypeOf` wants to see. */
export const sniffBytes = 8_192;

const beginnings: readonly [Family, readonly number[]][] = [
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['cfb', [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]],
  ['png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['tiff', [0x49, 0x49, 0x2a, 0x00]],
  ['tiff', [0x4d, 0x4d, 0x00, 0x2a]],
  ['rtf', [0x7b, 0x5c, 0x72, 0x74, 0x66]],
];

/** The family the bytes themselves show. A PDF may carry up to 1,024 bytes of junk before its header (ISO 32000-1, annex H.3.4.1). */
function familyOf(head: Uint8Array): Family | null {
  const found = beginnings.find(([, bytes]) => bytes.every((b, i) => head[i] === b));
  if (found) return found[0];
  if (indexOfText(head.subarray(0, 1_029), '%PDF-') >= 0) return 'pdf';
  return head.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 12 || byte === 13) ? 'text' : null;
}

function indexOfText(bytes: Uint8Array, text: string): number {
  for (let i = 0; i + text.length <= bytes.length; i++) {
    let j = 0;
    while (j < text.length && bytes[i + j] === text.charCodeAt(j)) j++;
    if (j === text.length) return i;
  }
  return -1;
}

/** The extension of a file name, lower case, without the dot; empty when it has none. */
export const extensionOf = (name: string): string => /\.([^.\\/]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';

/** The type both the name and the first bytes agree on, or null: the name alone proves nothing, and neither do the bytes of a ZIP. */
export function fileTypeOf(name: string, head: Uint8Array): FileType | null {
  const extension = extensionOf(name);
  const type = fileTypes.find((t) => t.extension === extension);
  return type && familyOf(head) === type.family ? type : null;
}

/** The media type kept for a file, or a neutral one. */
export const displayOf = (mediaType: string): 'pdf' | 'image' | 'download' =>
  mediaType === 'application/pdf' ? 'pdf' : mediaType === 'image/png' || mediaType === 'image/jpeg' ? 'image' : 'download';

/** The entry /Encrypt with its value, each letter as itself or as #xx. */
const encryptEntry = /\/(?:E|#45)(?:n|#6[eE])(?:c|#63)(?:r|#72)(?:y|#79)(?:p|#70)(?:t|#74)\s*(?:\d+\s+\d+\s+R|<<)/;

/**
 * Watches a PDF's bytes pass by for the trailer's /Encrypt entry. The entry stands outside compressed streams in every PDF, also in
 * those with cross-reference streams, so one pass suffices; pieces may be cut anywhere. Its letters may be written as #xx (ISO 32000-1, 7.3.5).
 */
export class EncryptionWatch {
  private tail = '';
  seen = false;

  update(chunk: Uint8Array): void {
    if (this.seen) return;
    const text = this.tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    this.seen = encryptEntry.test(text);
    this.tail = text.slice(-96);
  }
}

/** Controls, format and private characters, lone surrogates, separators of lines: invisible, or able to turn a name round. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800]/gu;

/** A text without characters that cannot be seen. */
export const visibleText = (text: string): string => text.replace(unseen, '');

/** A file name safe to store and show: no path, nothing invisible, at most 200 characters with its extension kept. */
export function cleanFileName(name: string): string {
  const base = name.split(/[\\/]/).at(-1) ?? '';
  return shortened(visibleText(base).normalize('NFC').trim());
}

function shortened(base: string): string {
  if (base.length <= 200) return base || 'file';
  const extension = extensionOf(base);
  return `${base.slice(0, 199 - extension.length)}.${extension}`;
}

/** A first title for a document: the file's name without its extension. */
export const titleFromFileName = (name: string): string =>
  name
    .replace(/\.[^.]+$/, '')
    .replace(/_/g, ' ')
    .trim()
    .slice(0, 300) || name;
