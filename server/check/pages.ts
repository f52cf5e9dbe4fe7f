import type { Instant } from '../../services/texts/types';
import type { SignatureView, VerdictName } from '../kit/parts/signer';
import type { FieldErrors } from '../kit/views';

/** GET /check; POST /check, multipart: `_csrf`, `file` (not needed when the CMS holds the document), `signature`. */
export interface CheckPage {
  errors: FieldErrors;
}

/** POST /check and GET /check/:code (POST there: `_csrf`, `file`, to compare). */
export interface CheckResultPage {
  /** From the QR code; null for an uploaded pair. */
  code: string | null;
  verdict: VerdictName;
  /** Why, when one reason stands for all; null: told per signer. */
  reason: string | null;
  document: { title: string | null; number: string | null; fileName: string | null; sizeBytes: number | null; sha256: string | null };
  /** Title and file name are what an uploaded pack or card calls the document: no signature covers them. */
  isOwnWord: boolean;
  signers: SignatureView[];
  checkedAt: Instant;
  /** Result of the comparison with an uploaded file; null when none was given. */
  comparison: 'same' | 'different' | null;
  /** What is wrong with an uploaded pack beside its signatures. */
  bundle?: { changed: number; isLogBroken: boolean } | null;
  errors: FieldErrors;
}

/** GET /check/:token/waiting: a check that waits for its turn or is under way; the page looks again by itself. */
export interface CheckWaitingPage {
  token: string;
  /** How many checks stand before this one; null when it is under way. */
  ahead: number | null;
}

/** GET /check/:code for a code nobody gave out. */
export interface CheckUnknownPage {
  code: string;
}

declare module '../kit/views' {
  interface Pages {
    'pages/check/form': CheckPage;
    'pages/check/result': CheckResultPage;
    'pages/check/unknown': CheckUnknownPage;
    'pages/check/waiting': CheckWaitingPage;
  }
}
