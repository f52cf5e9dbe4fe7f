import type { OcspFault } from '../ocsp/check';
import type { CrlReason } from '../x509/crl';
import type { Role } from '../x509/roles';
import type { Code, Verdict } from './codes';
import type { Purpose } from './policy';
import type { RevocationFact } from './revocation';

export const CHECK_NAMES = [
  'structure',
  'digest',
  'signature',
  'certificate-hash',
  'time-stamp',
  'archive-time-stamp',
  'chain',
  'validity',
  'claimed-time',
  'revocation',
  'key-usage',
  'algorithm',
  'role',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

export const LEVELS = ['CMS', 'CAdES-BES', 'CAdES-T', 'CAdES-LT', 'CAdES-LTA'] as const;
/** The levels of a CMS, rising; an XML signature has only the one of its own. */
export type Level = (typeof LEVELS)[number] | 'XMLDSig';

/** What further answers of the network could still settle. */
export type Pending = 'revocation' | 'time-stamp';

/** One line of the report; `code` is `ok` when the check passed or does not matter. */
export interface CheckReport {
  readonly name: CheckName;
  readonly result: 'pass' | 'fail' | 'not checked';
  readonly code: Code;
  readonly detail: string;
}

/** Outcome for a whole CMS; times are ISO 8601 in UTC. Kept with every signature, so `format` grows when the shape changes. */
export interface VerificationReport {
  readonly format: 1;
  /** The time of checking and the purpose whose policy was applied. */
  readonly checkedAt: string;
  readonly purpose: Purpose;
  readonly verdict: Verdict;
  readonly code: Code;
  readonly attached: boolean;
  readonly signers: readonly SignerReport[];
}

export interface SignerReport {
  readonly verdict: Verdict;
  readonly code: Code;
  /** Plain English sentence; interfaces translate `code` instead. */
  readonly reason: string;
  readonly level: Level;
  readonly iin: string | null;
  readonly bin: string | null;
  readonly name: string | null;
  readonly organisation: string | null;
  readonly roles: readonly Role[];
  /** Serial number of the certificate, lower-case hex. */
  readonly serial: string | null;
  readonly claimedTime: string | null;
  /** The earliest instant at which the signature provably existed, else the time of checking. */
  readonly bestTime: string;
  readonly bestTimeSource: 'time-stamp' | 'received' | 'checking';
  readonly checks: readonly CheckReport[];
  /** Why asking again makes sense; empty when the verdict is final. */
  readonly pending: readonly Pending[];
  /** The time-stamp that proves the best time, else the first readable one. */
  readonly timeStamp: TimeStampReport | null;
  /** All time-stamps: those of the signature, then the archive's, newest first. */
  readonly timeStamps: readonly TimeStampReport[];
  /** Status of each certificate of the path below the anchor, the signer's first. */
  readonly revocation: readonly RevocationReport[];
  readonly certificate: CertificateReport | null;
}

export interface TimeStampReport {
  readonly time: string;
  readonly tsa: string | null;
  readonly policy: string;
  readonly serial: string;
  readonly kind: 'signature' | 'archive';
  readonly result: CheckReport['result'];
  readonly code: Code;
  /** When the authority's certificate, and with it the proof, ends. */
  readonly provesUntil: string | null;
  readonly chain: readonly CertificateName[];
  readonly revocation: readonly RevocationReport[];
}

/** A certificate of a path in one line. */
export interface CertificateName {
  readonly subject: string;
  readonly fingerprint: string;
}

/** What is known about the revocation of one certificate, and from where. */
export interface RevocationReport {
  readonly subject: string;
  readonly serial: string;
  readonly status: RevocationFact['status'];
  readonly source: 'ocsp' | 'crl' | null;
  readonly thisUpdate: string | null;
  readonly nextUpdate: string | null;
  readonly producedAt: string | null;
  readonly responder: { readonly subject: string; readonly serial: string } | null;
  readonly revokedAt: string | null;
  readonly reason: CrlReason | null;
  /** SHA-256 of the answer or list as received, lower-case hex. */
  readonly digest: string | null;
  /** Why an answer cannot be relied on. */
  readonly fault: OcspFault | null;
}

export interface CertificateReport {
  /** Base64 of the DER. */
  readonly der: string;
  readonly fingerprint: string;
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly policies: readonly string[];
  readonly keyUsage: readonly string[];
  readonly extendedKeyUsage: readonly string[];
  /** Subjects and fingerprints from the certificate up to the anchor; only itself when no path was found. */
  readonly chain: readonly CertificateName[];
}

/** Signer fields of the command line's JSON, in order. */
export const PUBLIC_SIGNER_FIELDS = [
  'verdict',
  'code',
  'reason',
  'level',
  'iin',
  'bin',
  'name',
  'organisation',
  'roles',
  'serial',
  'claimedTime',
  'bestTime',
  'bestTimeSource',
  'timeStamp',
  'checks',
  'pending',
  'timeStamps',
  'revocation',
] as const satisfies readonly (keyof SignerReport)[];

/** ISO 8601 in UTC, without a fraction when it is zero. */
export function isoTime(at: Date): string {
  return at.toISOString().replace('.000Z', 'Z');
}
