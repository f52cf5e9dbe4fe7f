import type { ErrorRef } from '../views';

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
