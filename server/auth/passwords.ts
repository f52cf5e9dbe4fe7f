import { hash, verify } from '@node-rs/argon2';

/** Argon2id with OWASP's settings: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
export const minPasswordLength = 10;
export const maxPasswordLength = 200;

/** The hash kept of a password, in PHC string form. */
export const hashPassword = (password: string): Promise<string> => hash(password, cost);

let decoy: Promise<string> | null = null;

/** Whether the password fits; without a hash the same work is done on a decoy, so that the time tells nothing. */
export async function passwordFits(stored: string | null, password: string): Promise<boolean> {
  const against = stored ?? (await (decoy ??= hashPassword('decoy')));
  const fits = await verify(against, password.slice(0, maxPasswordLength)).catch(() => false);
  return stored !== null && fits;
}
