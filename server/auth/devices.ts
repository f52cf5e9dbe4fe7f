import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '../config';
import { isSecure } from '../middleware/cookies';
import { cookieOf } from '../respond';

// A browser that has let an account in is remembered, so that others who guess at its password cannot shut its owner out
// (OWASP "device cookies"). It proves nothing: it only has a counter of its own.

const name = 'kense_device';
const accountsRemembered = 4;
const yearMs = 365 * 86_400_000;

const markOf = (config: Config, accountId: string, nonce: string): string =>
  createHmac('sha256', config.secret).update(`device:${accountId}:${nonce}`).digest().subarray(0, 16).toString('base64url');

const entriesOf = (req: Request): string[] =>
  (cookieOf(req, name) ?? '')
    .split('!')
    .filter((entry) => /^[0-9A-Z]{26}~[\w-]{16}~[\w-]{22}$/.test(entry))
    .slice(0, accountsRemembered);

/** The id under which this browser is counted for an account it has let in before, or null. */
export function knownDevice(req: Request, config: Config, accountId: string | null): string | null {
  for (const entry of accountId === null ? [] : entriesOf(req)) {
    const [account, nonce = '', mark = ''] = entry.split('~');
    if (account === accountId && timingSafeEqual(Buffer.from(mark), Buffer.from(markOf(config, accountId, nonce))))
      return `${accountId} ${nonce}`;
  }
  return null;
}

/** Remembers that this browser has let an account in. */
export function rememberDevice(req: Request, res: Response, config: Config, accountId: string): void {
  if (knownDevice(req, config, accountId) !== null) return;
  const nonce = randomBytes(12).toString('base64url');
  const entry = `${accountId}~${nonce}~${markOf(config, accountId, nonce)}`;
  const others = entriesOf(req).filter((each) => !each.startsWith(accountId));
  res.cookie(name, [entry, ...others].slice(0, accountsRemembered).join('!'), {
    httpOnly: true,
    secure: isSecure(config),
    sameSite: 'lax',
    path: '/',
    maxAge: yearMs,
  });
}
