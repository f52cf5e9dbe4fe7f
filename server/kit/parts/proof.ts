import type { Instant } from '../../../services/texts/types';
import type { Evidence } from '../../../storage/queries/evidence';

export const instant = (at: Date | null): string | null => at?.toISOString() ?? null;

/** Where the proof of a signature stands. */
export const presentProof = (evidence: Evidence): ProofView => ({
  state: evidence.state,
  level: evidence.level,
  pending: evidence.pending,
  problem: evidence.problem || null,
  attempts: evidence.attempts,
  checkedAt: instant(evidence.checkedAt),
  nextAt: instant(evidence.nextAt),
  proofEndsAt: instant(evidence.proofEndsAt),
});

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
