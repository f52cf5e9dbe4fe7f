import type { AlgorithmFamily } from '../public-key';
import type { Role } from '../x509/roles';

/** What a signature is given for; each purpose has a policy of its own. */
export const PURPOSES = ['approve', 'sign', 'register', 'execute', 'sign-in'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** `none`: used when at hand; `ocsp-or-crl`: one of them must clear the certificate; `ocsp`: only a responder's answer does. */
export const REVOCATION_DEMANDS = ['none', 'ocsp-or-crl', 'ocsp'] as const;
export type RevocationDemand = (typeof REVOCATION_DEMANDS)[number];

/** NUC RK: nonRepudiation marks a signing key; a key for entry has clientAuth or an authentication policy instead. */
export const KEY_KINDS = ['signing', 'authentication'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** The instant a key must not have been revoked at: when the signature provably existed, or (entry) when it is checked. */
export const KEY_INSTANTS = ['signing', 'checking'] as const;
export type KeyInstant = (typeof KEY_INSTANTS)[number];

/** What an installation asks of a signature: plain data that survives JSON. */
export interface Policy {
  readonly purpose: Purpose;
  /** Whether a signature without a trusted time-stamp stays undecided. */
  readonly requireTimeStamp: boolean;
  readonly requireRevocation: RevocationDemand;
  /** Whether a signature that is not bound to its certificate (no ESS attribute) stays undecided. */
  readonly requireEss: boolean;
  /** The same of one that arrives now: what people sign with here binds it, what others signed elsewhere and long ago may not. */
  readonly requireEssAtReceipt: boolean;
  /** How far the clock of a signer may run ahead before a signature that arrives now is refused. */
  readonly claimedTimeAheadMs: number;
  readonly keyGoodAt: KeyInstant;
  /** How long what an OCSP answer without nextUpdate says of a suspension serves. */
  readonly ocspMaxAgeMs: number;
  /** How old a list may be, at the instant in question, to clear anybody; null: until its own nextUpdate. A revocation in it always counts. */
  readonly crlMaxAgeMs: number | null;
  /** How far the clocks of authorities may run ahead of ours. */
  readonly clockSkewMs: number;
  /** Accepted families: the instant (ISO 8601) after which one proves nothing new, null for no end; one not named is not accepted. */
  readonly algorithms: Partial<Readonly<Record<AlgorithmFamily, string | null>>>;
  readonly keys: readonly KeyKind[];
  /** The signer must have one of these roles; empty: any. */
  readonly allowedRoles: readonly Role[];
  /** Policies of time-stamps that are accepted (OIDs); empty: any. */
  readonly timeStampPolicies: readonly string[];
}

/** What an installation changes: for all purposes, and for single ones. */
export type PolicyChanges = Partial<Omit<Policy, 'purpose'>>;
export type InstallationPolicy = { readonly [P in Purpose | 'all']?: PolicyChanges };

/**
 * The law as it stands in 2026: a time-stamp is no longer compulsory, OCSP or a list must clear the certificate (order 1187 as amended).
 * GOST 34.310-2004 ended with the last certificates of 2024, and with it the SHA-1 digests its time-stamps were asked for (met in 2022); RSA
 * below 2048 bits and signatures over SHA-1 ended when NIST SP 800-131A and the browsers gave them up. A family that is not named, such as
 * keys with a low exponent, is not accepted at any time. An approval inside the house does without revocation.
 */
const LAW: Omit<Policy, 'purpose'> = {
  requireTimeStamp: false,
  requireRevocation: 'ocsp-or-crl',
  requireEss: false,
  requireEssAtReceipt: true,
  claimedTimeAheadMs: 3_600_000,
  keyGoodAt: 'signing',
  ocspMaxAgeMs: 24 * 3_600_000,
  crlMaxAgeMs: null,
  clockSkewMs: 5 * 60_000,
  algorithms: {
    gost2015: null,
    gost2004: '2025-05-01T00:00:00Z',
    rsa: null,
    'rsa-sha1': '2017-01-01T00:00:00Z',
    'rsa-short': '2014-01-01T00:00:00Z',
    'sha1-imprint': '2025-05-01T00:00:00Z',
  },
  keys: ['signing'],
  allowedRoles: [],
  timeStampPolicies: [],
};

const BY_PURPOSE: { readonly [P in Purpose]: PolicyChanges } = {
  approve: { requireRevocation: 'none' },
  sign: {},
  register: {},
  execute: {},
  // Whoever enters holds the key now: one revoked since its time-stamp opens nothing, and a list of last week clears nobody.
  'sign-in': { keys: ['signing', 'authentication'], keyGoodAt: 'checking', crlMaxAgeMs: 24 * 3_600_000 },
};

/** The policy of a purpose at an installation: the law, then what the installation changes for all purposes, then for this one. */
export function policyFor(purpose: Purpose, installation: InstallationPolicy = {}): Policy {
  return { ...LAW, ...BY_PURPOSE[purpose], ...installation.all, ...installation[purpose], purpose };
}

/** Documents checked with what is at hand: revocation information counts when present and is not missed when absent. */
export const DOCUMENT_POLICY: Policy = { ...policyFor('sign'), requireRevocation: 'none' };

/** Entry by signature, checked with what is at hand. */
export const LOGIN_POLICY: Policy = { ...policyFor('sign-in'), requireRevocation: 'none' };
