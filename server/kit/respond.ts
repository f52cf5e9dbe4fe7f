import type { Request, Response } from 'express';
import type { Config } from '../../services/config';
import { menuCounts } from '../../storage/queries/lists';
import { memberOf, type WebDeps } from './context';
import { clearCookie, readCookie, setCookie } from './cookies';
import { statusOf } from './refusals';
import type { ErrorPage, Flash, Fragments, MenuEntry, Pages, ViewContext } from './views';

const errorStatuses: readonly number[] = [400, 403, 404, 409, 410, 413, 422, 429, 500, 503];

/** Answers of the web process, in the reader's language and colours. */
export function responder(deps: WebDeps) {
  const setFlash = (res: Response, { tone, key, params }: Flash): void =>
    setCookie(res, deps.config, 'flash', JSON.stringify({ tone, key, params }), flashLifeMs);
  const baseContext = (req: Request, menu: MenuEntry | null): ViewContext => {
    const { session, lang, theme, csrf } = req.kense;
    const organisation = session?.organisation ?? null;
    return {
      lang,
      theme,
      menu,
      path: req.originalUrl,
      csrf,
      actor:
        session && organisation
          ? {
              name: session.person.name,
              organisation: organisation.name,
              role: organisation.role,
              hasSeveralOrganisations: session.organisations > 1,
            }
          : null,
      counts: null,
      demo: deps.config.demo !== null,
      flash: takeFlash(req, deps.config),
      now: deps.now().toISOString(),
    };
  };

  return {
    /** A whole page with the menu's numbers. */
    async page<Name extends keyof Pages>(
      req: Request,
      res: Response,
      name: Name,
      data: Pages[Name],
      menu: MenuEntry | null = null,
    ): Promise<void> {
      const ctx = baseContext(req, menu);
      if (ctx.flash) clearCookie(res, deps.config, 'flash');
      if (ctx.actor) ctx.counts = await menuCounts(deps.db, memberOf(req));
      deps.render.renderPage(res, name, data, ctx);
    },
    /** One fragment. */
    fragment<Name extends keyof Fragments>(req: Request, res: Response, name: Name, data: Fragments[Name]): void {
      deps.render.renderFragment(res, name, data, { ...baseContext(req, null), flash: null });
    },
    /** A refusal in words: into #flash for htmx, a page otherwise. */
    refusal(req: Request, res: Response, code: string, params: Record<string, string | number> = {}): void {
      const status = statusOf(code);
      const { requestId } = req.kense;
      res.status(status);
      if (req.kense.isHtmx) {
        // Whatever the request wanted to replace (a dialog, a form) stays.
        res.set({ 'HX-Retarget': '#flash', 'HX-Reswap': 'innerHTML' });
        deps.render.renderFragment(
          res,
          'fragments/flash',
          { tone: 'bad', key: `errors.${code}`, params },
          { ...baseContext(req, null), flash: null },
        );
        return;
      }
      const shown = (errorStatuses.includes(status) ? status : 400) as ErrorPage['status'];
      deps.render.renderPage(
        res,
        'pages/error',
        { status: shown, error: { code, params }, requestId },
        { ...baseContext(req, null), flash: null },
      );
    },
    /** Something broke: one sentence and the number to quote. */
    failure(req: Request, res: Response, status: 500 | 503): void {
      const { requestId } = req.kense;
      res.status(status);
      const ctx = { ...baseContext(req, null), flash: null };
      if (req.kense.isHtmx)
        deps.render.renderFragment(res, 'fragments/flash', { tone: 'bad', key: `errors.status.${status}`, requestId }, ctx);
      else deps.render.renderPage(res, 'pages/error', { status, requestId }, ctx);
    },
    /** After a command that went through: 303 to a page, or for htmx a flash that floats while the page's parts reload themselves. */
    async done(
      req: Request,
      res: Response,
      href: string,
      flash: Flash,
      triggers: string[] = ['dialog-close', 'route-changed'],
    ): Promise<void> {
      if (!req.kense.isHtmx) {
        setFlash(res, flash);
        res.redirect(303, href);
        return;
      }
      res.set('HX-Reswap', 'none');
      res.set('HX-Trigger', triggers.join(', '));
      const ctx = { ...baseContext(req, null), flash: null };
      const counts = ctx.actor ? await menuCounts(deps.db, memberOf(req)) : null;
      const counter = (id: Fragments['fragments/counter']['id'], count: number): string =>
        deps.render.fragmentHtml('fragments/counter', { id, count }, ctx);
      const counters = counts ? counter('counter-to-sign', counts.toSign) + counter('counter-in-signing', counts.inSigning) : '';
      res.vary('HX-Request');
      res.type('html').send(deps.render.fragmentHtml('fragments/flash', { ...flash, outOfBand: true }, ctx) + counters);
    },
    /** Sends the reader to another page, with or without htmx. */
    go(req: Request, res: Response, href: string, flash?: Flash): void {
      if (flash) setFlash(res, flash);
      if (req.kense.isHtmx) res.set('HX-Redirect', href).status(204).end();
      else res.redirect(303, href);
    },
    /** The deadline passed before the outcome was known: a fragment or page that asks again every two seconds. */
    async pending(req: Request, res: Response, command: string, href: string): Promise<void> {
      res.status(202);
      const data = { command, href, startedAt: deps.now().toISOString() };
      if (req.kense.isHtmx) this.fragment(req, res, 'fragments/command-pending', data);
      else await this.page(req, res, 'pages/command-pending', data);
    },
  };
}

export type Responder = ReturnType<typeof responder>;

/** How long a message waits for the page that shows it, milliseconds. */
const flashLifeMs = 60_000;

/** The message left by the request before; only well-formed keys of our own are shown. */
function takeFlash(req: Request, config: Config): Flash | null {
  const raw = readCookie(req, config, 'flash');
  if (!raw) return null;
  try {
    const flash = JSON.parse(raw) as Flash;
    return /^flash\.[a-z_.]+$/.test(flash.key) && ['ok', 'info', 'warn', 'bad'].includes(flash.tone) ? flash : null;
  } catch {
    return null;
  }
}

/** A path of this site, or the home page: a sign-in never sends anybody elsewhere. */
export const safeReturn = (path: string): string => (/^\/(?![/\\])[^\s\\]*$/.test(path) ? path : '/');
