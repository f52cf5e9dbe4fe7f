import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SecretKeys } from '../domain/secret-keys';

/** HMAC-SHA-256 of a text that names its purpose, under one version of the secret; null when that version is not at hand. */
export function macOf(keys: SecretKeys, version: number, text: string): Buffer | null {
  const key = keys.byVersion.get(version);
  return key ? createHmac('sha256', key).update(text).digest() : null;
}

/** The same under the newest version. */
export function newestMac(keys: SecretKeys, text: string): { version: number; mac: Buffer } {
  const mac = macOf(keys, keys.newest, text);
  if (!mac) throw new Error('the newest secret is missing');
  return { version: keys.newest, mac };
}

/** Versions at hand, newest first. */
export const secretVersions = (keys: SecretKeys): number[] => [...keys.byVersion.keys()].sort((a, b) => b - a);

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function isSameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
