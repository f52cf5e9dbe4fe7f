import { createHmac, randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '../config';
import { cookieOf } from '../respond';

export const isSecure = (config: Config): boolean => config.publicUrl.startsWith('https:');

/** The session cookie's name; over TLS the `__Host-` prefix keeps sibling hosts from setting it. */
export const sessionCookie = (config: Config): string => (isSecure(config) ? '__Host-kense' : 'kense');

/** Gives the browser a session; it ends with the browser, and the server has its own idle and absolute limits. */
export const setSessionCookie = (res: Response, config: Config, token: string): void =>
  void res.cookie(sessionCookie(config), token, { httpOnly: true, secure: isSecure(config), sameSite: 'lax', path: '/' });

export const clearSessionCookie = (res: Response, config: Config): void =>
  void res.clearCookie(sessionCookie(config), { httpOnly: true, secure: isSecure(config), sameSite: 'lax', path: '/' });

const anonymousName = 'kense_visitor';

/** A visitor's random name, set when missing: forms before sign-in are bound to it. */
export function anonymousCookie(req: Request, res: Response, config: Config): string {
  const present = cookieOf(req, anonymousName);
  if (present && /^[A-Za-z0-9_-]{22}$/.test(present)) return present;
  const made = randomBytes(16).toString('base64url');
  res.cookie(anonymousName, made, { httpOnly: true, secure: isSecure(config), sameSite: 'lax', path: '/' });
  return made;
}

/** The CSRF token of a visitor without a session. */
export const anonymousCsrf = (config: Config, visitor: string): string =>
  createHmac('sha256', config.secret).update(`csrf:${visitor}`).digest('base64url');
