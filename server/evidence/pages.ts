import type { CheckReport, RevocationReport, TimeStampReport } from '../../signature';
import type { Instant, SignatureView } from '../views';

/** How far the long-term proof of a signature has come. */
export interface ProofView {
  state: 'gathering' | 'complete' | 'given-up';
  level: string;
  /** What further answers from outside could settle: `revocation`, `time-stamp`. */
  pending: string[];
  /** Why the last try brought nothing, in the words of the transport. */
  problem: string | null;
  attempts: number;
  checkedAt: Instant | null;
  /** The next try, or the renewal of a complete proof. */
  nextAt: Instant | null;
  proofEndsAt: Instant | null;
}

/** GET <base>/signatures/:id: everything found about one signature, for a lawyer and for print. POST <base>/signatures/:id/retry. */
export interface SignatureReportPage {
  base: string;
  title: string;
  fileName: string;
  sha256: string;
  signature: SignatureView;
  proof: ProofView | null;
  checks: readonly CheckReport[];
  timeStamps: readonly TimeStampReport[];
  revocation: readonly RevocationReport[];
  chain: readonly { subject: string; fingerprint: string }[];
  claimedAt: Instant | null;
  jsonUrl: string;
  cmsUrl: string;
  /** The upgraded signature, once there is one. */
  proofUrl: string | null;
  /** Asks for the next try at once; null when nothing is awaited. */
  retryUrl: string | null;
}
