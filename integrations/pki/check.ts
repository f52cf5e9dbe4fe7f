import { evidenceNeeds, verifyCms, type Crl, type OcspAnswer, type VerificationInput, type VerificationReport } from '../../signature';
import type { Pki, PkiProblem } from './pki';

/** What a check with the network brought: the report, the answers it rests on, and why some are missing. */
export type OnlineCheck = { report: VerificationReport; ocsp: OcspAnswer[]; crls: readonly Crl[]; problems: PkiProblem[] };

export type OnlineInput = Omit<VerificationInput, 'ocsp' | 'crls'> & {
  /** Answers must have been asked for at or after this instant; in any case not before what they are to speak about. */
  since?: Date;
  /** How long answers are waited for, when shorter than the setting. Milliseconds. */
  timeoutMs?: number;
  /**
   * Revocation lists at hand: what one of them says is revoked is revoked, whatever a responder answers. `isNeeded` when a responder
   * could not be reached, so that fetching newer ones is worth the wait.
   */
  lists: (isNeeded: boolean) => Promise<readonly Crl[]>;
};

/**
 * Verifies a CMS with what the responders and the lists say about its certificates. Lists clear only where nobody answered: a wrong
 * answer is a failure, not a reason to look elsewhere. Throws SignatureFormatError when the bytes are no CMS.
 */
export async function checkOnline(pki: Pki, der: Uint8Array, { since, timeoutMs, lists, ...input }: OnlineInput): Promise<OnlineCheck> {
  const atHand = await lists(false);
  if (input.policy.requireRevocation === 'none')
    return { report: verifyCms(der, { ...input, crls: atHand }), ocsp: [], crls: atHand, problems: [] };
  const { statuses } = evidenceNeeds(der, input);
  const { ocsp, problems } = await pki.statuses(statuses, { ...(since ? { since } : {}), ...(timeoutMs ? { timeoutMs } : {}) });
  const crls = problems.length > 0 ? await lists(true) : atHand;
  return { report: verifyCms(der, { ...input, ocsp, crls }), ocsp, crls, problems };
}
