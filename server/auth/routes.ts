import { readFileSync } from 'node:fs';
import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { appendAudit } from '../../storage/audit';
import { membershipsOf, personById, savePreferences } from '../../storage/queries/people';
import { revokeSession, setSessionOrganisation } from '../../storage/queries/sessions';
import { Refusal, type WebDeps } from '../context';
import { langs } from '../i18n';
import { clearSessionCookie } from '../middleware/cookies';
import type { Responder } from '../respond';
import type { Role, SignInPage } from '../views';
import { checkSignIn, openSession, signInLimits, type SignInSource } from './sign-in';

const signInForm = z.object({
  login: z.string().trim().max(120).default(''),
  password: z.string().max(1000).default(''),
  return_to: z.string().max(500).default(''),
});
const preferencesForm = z.object({
  lang: z.enum(langs).optional(),
  theme: z.enum(['system', 'light', 'dark']).optional(),
  menu: z.enum(['wide', 'narrow']).optional(),
  return_to: z.string().max(1000).default('/'),
});

/** A path of this site, or the home page: a sign-in never sends anybody elsewhere. */
export const safeReturn = (path: string): string => (/^\/(?![/\\])[^\s\\]*$/.test(path) ? path : '/');

/**
 * Lets a person in whose proof has been accepted: opens the session, writes the log and leads on; where several organisations are open
 * the one of the certificate's BIN is taken, else the person chooses.
 */
export async function enter(
  deps: WebDeps,
  req: Request,
  res: Response,
  who: { personId: string; source: SignInSource; bin: string | null },
  target: string,
): Promise<void> {
  const { memberships, sessionId } = await openSession(deps, req, res, who.personId, who.source);
  const person = await personById(deps.db, who.personId);
  for (const { organisationId } of memberships.slice(0, 1)) {
    await deps.inTx((tx) =>
      appendAudit(deps.db, tx, {
        organisationId,
        at: deps.now(),
        actor: { kind: 'member', id: who.personId, name: person?.name ?? '' },
        action: 'person.signed_in',
        entityKind: 'person',
        entityId: who.personId,
        commandId: deps.newId(),
        details: { source: who.source, address: req.ip ?? '' },
      }),
    );
  }
  const named = memberships.length > 1 ? memberships.find((m) => m.bin === who.bin) : undefined;
  if (named) await setSessionOrganisation(deps.db, sessionId, named.organisationId);
  const isSettled = memberships.length === 1 || named;
  res.redirect(303, isSettled ? target : `/sign-in/organisation${target === '/' ? '' : `?return_to=${encodeURIComponent(target)}`}`);
}

type DemoAccount = { login: string; password: string; name: string; organisation: string; role: Role };

/** Sign-in, sign-out, choice of the organisation, language and theme. */
export function authRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const limits = signInLimits(deps);
  const demoAccounts = (): DemoAccount[] => {
    const file = deps.config.demo?.accountsFile;
    if (!file) return [];
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { accounts?: DemoAccount[] }).accounts ?? [];
    } catch {
      return []; // the launcher writes it a moment after the start
    }
  };
  const signInPage = (login: string, returnTo: string, error: SignInPage['error']): SignInPage => ({
    login,
    returnTo: returnTo || null,
    error,
    usesPhone: deps.config.phone !== null,
    usesDirectory: deps.directory !== null,
    demoAccounts: demoAccounts(),
  });

  router.get('/sign-in', async (req, res) => {
    const returnTo = typeof req.query.return_to === 'string' ? safeReturn(req.query.return_to) : '';
    if (req.kense.session?.organisation) return res.redirect(303, returnTo || '/');
    if (req.kense.session) return res.redirect(303, '/sign-in/organisation');
    res.set('Cache-Control', 'no-store');
    await respond.page(req, res, 'pages/sign-in', signInPage('', returnTo, null));
  });

  router.post('/sign-in', async (req, res) => {
    const form = signInForm.safeParse(req.body);
    const { login, password, return_to: returnTo } = form.success ? form.data : { login: '', password: '', return_to: '' };
    const outcome = await checkSignIn(deps, limits, login, password, req.ip ?? '');
    res.set('Cache-Control', 'no-store');
    if (!outcome.ok) {
      req.kense.log.warn({ code: outcome.code }, 'sign-in refused');
      res.status(outcome.code === 'sign_in.limited' ? 429 : outcome.code === 'sign_in.directory_down' ? 503 : 422);
      const params = outcome.code === 'sign_in.limited' ? { minutes: outcome.minutes } : undefined;
      return respond.page(
        req,
        res,
        'pages/sign-in',
        signInPage(login, safeReturn(returnTo) === '/' ? '' : returnTo, { code: outcome.code, ...(params ? { params } : {}) }),
      );
    }
    await enter(deps, req, res, { personId: outcome.personId, source: outcome.source, bin: null }, safeReturn(returnTo));
  });

  router.get('/sign-in/organisation', async (req, res) => {
    const { session } = req.kense;
    if (!session) return res.redirect(303, '/sign-in');
    const organisations = (await membershipsOf(deps.db, session.person.id)).map((m) => ({
      id: m.organisationId,
      name: m.organisationName,
      role: m.role,
    }));
    const returnTo = typeof req.query.return_to === 'string' ? safeReturn(req.query.return_to) : null;
    await respond.page(req, res, 'pages/choose-organisation', { organisations, returnTo });
  });

  router.post('/sign-in/organisation', async (req, res) => {
    const { session } = req.kense;
    const form = z.object({ organisation: z.string(), return_to: z.string().max(500).default('/') }).safeParse(req.body);
    if (!session || !form.success) throw new Refusal('bad_request');
    const member = (await membershipsOf(deps.db, session.person.id)).find((m) => m.organisationId === form.data.organisation);
    if (!member) throw new Refusal('not_found');
    await setSessionOrganisation(deps.db, session.id, member.organisationId);
    res.redirect(303, safeReturn(form.data.return_to));
  });

  router.post('/sign-out', async (req, res) => {
    const { session } = req.kense;
    if (session) await revokeSession(deps.db, session.person.id, session.id, deps.now());
    clearSessionCookie(res, deps.config);
    res.set('Clear-Site-Data', '"cache"');
    respond.go(req, res, '/sign-in');
  });

  router.post('/preferences', async (req, res) => {
    const form = preferencesForm.safeParse(req.body);
    if (!form.success) throw new Refusal('bad_request');
    const { lang, theme, menu, return_to: returnTo } = form.data;
    const { session } = req.kense;
    if (session) {
      const wanted = {
        ...(lang ? { language: lang } : {}),
        ...(theme ? { theme: theme === 'system' ? ('' as const) : theme } : {}),
        ...(menu ? { menu } : {}),
      };
      await savePreferences(deps.db, session.person.id, wanted);
    }
    const forAYear = { maxAge: 365 * 86_400_000, sameSite: 'lax' as const, path: '/' };
    if (lang) res.cookie('kense_lang', lang, forAYear);
    if (theme) res.cookie('kense_theme', theme, forAYear);
    respond.go(req, res, safeReturn(returnTo));
  });

  return router;
}
