import { randomBytes } from 'node:crypto';
import type { CookieOptions, Request, Response } from 'express';
import type { Config } from '../../services/config';
import { macOf, secretVersions } from '../../storage/secret-keys';

const names = {
  session: 'kense',
  visitor: 'kense_visitor',
  flash: 'kense_flash',
  language: 'kense_lang',
  theme: 'kense_theme',
  device: 'kense_device',
} as const;
type CookieKind = keyof typeof names;
type PublicUrl = Pick<Config, 'publicUrl'>;

const isSecure = (config: PublicUrl): boolean => config.publicUrl.startsWith('https:');

/** The name of a cookie; over TLS the `__Host-` prefix keeps sibling hosts and plain http from setting it. */
const nameOf = (config: PublicUrl, kind: CookieKind): string => (isSecure(config) ? `__Host-${names[kind]}` : names[kind]);

/** What every cookie of ours is: out of reach of scripts, of this host and all its paths. */
const traits = (config: PublicUrl): CookieOptions => ({ httpOnly: true, secure: isSecure(config), sameSite: 'lax', path: '/' });

/** Sets a cookie; without `maxAgeMs` it ends with the browser. */
export const setCookie = (res: Response, config: PublicUrl, kind: CookieKind, value: string, maxAgeMs?: number): void =>
  void res.cookie(nameOf(config, kind), value, { ...traits(config), ...(maxAgeMs === undefined ? {} : { maxAge: maxAgeMs }) });

export const clearCookie = (res: Response, config: PublicUrl, kind: CookieKind): void =>
  void res.clearCookie(nameOf(config, kind), traits(config));

/** The value of a cookie of ours, or null. */
export function readCookie(req: Request, config: PublicUrl, kind: CookieKind): string | null {
  const name = nameOf(config, kind);
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) {
      try {
        return decodeURIComponent(part.slice(at + 1).trim());
      } catch {
        return null;
      }
    }
  }
  return null;
}

/** Gives the browser a session; it ends with the browser, and the server has its own idle and absolute limits. */
export const setSessionCookie = (res: Response, config: Config, token: string): void => setCookie(res, config, 'session', token);
export const clearSessionCookie = (res: Response, config: Config): void => clearCookie(res, config, 'session');

/** A visitor's random name, set when missing: forms before sign-in are bound to it. */
export function anonymousCookie(req: Request, res: Response, config: Config): string {
  const present = readCookie(req, config, 'visitor');
  if (present && /^[A-Za-z0-9_-]{22}$/.test(present)) return present;
  const made = randomBytes(16).toString('base64url');
  setCookie(res, config, 'visitor', made);
  return made;
}

/** The CSRF tokens of a visitor without a session, each under the version of the secret it names: the first is written, all are read. */
export const anonymousCsrf = ({ secrets }: Pick<Config, 'secrets'>, visitor: string): string[] =>
  secretVersions(secrets).map((version) => `${version}.${macOf(secrets, version, `csrf:${visitor}`)?.toString('base64url')}`);
