import type { Fact } from '../sheet/sheet';

/** A group of facts under a small heading. */
export interface FactGroup {
  readonly heading: string;
  readonly facts: readonly Fact[];
}

export interface CardSignature {
  readonly title: string;
  /** Who, for whom, when and with what right: left column. */
  readonly person: readonly Fact[];
  /** Certificate, time-stamp, answer of the responder: right column, small. */
  readonly evidence: readonly FactGroup[];
  /** The CMS to attach, DER, its file name and what the list of attachments says of it. */
  readonly cms: Uint8Array;
  readonly fileName: string;
  readonly description: string;
  /** Octets to print as QR images below; null: none. */
  readonly printed: Uint8Array | null;
  readonly printedCaption: string;
}

/** Everything a card of an electronic document says and encloses; all texts are already in the reader's language. */
export interface CardOrder {
  readonly original: Uint8Array;
  readonly mediaType: string;
  readonly fileName: string;
  /** Description of the attached original. */
  readonly originalText: string;
  readonly documentId: string;
  readonly heading: string;
  readonly title: string;
  /** Description, time of making, system. */
  readonly facts: readonly Fact[];
  readonly contentsHeading: string;
  /** Names of the three parts. */
  readonly parts: readonly [info: string, visualisation: string, signatures: string];
  readonly attachmentsHeading: string;
  readonly attachmentColumns: readonly [number: string, fileName: string, description: string];
  readonly notices: readonly string[];
  /** The diagonal mark over the pages of the document. */
  readonly mark: string;
  readonly checkUrl: string;
  /** Runs along the left edge. */
  readonly checkPrompt: string;
  /** Holds `{page}` and `{pages}`. */
  readonly footPages: string;
  readonly signatures: readonly CardSignature[];
}
