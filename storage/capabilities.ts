import { createHash, createHmac } from 'node:crypto';

/** What an unguessable address stands for; the kind is mixed into the key so that one can never be used as the other. */
export type CapabilityKind = 'password-reset' | 'invitation' | 'check' | 'phone-code' | 'phone-link' | 'phone-data' | 'phone-token';

/** A 128-bit token in base64url (22 characters) derived from the installation's secret: it can be made again for a mail, but not guessed. */
export function capabilityToken(secret: Buffer, kind: CapabilityKind, id: string, version: number): string {
  return createHmac('sha256', secret).update(`${kind}:${id}:${version}`).digest().subarray(0, 16).toString('base64url');
}

/** What is stored of a token: its SHA-256. Null when the text has not the shape of a token. */
export function capabilityHash(token: string): Buffer | null {
  return /^[A-Za-z0-9_-]{22}$/.test(token) ? createHash('sha256').update(token).digest() : null;
}
