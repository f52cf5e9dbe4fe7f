import { FORMAT_CODES } from '../errors';

export const VERDICTS = ['valid', 'invalid', 'indeterminate'] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * Everything a check can find wrong, the most telling first: the first code found becomes the code of the signature. `invalid` codes
 * stand above `indeterminate` ones, so that what is proven bad is never hidden behind what is only unknown.
 */
const INVALID = {
  'structure.attributes': 'The signed attributes are incomplete or contradictory',
  'digest.mismatch': 'The document is not the one that was signed',
  'content.mismatch': 'The document given differs from the one inside the signature',
  'signature.bad': 'The signature value is wrong',
  'certificate.malformed': 'The certificate inside the signature is damaged',
  'certificate.mismatch': 'The signature names another certificate than the one enclosed',
  'ess.mismatch': 'The certificate is not the one the signer bound to the signature',
  'timestamp.malformed': 'The time-stamp cannot be read',
  'timestamp.imprint_mismatch': 'The time-stamp belongs to another signature',
  'timestamp.signature_bad': 'The signature of the time-stamp is wrong',
  'timestamp.not_a_tsa': 'The time-stamp was not made by a time-stamping authority',
  'timestamp.certificate_not_valid': 'The certificate of the time-stamping authority was not valid at the time it states',
  'timestamp.revoked': 'The certificate of the time-stamping authority was revoked',
  'timestamp.order': 'The time-stamps contradict each other',
  'archive.mismatch': 'Something that the archive time-stamp covers was changed',
  'chain.signature_bad': 'The certificate was not signed by the authority it names',
  'chain.not_a_ca': 'The certificate was issued by somebody who may not issue certificates',
  'chain.name_not_permitted': 'The certificate was issued by an authority that may not certify such a name',
  'certificate.revoked': 'The certificate was revoked',
  'certificate.expired_at_signing': 'The certificate had already expired when the signature was made',
  'certificate.not_yet_valid_at_signing': 'The certificate was not yet valid when the signature was made',
  'key_usage.not_for_signing': 'The certificate is not meant for signing documents',
  'role.missing': 'The signer does not have the required role',
} as const;

const INDETERMINATE = {
  'content.missing': 'The signed document was not given',
  'content.type_unsupported': 'What was signed is not a plain document',
  'algorithm.unknown': 'The algorithm of the signature is not supported',
  'attributes.missing': 'The signature has no signed attributes, so what was signed cannot be told for certain',
  'certificate.missing': 'The certificate of the signer was not found',
  'chain.not_trusted': 'The certificate does not lead to a trusted authority',
  'chain.ca_not_valid': 'A certificate of the authority was not valid at that time',
  'chain.critical_extension': 'A certificate holds a critical extension that is not supported',
  'timestamp.algorithm_unknown': 'The algorithm of the time-stamp is not supported',
  'chain.serial': 'A certificate has a serial number that no authority may give',
  'timestamp.not_trusted': 'The time-stamping authority is not trusted',
  'timestamp.in_future': 'The time-stamp is later than the time of checking',
  'timestamp.expired': 'The certificate of the time-stamping authority has ended and no newer time-stamp keeps its proof',
  'timestamp.policy_not_accepted': 'The time-stamp was made under a policy that is not accepted',
  'timestamp.missing': 'The signature has no time-stamp',
  'certificate.expired': 'The certificate has expired and nothing proves that the signature was made before',
  'certificate.not_yet_valid': 'The certificate is not valid yet',
  'certificate.on_hold': 'The certificate was suspended',
  'revocation.untrusted': 'The answer about the revocation of the certificate cannot be relied on',
  'revocation.unknown': 'The authority does not know the certificate',
  'revocation.early': 'What is known about the revocation of the certificate was said before the signature existed',
  'revocation.missing': 'Whether the certificate was revoked could not be found out',
  'revocation.stale': 'The revocation lists at hand do not cover that time',
  'ess.missing': 'The signature is not bound to its certificate',
  'claimed_time.in_future': 'The signer claims a time that has not come yet',
  'algorithm.no_longer_accepted': 'The algorithm was no longer accepted at that time',
  'timestamp.algorithm_no_longer_accepted': 'The algorithm of the time-stamp was no longer accepted at the time it states',
} as const;

export type InvalidCode = keyof typeof INVALID;
export type IndeterminateCode = keyof typeof INDETERMINATE;
export type FaultCode = InvalidCode | IndeterminateCode;
export type Code = 'ok' | FaultCode;

const SENTENCES: Readonly<Record<Code, string>> = { ok: 'The signature is valid', ...INVALID, ...INDETERMINATE };

/** All codes of reports, in order of precedence. */
export const CODES = ['ok', ...Object.keys(INVALID), ...Object.keys(INDETERMINATE)] as readonly Code[];

/** All codes an interface must have words for: those of reports and those of unreadable input. */
export const ALL_CODES: readonly string[] = [...CODES, ...FORMAT_CODES];

/** What a code alone means for the verdict. */
export function verdictOf(code: Code): Verdict {
  if (code === 'ok') return 'valid';
  return code in INVALID ? 'invalid' : 'indeterminate';
}

/** A plain English sentence for a code, without full stop. */
export function sentenceOf(code: Code): string {
  return SENTENCES[code];
}

/** The most telling of the codes, `ok` when there is none. */
export function leadingCode(codes: readonly Code[]): Code {
  const faults = codes.filter((code) => code !== 'ok');
  return faults.sort((a, b) => CODES.indexOf(a) - CODES.indexOf(b))[0] ?? 'ok';
}
