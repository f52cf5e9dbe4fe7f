import { displayOf } from '../../../domain/documents/file-type';
import type { StoredFile } from '../../../storage/queries/documents';

/** The file of a document, reached through `base`: its page or an outside person's link. */
export function presentFile(document: { id: string; file: StoredFile }, base = `/documents/${document.id}`): FileView {
  const { file } = document;
  return {
    id: file.id,
    name: file.name,
    sizeBytes: file.sizeBytes,
    display: displayOf(file.mediaType),
    viewUrl: `${base}/file?v=${file.version}`,
    downloadUrl: `${base}/original`,
    sha256: file.sha256.toString('hex'),
  };
}

export interface FileView {
  id: string;
  name: string;
  sizeBytes: number;
  /** Decides how the viewer shows it. */
  display: 'pdf' | 'image' | 'download';
  /** Bytes for the viewer (same origin; PDF and images may be inline). */
  viewUrl: string;
  downloadUrl: string;
  /** 64 hexadecimal digits. */
  sha256: string;
}
