import type { Proof } from '../../domain/people/proofs';
import type { Membership } from '../../storage/queries/people';
import type { Session } from '../../storage/queries/sessions';

/** By what means a person came in; kept with the session. */
export type SignInSource = Session['means'];

/** A key that has been shown: the IIN of its certificate, and which certificate. */
export type ShownKey = { iin: string; serial: string };

/** Somebody whose proof has been accepted: where they may work, and the one place they wanted, if any. */
export type Entrant = {
  personId: string;
  login: string;
  source: SignInSource;
  proof: Proof;
  key: ShownKey | null;
  places: readonly Membership[];
  wanted: Membership | null;
};
