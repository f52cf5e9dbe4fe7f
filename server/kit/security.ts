import type { Request, RequestHandler, Response } from 'express';
import { Refusal } from '../../domain/refusals';
import type { Config } from '../../services/config';
import { isSameText } from '../../storage/secret-keys';

/** Headers of every answer: strict CSP (the only foreign origin is NCALayer on the reader's own computer), no sniffing, no framing by others. */
export function securityHeaders(config: Config): RequestHandler {
  const ncalayer = new URL(config.ncalayer.url).origin.replace(/^null$/, '') || config.ncalayer.url;
  const connect = ["'self'", ncalayer, 'wss://127.0.0.1:13579'].filter((v, i, all) => all.indexOf(v) === i).join(' ');
  const csp = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "worker-src 'self'",
    "form-action 'self'",
    "frame-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
    "manifest-src 'self'",
  ].join('; ');
  return (_req, res, next) => {
    res.set({
      'Content-Security-Policy': csp,
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'same-origin',
      'Cross-Origin-Opener-Policy': config.demo ? 'same-origin-allow-popups' : 'same-origin', // the demo's key window is reused, not opened anew
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
    });
    strictTransport(res, config.publicUrl);
    next();
  };
}

/** Where people come by https, their browsers never come otherwise again, to this host and all below it. */
export function strictTransport(res: Response, url: string): void {
  if (url.startsWith('https:')) res.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
}

/** Nothing of an answer stays in a browser or proxy: a shared computer shows the next person nothing. */
export const neverKept: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether an unsafe request comes from our own pages, as far as the browser's headers tell. */
export function isSameOrigin(req: Request, config: Config): boolean {
  const site = req.get('Sec-Fetch-Site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const origin = req.get('Origin');
  return origin === undefined || origin === new URL(config.publicUrl).origin || origin === `${req.protocol}://${req.get('Host')}`;
}

/** Whether the token belongs to this visitor; compared in constant time. */
export function tokenMatches(req: Request, token: unknown): boolean {
  if (typeof token !== 'string' || token === '') return false;
  return [req.kense.csrf, ...req.kense.formerCsrf].some((expected) => isSameText(expected, token));
}

/** The routes that read a multipart body, and check its token before the first byte of a file. Everywhere else such a body is never read. */
const readsMultipart = /^\/(?:uploads|check|check\/[^/]+|documents\/[^/]+\/reupload)$/;

/** Refuses unsafe requests from foreign sites and those without the form's token. */
export function csrfGuard(config: Config): RequestHandler {
  return (req, _res, next) => {
    if (safeMethods.has(req.method)) return next();
    if (!isSameOrigin(req, config)) throw new Refusal('csrf');
    if (readsMultipart.test(req.path) && req.is('multipart/form-data') && req.get('X-CSRF-Token') === undefined) return next();
    const fromBody = (req.body as { _csrf?: unknown } | undefined)?._csrf;
    if (!tokenMatches(req, req.get('X-CSRF-Token') ?? fromBody)) throw new Refusal('csrf');
    next();
  };
}
