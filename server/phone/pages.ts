import type { PhonePurpose, PhoneStage } from '../../domain/phone/session';
import type { PhoneCheck } from '../../services/phone/preflight';
import type { ErrorRef, Instant } from '../../services/texts/types';
import type { FileView } from '../kit/parts/file';

/** Where a session stands; GET `pollUrl` answers this as `fragments/phone/state`, every 2 s while `isLive`. */
export interface PhoneStateView {
  purpose: PhonePurpose;
  stage: PhoneStage;
  isLive: boolean;
  pollUrl: string;
  /** POST there shows another code in the place of this one. */
  codeUrl: string;
  /** Starts all over: a new session. */
  againUrl: string;
  /** Where it leads when all is done: the document, the list. */
  doneUrl: string;
  /** Whether `doneUrl` is the document of a dialog that may simply close. */
  closes: boolean;
  /** Set while the phone has not come: the picture of the code (data URL) and the links for the telephone itself. */
  code: { image: string; until: Instant; mobile: string; business: string; simulator: string | null } | null;
  expiresAt: Instant;
  error: ErrorRef | null;
  documents: PhoneDocumentView[];
  signer: string | null;
  /** The form that ends an entry once the key has been checked; posted at once where script runs. */
  finish: { action: string; returnTo: string | null } | null;
}

export interface PhoneDocumentView {
  title: string;
  href: string | null;
  sizeBytes: number;
  state: 'waiting' | 'sent' | 'done' | 'failed';
  reason: ErrorRef | null;
}

/** GET <base>/phone: dialog with htmx; without, 303 to the session's page GET <base>/phone/:phone, the same for several documents at /phone/:phone. */
export interface PhoneSignPage {
  title: string;
  state: PhoneStateView;
  /** The other means of signing; null for several documents. */
  keyUrl: string | null;
  base: string;
  signer: { name: string; iin: string | null };
  onBehalf: { name: string; bin: string } | null;
  file: FileView | null;
  /** Whom to write to with remarks: for people from outside. */
  initiator: { name: string; email: string | null } | null;
  /** Chosen documents that wait for an approval and were left out. */
  leftOut: number;
}

/** GET /sign-in/qr/:phone; POST there once the key has been checked. */
export interface SignInPhonePage {
  returnTo: string | null;
  state: PhoneStateView;
}

/** GET /settings/key/phone/:phone; POST there once the key has been checked. */
export interface ConfirmPhonePage {
  state: PhoneStateView;
}

/** GET /settings/phone: whether signing with the phone can work. */
export interface PhoneCheckPage {
  url: string | null;
  listen: string | null;
  authType: string | null;
  isDemo: boolean;
  checks: PhoneCheck[];
}

declare module '../kit/views' {
  interface Pages {
    'pages/documents/phone': PhoneSignPage;
    'pages/invitations/phone': PhoneSignPage;
    'pages/sign-in-qr': SignInPhonePage;
    'pages/settings/key-phone': ConfirmPhonePage;
    'pages/settings/phone': PhoneCheckPage;
  }
  interface Fragments {
    'fragments/phone/state': PhoneStateView;
    'fragments/phone/dialog': PhoneSignPage;
  }
}
