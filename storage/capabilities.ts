import { createHash } from 'node:crypto';
import { firstSecretVersion, type SecretKeys } from '../domain/secret-keys';
import { macOf, secretVersions } from './secret-keys';

/** What an unguessable address stands for; the kind is mixed into the key so that one can never be used as the other. */
export type CapabilityKind = 'password-reset' | 'invitation' | 'check' | 'phone-code' | 'phone-link' | 'phone-data' | 'phone-token';

/**
 * A 128-bit token in base64url (22 characters) derived from the installation's secret: it can be made again for a mail, but not guessed.
 * It names the version of the secret before a dot; those of the first version, made before there were others, do not.
 */
export function capabilityToken(
  keys: SecretKeys,
  kind: CapabilityKind,
  id: string,
  version: number,
  secretVersion: number = keys.newest,
): string {
  const mac = macOf(keys, secretVersion, `${kind}:${id}:${version}`);
  if (!mac) throw new Error(`version ${secretVersion} of the secret is missing`);
  const token = mac.subarray(0, 16).toString('base64url');
  return secretVersion === firstSecretVersion ? token : `${secretVersion}.${token}`;
}

/** What is stored of a token: its SHA-256. Null when the text has not the shape of a token. */
export function capabilityHash(token: string): Buffer | null {
  return /^([1-9]\d{0,3}\.)?[A-Za-z0-9_-]{22}$/.test(token) ? createHash('sha256').update(token).digest() : null;
}

/** A new token with what is stored of it. */
export function newCapability(keys: SecretKeys, kind: CapabilityKind, id: string, version: number): { token: string; hash: Buffer } {
  const token = capabilityToken(keys, kind, id, version);
  const hash = capabilityHash(token);
  if (!hash) throw new Error('a derived token has a wrong shape');
  return { token, hash };
}

/**
 * The token whose hash is stored, made again with the version of the secret it was first made with. When that version is no longer at
 * hand it cannot be shown again (who holds it may still use it); the newest version's, which opens nothing, stands in.
 */
export function storedCapability(keys: SecretKeys, kind: CapabilityKind, id: string, version: number, stored: Buffer): string {
  const tokens = secretVersions(keys).map((secretVersion) => capabilityToken(keys, kind, id, version, secretVersion));
  return tokens.find((token) => capabilityHash(token)?.equals(stored)) ?? capabilityToken(keys, kind, id, version);
}
