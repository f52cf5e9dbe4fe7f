import type { Evidence } from '../../storage/queries/evidence';
import type { ProofView } from './pages';

const instant = (at: Date | null): string | null => at?.toISOString() ?? null;

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
