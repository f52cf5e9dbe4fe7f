import { hash, verify } from '@node-rs/argon2';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Argon2id with OWASP's settings: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
export const minPasswordLength = 12;
export const maxPasswordLength = 200;

/** Of five degrees of guessability: what is wanted is at least the fourth. */
const wantedScore = 3;

/** Only so much of a password is judged: the time grows with the square of its length. */
const judgedLength = 64;

/** The hash kept of a password, in PHC string form. */
export const hashPassword = (password: string): Promise<string> => hash(password, cost);

let decoy: Promise<string> | null = null;

/** Whether the password fits; without a hash the same work is done on a decoy, so that the time tells nothing. */
export async function passwordFits(stored: string | null, password: string): Promise<boolean> {
  const against = stored ?? (await (decoy ??= hashPassword('decoy')));
  const fits = await verify(against, password.slice(0, maxPasswordLength)).catch(() => false);
  return stored !== null && fits;
}

let judge: ZxcvbnFactory | null = null;

/**
 * Why a new password cannot be taken, or null: too short, too long, or among what is tried first (the common ones, runs of the keyboard,
 * years, the person's own name and login).
 */
export function passwordProblem(password: string, own: readonly string[]): 'person.bad_password' | 'person.common_password' | null {
  if (password.length < minPasswordLength || password.length > maxPasswordLength) return 'person.bad_password';
  judge ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  const words = own.flatMap((text) => [text, ...text.split(/[\s.@_-]+/)]).filter((word) => word.length > 2);
  return judge.check(password.slice(0, judgedLength), words).score < wantedScore ? 'person.common_password' : null;
}
