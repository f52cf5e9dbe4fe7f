import type { SignerReport, VerificationReport } from '../../signature';
import type { CheckRequest, CheckResult } from '../signing/check-signature';

/** A file of a visitor, kept aside while it is checked. `name` as the visitor's own system calls it. */
export type KeptFile = { path: string; name: string; size: number };

/** What the processes of the check page are asked. `lists` are revocation lists (DER) to fall back on; instants in milliseconds UTC. */
export type CheckTask = { at: number; lists?: readonly Uint8Array[] } & (
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

/** What they answer. `isUnanswered`: no responder could be reached and lists might settle what is open. */
export type CheckAnswer =
  | { kind: 'bundle'; bundle: BundleResult; isUnanswered: boolean }
  | { kind: 'signature'; report: VerificationReport; sha256: string | null; isUnanswered: boolean }
  | { kind: 'kept'; results: CheckResult[]; isUnanswered: boolean }
  | { kind: 'refused'; code: string };
