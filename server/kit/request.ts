import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Lang } from '../../domain/languages';
import type { Config } from '../../services/config';
import { langs, preferredLang } from '../../services/texts/i18n';
import { sessionByToken, touchSession } from '../../storage/queries/sessions';
import type { WebDeps } from './context';
import { anonymousCookie, anonymousCsrf, readCookie } from './cookies';
import type { Theme } from './views';

/** Gives every request an id, a logger, a language, its session and its CSRF token, and logs how it ended. */
export function requestContext(deps: WebDeps): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const requestId = randomBytes(8).toString('hex');
    const log = deps.log.child({ requestId });
    res.set('X-Request-Id', requestId);
    const started = process.hrtime.bigint();
    res.on('finish', () => {
      const ms = Number((process.hrtime.bigint() - started) / 1_000_000n);
      const path = req.path.replace(/^\/(invitations|check)\/[^/]+/, '/$1/…'); // tokens never reach a log
      const entry = { method: req.method, path, status: res.statusCode, ms, person: req.kense.session?.person.id };
      if (res.statusCode >= 500) log.error(entry, 'request');
      else log.info(entry, 'request');
    });
    const fill = async (): Promise<void> => {
      const token = readCookie(req, deps.config, 'session');
      const session = token ? await sessionByToken(deps.db, token, deps.config.session, deps.now()) : null;
      if (session) await touchSession(deps.db, session.id, deps.now());
      const [csrf = '', ...formerCsrf] = session ? [session.csrf] : anonymousCsrf(deps.config, anonymousCookie(req, res, deps.config));
      req.kense = {
        requestId,
        log,
        session,
        lang: langOf(req, deps.config, session?.person.language),
        theme: themeOf(req, deps.config, session?.person.theme),
        csrf,
        formerCsrf,
        isHtmx: req.get('HX-Request') === 'true',
      };
    };
    req.kense = {
      requestId,
      log,
      session: null,
      lang: langOf(req, deps.config),
      theme: themeOf(req, deps.config),
      csrf: '',
      formerCsrf: [],
      isHtmx: req.get('HX-Request') === 'true',
    };
    fill().then(() => next(), next);
  };
}

const langOf = (req: Request, config: Config, saved?: string): Lang => {
  const wanted = saved ?? readCookie(req, config, 'language');
  return langs.find((l) => l === wanted) ?? preferredLang(req.get('Accept-Language'));
};

const themeOf = (req: Request, config: Config, saved?: string): Theme => {
  const wanted = saved || readCookie(req, config, 'theme');
  return wanted === 'light' || wanted === 'dark' ? wanted : 'system';
};
