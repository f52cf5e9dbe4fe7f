import type { AlgorithmFamily } from '../public-key';

/** What an installation asks of a signature: plain data, kept in settings, per purpose. */
export interface Policy {
  /** `document` needs a signing certificate, `login` also accepts an authentication certificate. */
  readonly purpose: 'document' | 'login';
  /** Whether a signature without revocation information stays undecided. */
  readonly requireRevocation: boolean;
  /** Whether a signature without a trusted time-stamp stays undecided. */
  readonly requireTimeStamp: boolean;
  /** Instants after which a family proves nothing new. */
  readonly algorithmEnds: Partial<Readonly<Record<AlgorithmFamily, Date>>>;
  /** How far a time-stamp may lie after the time of checking. */
  readonly clockSkewMs: number;
}

/** Documents as the law stands now: stamp and lists are used when present; GOST 34.310-2004 ended with the last certificates of 2024. */
export const DOCUMENT_POLICY: Policy = {
  purpose: 'document',
  requireRevocation: false,
  requireTimeStamp: false,
  algorithmEnds: { gost2004: new Date('2025-05-01T00:00:00Z'), 'rsa-sha1': new Date('2017-01-01T00:00:00Z') },
  clockSkewMs: 5 * 60_000,
};

/** Entry by signature. */
export const LOGIN_POLICY: Policy = { ...DOCUMENT_POLICY, purpose: 'login' };
