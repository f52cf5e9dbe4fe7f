import type { Proof } from '../../domain/people/proofs';
import type { ErrorRef } from '../../services/texts/types';
import type { Role } from '../kit/views';

/** A key to be chosen in NCALayer and a text to sign with it; the form posts `challenge` and `cms` to `action`. */
export interface KeyForm {
  action: string;
  challenge: string;
  /** Base64 of the text to sign, enclosed in the signature. */
  text: string;
  /** Narrows the keys NCALayer offers; null for any. */
  iin: string | null;
  ncalayerUrl: string;
  simulatorUrl: string | null;
  /** Certificates NCALayer shall build to, base64 DER; null for its own. */
  chain: string[] | null;
  error: ErrorRef | null;
}

/** GET /sign-in/eds; POST: `challenge`, `cms`, `return_to`. */
export interface SignInEdsPage {
  returnTo: string | null;
  key: KeyForm;
  usesPhone: boolean;
}

/** GET /settings/key; POST /settings/key: `challenge`, `cms`. */
export interface ConfirmKeyPage {
  name: string;
  iin: string | null;
  confirmed: { at: string; serial: string } | null;
  key: KeyForm;
  usesPhone: boolean;
}

/** POST /sign-in: `login`, `password`, `return_to`. One error text for an unknown name and a wrong password. */
export interface SignInPage {
  login: string;
  returnTo: string | null;
  /** `sign_in.failed`, `sign_in.limited` {minutes}, `sign_in.disabled`, `sign_in.directory_down`. */
  error: ErrorRef | null;
  /** Signing in with the phone is offered. */
  usesPhone: boolean;
  /** The directory checks passwords: the hint under the field says so. */
  usesDirectory: boolean;
  /** Demo only: choosing one fills the form (without script the list just shows them). */
  demoAccounts: { login: string; password: string; name: string; organisation: string; role: Role }[];
}

/** POST /sign-in/organisation: `organisation`, `return_to`. */
export interface ChooseOrganisationPage {
  /** `needs`: a better proof than the session has; `isNew`: the organisation has written the reader's IIN down and is entered for the first time. */
  organisations: { id: string; person: string; name: string; role: Role; needs: Proof | null; isNew: boolean }[];
  returnTo: string | null;
  error: ErrorRef | null;
}

/** GET, POST /sign-in/code/:step: `code`, `return_to`. */
export interface SignInCodePage {
  step: string;
  returnTo: string | null;
  error: ErrorRef | null;
}

/** GET, POST /sign-in/forgot: `who`. `asked`: what was typed, once a letter may be on its way. */
export interface ForgotPage {
  asked: string | null;
  usesDirectory: boolean;
  error: ErrorRef | null;
}

/** Asks who is at the screen before something weighty; the form goes to `action` with `fields` unchanged. */
export interface ProvePage {
  action: string;
  fields: { name: string; value: string }[];
  usesPassword: boolean;
  key: KeyForm | null;
  error: ErrorRef | null;
}

declare module '../kit/views' {
  interface Pages {
    'pages/sign-in': SignInPage;
    'pages/sign-in-eds': SignInEdsPage;
    'pages/settings/key': ConfirmKeyPage;
    'pages/choose-organisation': ChooseOrganisationPage;
    'pages/sign-in-code': SignInCodePage;
    'pages/forgot': ForgotPage;
    'pages/prove': ProvePage;
  }
  interface Fragments {
    'fragments/prove': ProvePage;
  }
}
