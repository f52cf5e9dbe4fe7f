/** What a challenge is answered for: opening a session, or showing that an account belongs to the holder of an IIN. */
export type ChallengePurpose = 'sign-in' | 'confirm';

/** How long a challenge waits for its answer. Milliseconds. */
export const challengeLifeMs = 5 * 60_000;

/** What each of them is, in words. */
export const saysWhat: Readonly<Record<ChallengePurpose, string>> = {
  'sign-in': 'Sign-in to Kense. This is not a document.',
  confirm: 'Confirmation of an account in Kense. This is not a document.',
};

/**
 * The text a person signs to be let in. It names the site, the purpose and the time, so that the signature is good for nothing else:
 * neither another site, nor another moment, nor a document. ASCII, because key stores differ in what they make of other letters.
 */
export const challengeText = (facts: { purpose: ChallengePurpose; site: string; nonce: string; at: number }): string =>
  [saysWhat[facts.purpose], `Site: ${facts.site}`, `Nonce: ${facts.nonce}`, `Time: ${new Date(facts.at).toISOString()}`].join('\n');
