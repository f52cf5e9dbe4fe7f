import type { StoredFile } from '../../storage/queries/documents';
import type { SignatureRecord } from '../../storage/queries/signatures';

/** A signature's file name: the document's name, its place in the row, the signer. */
export const signatureName = (file: StoredFile, signature: SignatureRecord, index: number): string =>
  `${withoutExtension(file.name)}.${index + 1}.${
    signature.signerName
      .replace(/[^\p{L}\p{N} .-]/gu, '')
      .trim()
      .slice(0, 60) ||
    signature.iin ||
    'signer'
  }.cms`;
export const withoutExtension = (name: string): string => name.replace(/\.[^.]+$/, '');
