import { readFileSync } from 'node:fs';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { type Proof, suffices } from '../../domain/people/proofs';
import { Refusal } from '../../domain/refusals';
import { vouched } from '../../services/accounts/directory-accounts';
import { joinByKey } from '../../services/accounts/keys';
import { signInLimits } from '../../services/accounts/limits';
import { proofWanted } from '../../services/accounts/rules';
import { answerStep, beginStep } from '../../services/accounts/second-factor';
import { checkSignIn } from '../../services/accounts/sign-in';
import { langs } from '../../services/texts/i18n';
import type { ErrorRef } from '../../services/texts/types';
import { membershipsByIin } from '../../storage/queries/challenges';
import { type Account, type Membership, membershipsOf, savePreferences } from '../../storage/queries/people';
import { revokeSession, type Session, setSessionOrganisation } from '../../storage/queries/sessions';
import type { WebDeps } from '../kit/context';
import { clearSessionCookie, setCookie } from '../kit/cookies';
import { rememberDevice, visitOf } from '../kit/devices';
import { enter, noteEntry } from '../kit/enter';
import { type Responder, safeReturn } from '../kit/respond';
import type { Role } from '../kit/views';
import { visitorOf } from '../kit/visitor';
import type { SignInPage } from './pages';

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

/** How long the language and colours of a browser are remembered, milliseconds. */
const yearMs = 365 * 86_400_000;

type DemoAccount = { login: string; password: string; name: string; organisation: string; role: Role };

/** Where the reader of a session may work: where they belong, and, by the key they have shown, wherever its IIN is written down. */
async function placesOf(deps: WebDeps, session: Session): Promise<(Membership & { isConfirmed: boolean })[]> {
  const own = (await membershipsOf(deps.db, session.person.id)).map((place) => ({ ...place, isConfirmed: true }));
  const byKey = session.keyIin === null ? [] : await membershipsByIin(deps.db, session.keyIin);
  const key = (place: Membership): string => `${place.personId} ${place.organisationId}`;
  const seen = new Set(own.map(key));
  return [
    ...own,
    ...byKey.filter((place) => !seen.has(key(place))).map((place) => ({ ...place, isConfirmed: Boolean(place.isConfirmed) })),
  ];
}

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

  /** Lets the holder of an account in, once every proof it asks for has been given. */
  const admit = async (req: Request, res: Response, account: Account, proof: Proof, target: string): Promise<void> => {
    rememberDevice(req, res, deps.config, account.id);
    const places = await membershipsOf(deps.db, account.personId);
    await enter(
      deps,
      req,
      res,
      { personId: account.personId, login: account.login, source: account.source, proof, key: null, places, wanted: null },
      target,
    );
  };

  router.post('/sign-in', async (req, res) => {
    const form = signInForm.safeParse(req.body);
    const { login, password, return_to: returnTo } = form.success ? form.data : { login: '', password: '', return_to: '' };
    const outcome = await checkSignIn(deps, limits, visitOf(req, deps.config), login, password);
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
    if (!outcome.account.totp?.since) return admit(req, res, outcome.account, 'password', safeReturn(returnTo));
    const step = await beginStep(deps, outcome.account.id, visitorOf(req));
    const target = safeReturn(returnTo);
    res.redirect(303, `/sign-in/code/${step}${target === '/' ? '' : `?return_to=${encodeURIComponent(target)}`}`);
  });

  const codePage = (req: Request, res: Response, step: string, returnTo: string, error: ErrorRef | null): Promise<void> => {
    res.set('Cache-Control', 'no-store');
    return respond.page(req, res, 'pages/sign-in-code', { step, returnTo: returnTo === '/' ? null : returnTo, error });
  };

  router.get('/sign-in/code/:step', async (req, res) => {
    const returnTo = typeof req.query.return_to === 'string' ? safeReturn(req.query.return_to) : '/';
    await codePage(req, res, String(req.params.step), returnTo, null);
  });

  router.post('/sign-in/code/:step', async (req, res) => {
    const form = z.object({ code: z.string().max(100).default(''), return_to: z.string().max(500).default('/') }).safeParse(req.body);
    const { code, return_to: wanted } = form.success ? form.data : { code: '', return_to: '/' };
    const answered = await answerStep(deps, limits, req.ip ?? '', String(req.params.step), visitorOf(req), code);
    if (answered.ok) return admit(req, res, answered.account, 'two-factor', safeReturn(wanted));
    if (answered.code === 'sign_in.step_over') {
      res.status(422);
      return respond.page(req, res, 'pages/sign-in', signInPage('', safeReturn(wanted) === '/' ? '' : wanted, { code: answered.code }));
    }
    res.status(answered.code === 'sign_in.limited' ? 429 : 422);
    const error =
      answered.code === 'sign_in.limited' ? { code: answered.code, params: { minutes: answered.minutes } } : { code: answered.code };
    return codePage(req, res, String(req.params.step), safeReturn(wanted), error);
  });

  const showChoice = async (
    req: Request,
    res: Response,
    session: Session,
    returnTo: string | null,
    error: ErrorRef | null,
  ): Promise<void> => {
    const places = await placesOf(deps, session);
    const organisations = await Promise.all(
      places.map(async (place) => {
        const wanted = await proofWanted(deps, place);
        return {
          id: place.organisationId,
          person: place.personId,
          name: place.organisationName,
          role: place.role,
          needs: suffices(session.proof, wanted) ? null : wanted,
          isNew: !place.isConfirmed,
        };
      }),
    );
    res.set('Cache-Control', 'no-store');
    await respond.page(req, res, 'pages/choose-organisation', { organisations, returnTo, error });
  };

  router.get('/sign-in/organisation', async (req, res) => {
    const { session } = req.kense;
    if (!session) return res.redirect(303, '/sign-in');
    await showChoice(req, res, session, typeof req.query.return_to === 'string' ? safeReturn(req.query.return_to) : null, null);
  });

  router.post('/sign-in/organisation', async (req, res) => {
    const { session } = req.kense;
    const form = z.object({ organisation: z.string(), return_to: z.string().max(500).default('/') }).safeParse(req.body);
    if (!session || !form.success) throw new Refusal('bad_request');
    const [organisationId, personId = session.person.id] = form.data.organisation.split(' ');
    const place = (await placesOf(deps, session)).find((each) => each.organisationId === organisationId && each.personId === personId);
    if (!place) throw new Refusal('not_found');
    const refuse = (code: string): Promise<void> => {
      res.status(422);
      return showChoice(req, res, session, form.data.return_to, { code });
    };
    if (!suffices(session.proof, await proofWanted(deps, place))) return refuse('sign_in.proof_wanted');
    if (place.personId !== session.person.id) {
      const { places, isDown } = await vouched(deps, [place]);
      if (places.length === 0) return refuse(isDown ? 'sign_in.directory_down' : 'eds.no_place');
      const key = { iin: session.keyIin ?? '', serial: session.keySerial ?? '' };
      if (!place.isConfirmed) {
        const problem = await joinByKey(deps, place, key, session.means === 'qr' ? 'qr' : 'eds');
        if (problem) return refuse(problem);
      }
    }
    await setSessionOrganisation(deps.db, session.id, place);
    const { account, proof, means } = session;
    await noteEntry(deps, req, { personId: place.personId, source: means, proof, login: account.login }, place.organisationId);
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
    if (lang) setCookie(res, deps.config, 'language', lang, yearMs);
    if (theme) setCookie(res, deps.config, 'theme', theme, yearMs);
    respond.go(req, res, safeReturn(returnTo));
  });

  return router;
}
