import type { SignerReport, VerificationReport } from '../../signature';
import type { CheckRequest, CheckResult } from '../signing/check-signature';
import type { ListAtHand } from '../signing/lists';

/** A file of a visitor, kept aside while it is checked. `name` as the visitor's own system calls it. */
export type KeptFile = { path: string; name: string; size: number };

/** What the processes of the check page are asked. `lists` are the revocation lists at hand; instants in milliseconds UTC. */
export type CheckTask = { at: number; lists?: readonly ListAtHand[] } & (
  | { kind: 'pack' | 'card'; file: string; maxTotalBytes: number }
  /** A signature with the file it is about; null when the document is inside. */
  | { kind: 'signature'; signature: string; file: string | null }
  /** Signatures kept here, each against the digests of its document. */
  | { kind: 'kept'; requests: readonly CheckRequest[] }
);

/** What a card or a pack says: the document inside and who signed it. `changed` counts files of a pack that are not as listed. */
export type BundleResult = {
  document: { name: string; title: string | null; size: number; sha256: string };
  signers: SignerReport[];
  changed: number;
  isLogBroken: boolean;
};

/** What they answer. */
export type CheckAnswer =
  | { kind: 'bundle'; bundle: BundleResult }
  | { kind: 'signature'; report: VerificationReport; sha256: string | null }
  | { kind: 'kept'; results: CheckResult[] }
  | { kind: 'refused'; code: string };
