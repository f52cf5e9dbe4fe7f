import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Visit } from '../../services/accounts/sign-in';
import type { Config } from '../../services/config';
import { isSameText, macOf, newestMac } from '../../storage/secret-keys';
import { readCookie, setCookie } from './cookies';

// A browser that has let an account in is remembered, so that others who guess at its password cannot shut its owner out
// (OWASP "device cookies"). It proves nothing: it only has a counter of its own.

const accountsRemembered = 4;
const yearMs = 365 * 86_400_000;

const shown = (mac: Buffer | null): string => (mac ?? Buffer.alloc(0)).subarray(0, 16).toString('base64url');
const subject = (accountId: string, nonce: string): string => `device:${accountId}:${nonce}`;

const entriesOf = (req: Request, config: Config): string[] =>
  (readCookie(req, config, 'device') ?? '')
    .split('!')
    .filter((entry) => /^[0-9A-Z]{26}~[\w-]{16}~\d{1,4}~[\w-]{22}$/.test(entry))
    .slice(0, accountsRemembered);

/** The id under which this browser is counted for an account it has let in before, or null. */
export function knownDevice(req: Request, config: Config, accountId: string | null): string | null {
  for (const entry of accountId === null ? [] : entriesOf(req, config)) {
    const [account, nonce = '', version, mark = ''] = entry.split('~');
    if (account !== accountId) continue;
    if (isSameText(mark, shown(macOf(config.secrets, Number(version), subject(accountId, nonce))))) return `${accountId} ${nonce}`;
  }
  return null;
}

/** Remembers that this browser has let an account in. */
export function rememberDevice(req: Request, res: Response, config: Config, accountId: string): void {
  if (knownDevice(req, config, accountId) !== null) return;
  const nonce = randomBytes(12).toString('base64url');
  const { version, mac } = newestMac(config.secrets, subject(accountId, nonce));
  const entry = `${accountId}~${nonce}~${version}~${shown(mac)}`;
  const others = entriesOf(req, config).filter((each) => !each.startsWith(accountId));
  setCookie(res, config, 'device', [entry, ...others].slice(0, accountsRemembered).join('!'), yearMs);
}

/** Where a request comes from, as those who count attempts want to know it. */
export const visitOf = (req: Request, config: Config): Visit => ({
  address: req.ip ?? '',
  deviceOf: (accountId) => knownDevice(req, config, accountId),
});
