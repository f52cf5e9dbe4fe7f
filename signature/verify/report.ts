import type { Role } from '../x509/roles';
import type { Code, Verdict } from './codes';

export const CHECK_NAMES = [
  'structure',
  'digest',
  'signature',
  'certificate-hash',
  'time-stamp',
  'chain',
  'validity',
  'revocation',
  'key-usage',
  'algorithm',
  'role',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

export type Level = 'CMS' | 'CAdES-BES' | 'CAdES-T';

/** One line of the report; `code` is `ok` when the check passed or does not matter. */
export interface CheckReport {
  readonly name: CheckName;
  readonly result: 'pass' | 'fail' | 'not checked';
  readonly code: Code;
  readonly detail: string;
}

/** Outcome for a whole CMS; times are ISO 8601 in UTC. */
export interface VerificationReport {
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
  readonly timeStamp: TimeStampReport | null;
  readonly certificate: CertificateReport | null;
}

export interface TimeStampReport {
  readonly time: string;
  readonly tsa: string | null;
  readonly policy: string;
  readonly serial: string;
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
  readonly chain: readonly { readonly subject: string; readonly fingerprint: string }[];
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
] as const satisfies readonly (keyof SignerReport)[];

/** ISO 8601 in UTC, without a fraction when it is zero. */
export function isoTime(at: Date): string {
  return at.toISOString().replace('.000Z', 'Z');
}
