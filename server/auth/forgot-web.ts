import { type Request, type Response, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { isUlid } from '../../domain/ids';
import { normalLogin } from '../../domain/people/logins';
import { Refusal } from '../../domain/refusals';
import { hashPassword } from '../../services/accounts/passwords';
import { giveReset, passwordChanged, resetLetter } from '../../services/accounts/reset';
import { wakeSoon } from '../../services/mail/wake';
import type { ErrorRef } from '../../services/texts/types';
import { capabilityToken } from '../../storage/capabilities';
import { queue } from '../../storage/outbox';
import { liveReset, resettable, setPassword, useReset } from '../../storage/queries/accounts';
import { personById } from '../../storage/queries/people';
import { isSameText, secretVersions } from '../../storage/secret-keys';
import type { WebDeps } from '../kit/context';
import { flatten } from '../kit/form';
import { readNewPassword } from '../kit/new-password';
import type { Responder } from '../kit/respond';

/** How long a link asked for by oneself works, and one given by an administrator. Milliseconds. */
const ownLifeMs = 30 * 60_000;
/** Letters one address may ask for in a quarter of an hour, and one account may be sent. */
const askedPerAddress = 10;
const sentPerAccount = 3;

/** A forgotten password: a link by mail, and the page it leads to. The answer never tells whether an account exists. */
export function forgottenRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const byAddress = new RateLimiterMemory({ points: askedPerAddress, duration: 900 });
  const byAccount = new RateLimiterMemory({ points: sentPerAccount, duration: 3_600 });

  router.get('/sign-in/forgot', async (req, res) => {
    await respond.page(req, res, 'pages/forgot', { asked: null, usesDirectory: deps.directory !== null, error: null });
  });

  router.post('/sign-in/forgot', async (req, res) => {
    const who = (flatten(req.body).who ?? '').trim().slice(0, 254);
    if (who === '') {
      res.status(422);
      return respond.page(req, res, 'pages/forgot', {
        asked: null,
        usesDirectory: deps.directory !== null,
        error: { code: 'sign_in.who_wanted' },
      });
    }
    await byAddress.consume(req.ip ?? '').catch(() => Promise.reject(new Refusal('limited')));
    // Answered before anything is looked up: neither the answer nor its time says who has an account here.
    await respond.page(req, res, 'pages/forgot', { asked: who, usesDirectory: deps.directory !== null, error: null });
    await sendLinks(req, who).catch((error: Error) => req.kense.log.error({ err: error }, 'a link to a new password could not be sent'));
  });

  const sendLinks = async (req: Request, who: string): Promise<void> => {
    const found = await resettable(deps.db, { key: normalLogin(who) ?? '', email: who.includes('@') ? who : '' });
    let sent = 0;
    for (const account of found) {
      const isAllowed = await byAccount.consume(account.id).then(
        () => true,
        () => false,
      );
      if (!isAllowed) continue;
      await deps.inTx(async (tx) => {
        const id = await giveReset(deps, tx, account.id, ownLifeMs);
        await queue(tx, [resetLetter(account, id, 0)], deps.now());
      });
      sent++;
    }
    req.kense.log.info({ sent }, 'links to a new password');
    if (sent > 0) wakeSoon(deps);
  };

  const resetOf = async (req: Request): Promise<{ id: string; accountId: string; login: string; personId: string }> => {
    const id = String(req.params.id);
    const { secrets } = deps.config;
    const isGenuine =
      isUlid(id) &&
      secretVersions(secrets).some((version) =>
        isSameText(String(req.params.token), capabilityToken(secrets, 'password-reset', id, 1, version)),
      );
    const reset = isGenuine ? await liveReset(deps.db, id, deps.now()) : null;
    if (!reset) throw new Refusal('sign_in.link_over');
    return { id, ...reset };
  };
  const showNew = async (res: Response, req: Request, login: string, errors: Record<string, ErrorRef>): Promise<void> => {
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin' });
    await respond.page(req, res, 'pages/new-password', { action: req.originalUrl, login, asksCurrent: false, isFirst: false, errors });
  };

  router.get('/sign-in/reset/:id/:token', async (req, res) => showNew(res, req, (await resetOf(req)).login, {}));

  router.post('/sign-in/reset/:id/:token', async (req, res) => {
    const reset = await resetOf(req);
    const person = await personById(deps.db, reset.personId);
    const read = readNewPassword(req.body, [reset.login, person?.name ?? '']);
    if (!read.ok) {
      res.status(422);
      return showNew(res, req, reset.login, read.errors);
    }
    const hash = await hashPassword(read.password);
    await deps.inTx(async (tx) => {
      if (!(await useReset(tx, reset.id, deps.now()))) throw new Refusal('sign_in.link_over');
      await setPassword(tx, reset.accountId, { hash, mustChange: false }, deps.now());
      await passwordChanged(deps, tx, reset, { by: 'link', keptSession: '', address: req.ip ?? '' });
    });
    wakeSoon(deps);
    respond.go(req, res, '/sign-in', { tone: 'ok', key: 'flash.password_set' });
  });

  return router;
}
