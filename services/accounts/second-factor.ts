import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, randomInt } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { isUlid } from '../../domain/ids';
import type { SecretKeys } from '../../domain/secret-keys';
import { countStepAnswer, insertStep, useRecoveryCode, useStep, useTotpStep, waitingStep } from '../../storage/queries/accounts';
import { type Account, accountById } from '../../storage/queries/people';
import type { Deps } from '../deps';
import type { SignInLimits } from './limits';
import { noteRefusal } from './sign-in';

/** RFC 6238 as every authenticator understands it: SHA-1, six digits, thirty seconds. */
const shape = { algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** Steps a telephone's clock may be off, either way. */
const tolerance = 1;
const stepLifeMs = 5 * 60_000;
const answersPerStep = 5;
export const recoveryCodes = 10;

/** The secrets of second factors are kept sealed: whoever reads the database alone cannot make their codes. */
const sealingKey = (secret: Uint8Array): Buffer => Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'kense second factor', 32));

/** Seals a secret for one account with AES-256-GCM: version of the installation's secret (2 bytes), nonce (12), tag (16), ciphertext. */
export function sealSecret({ newest, byVersion }: SecretKeys, accountId: string, plain: Uint8Array): Buffer {
  const version = Buffer.alloc(2);
  version.writeUInt16BE(newest);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(byVersion.get(newest) ?? new Uint8Array()), nonce).setAAD(Buffer.from(accountId));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([version, nonce, cipher.getAuthTag(), body]);
}

/** Opens a sealed secret; throws when it was sealed for another account, with a version no longer at hand, or changed. */
export function openSecret({ byVersion }: SecretKeys, accountId: string, sealed: Buffer): Buffer {
  const key = byVersion.get(sealed.readUInt16BE(0));
  if (!key) throw new Error('the version of the secret that sealed this is missing');
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(key), sealed.subarray(2, 14)).setAAD(Buffer.from(accountId));
  decipher.setAuthTag(sealed.subarray(14, 30));
  return Buffer.concat([decipher.update(sealed.subarray(30)), decipher.final()]);
}

/** A new secret of 160 bits (RFC 4226 §4). */
export const newSecret = (): Uint8Array => randomBytes(20);

/** What an authenticator is told: the secret in base32, and the otpauth address of the QR code. */
export function enrolment(secret: Uint8Array, login: string, issuer: string): { base32: string; uri: string } {
  const totp = new TOTP({ ...shape, issuer, label: login, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }) });
  return { base32: totp.secret.base32, uri: totp.toString() };
}

/** The step of thirty seconds a code belongs to, or null when it is none of those around now. */
export function stepOf(secret: Uint8Array, code: string, now: Date): number | null {
  const token = code.replace(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const totp = new TOTP({ ...shape, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }) });
  const delta = totp.validate({ token, window: tolerance, timestamp: now.getTime() });
  return delta === null ? null : Math.floor(now.getTime() / 1_000 / shape.period) + delta;
}

const alphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'; // nothing that is read as something else
/** One recovery code for people (XXXXX-XXXXX, 49 bits). */
export const newRecoveryCode = (): string => {
  const letters = Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return `${letters.slice(0, 5)}-${letters.slice(5)}`;
};

/** What is kept of a recovery code. */
export const recoveryDigest = (code: string): Buffer =>
  createHash('sha256')
    .update(code.toUpperCase().replace(/[^0-9A-Z]/g, ''))
    .digest();

/** Stores that a visitor has shown the password of an account and owes the second factor; returns the id of the step. */
export async function beginStep(deps: Pick<Deps, 'db' | 'now' | 'newId'>, accountId: string, visitor: Buffer): Promise<string> {
  const now = deps.now();
  const id = deps.newId();
  await insertStep(deps.db, { id, accountId, visitor, expiresAt: new Date(now.getTime() + stepLifeMs) }, now);
  return id;
}

export type StepAnswer =
  | { ok: true; account: Account }
  | { ok: false; code: 'sign_in.step_over' | 'sign_in.bad_code' }
  | { ok: false; code: 'sign_in.limited'; minutes: number };

/** Checks a code of the authenticator or a recovery code; each is good once. Attempts are counted for the account, whatever the step. */
export async function answerStep(
  deps: Deps,
  limits: SignInLimits,
  address: string,
  id: string,
  visitor: Buffer,
  code: string,
): Promise<StepAnswer> {
  const step = isUlid(id) ? await waitingStep(deps.db, id, visitor, deps.now()) : null;
  const account = step && (await accountById(deps.db, step.accountId));
  if (!step || !account?.totp?.since || account.disabledAt) return { ok: false, code: 'sign_in.step_over' };
  const counted = await limits.beginCode(account.id);
  if (!counted.ok) return { ok: false, code: 'sign_in.limited', minutes: counted.minutes };
  if (!(await countStepAnswer(deps.db, id, answersPerStep))) return { ok: false, code: 'sign_in.step_over' };
  if (!(await isSecondFactor(deps, account, code))) {
    await noteRefusal(deps, account, account.login, address, 'sign_in.bad_code');
    return { ok: false, code: 'sign_in.bad_code' };
  }
  await counted.attempt.succeeded();
  return (await useStep(deps.db, id, deps.now())) ? { ok: true, account } : { ok: false, code: 'sign_in.step_over' };
}

async function isSecondFactor(deps: Pick<Deps, 'db' | 'config' | 'now'>, account: Account, code: string): Promise<boolean> {
  if (!account.totp) return false;
  const step = stepOf(openSecret(deps.config.secrets, account.id, account.totp.secret), code, deps.now());
  if (step !== null) return useTotpStep(deps.db, account.id, step);
  return useRecoveryCode(deps.db, account.id, recoveryDigest(code), deps.now());
}
