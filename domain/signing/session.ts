/** What a signing session froze: whose signature is wanted, on whose behalf, until when (milliseconds UTC). */
export type SessionFacts = { iin: string; bin: string | null; expiresAt: number; used: boolean };
/** What the check of an arrived signature found; of several signers only the first counts, and there must be no second. */
export type SignerFacts = {
  signers: number;
  verdict: 'valid' | 'invalid' | 'indeterminate';
  code: string;
  iin: string | null;
  bin: string | null;
  /** Nothing speaks against the signature; an answer of the authority is still awaited. */
  isPending: boolean;
};

/** How long a signing dialog stays good: long enough to read the document, short enough that a forgotten tab proves nothing. */
export const sessionLifeMs = 30 * 60_000;

/**
 * Whether this signature is the one the session asked for; null when it is, else why not. The verdict comes first: a broken signature
 * says nothing reliable about its signer. One that only awaits the authority's answer is taken: a signer must not pay for a responder
 * that is away, and the proof goes on being gathered. A key of another organisation is refused, a personal key (no BIN) is fine.
 */
export function signatureProblem(session: SessionFacts, signer: SignerFacts, now: number): string | null {
  if (session.used) return 'signing.session_used';
  if (session.expiresAt <= now) return 'signing.session_expired';
  if (signer.signers !== 1) return 'signing.several_signers';
  if (signer.verdict !== 'valid' && !(signer.verdict === 'indeterminate' && signer.isPending)) return signer.code;
  if (signer.iin === null) return 'signing.no_iin';
  if (signer.iin !== session.iin) return 'signing.wrong_iin';
  if (session.bin !== null && signer.bin !== null && signer.bin !== session.bin) return 'signing.wrong_bin';
  return null;
}
