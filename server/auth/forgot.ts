import { Router, type Request, type Response } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { z } from 'zod';
import { isUlid } from '../../domain/ids';
import { normalLogin } from '../../domain/people/logins';
import { appendAudit } from '../../storage/audit';
import { capabilityToken } from '../../storage/capabilities';
import { isSameText, secretVersions } from '../../storage/secret-keys';
import { queue, type Letter } from '../../storage/outbox';
import { insertReset, liveReset, resettable, setPassword, useReset } from '../../storage/queries/accounts';
import { membershipsOf, personById } from '../../storage/queries/people';
import { revokeOtherSessions } from '../../storage/queries/sessions';
import { installation } from '../../storage/queries/settings';
import type { Tx } from '../../storage/tx';
import { Refusal, type WebDeps } from '../context';
import { flatten } from '../documents/forms';
import type { Responder } from '../respond';
import { wakeSoon } from './letters';
import { hashPassword, maxPasswordLength, minPasswordLength, passwordProblem } from './passwords';
import type { ErrorRef } from '../views';

/** How long a link asked for by oneself works, and one given by an administrator. Milliseconds. */
const ownLifeMs = 30 * 60_000;
export const givenLifeMs = 24 * 3_600_000;
/** Letters one address may ask for in a quarter of an hour, and one account may be sent. */
const askedPerAddress = 10;
const sentPerAccount = 3;

/** The address of a link to a new password. Its token is made from the installation's secret and kept nowhere. */
export const resetUrl = (config: Pick<WebDeps['config'], 'publicUrl' | 'secrets'>, id: string): string =>
  `${config.publicUrl}/sign-in/reset/${id}/${capabilityToken(config.secrets, 'password-reset', id, 1)}`;

/** Stores that a link to a new password is given out; returns its id. */
export async function giveReset(deps: WebDeps, tx: Tx, accountId: string, lifeMs: number): Promise<string> {
  const now = deps.now();
  const id = deps.newId();
  await insertReset(deps.db, tx, { id, accountId, expiresAt: new Date(now.getTime() + lifeMs) }, now);
  return id;
}

/** The letter with a link to a new password. */
export const resetLetter = (
  person: { email: string; language: Letter['language']; name: string; login: string; organisation: string },
  reset: string,
  hours: number,
): Letter => ({
  template: 'password-reset',
  to: person.email,
  language: person.language,
  data: { recipient: person.name, organisation: person.organisation, login: person.login, reset, hours },
});

/** Writes down that a password was changed, ends the sessions opened with the old one, and tells its owner. */
export async function passwordChanged(
  deps: WebDeps,
  tx: Tx,
  account: { personId: string; login: string },
  how: { by: 'owner' | 'link'; keptSession: string; address: string },
): Promise<void> {
  const now = deps.now();
  await revokeOtherSessions(deps.db, account.personId, how.keptSession, now, tx);
  const person = await personById(deps.db, account.personId, tx);
  const places = await membershipsOf(deps.db, account.personId, tx);
  if (person?.email)
    await queue(
      deps.db,
      tx,
      [
        {
          template: 'password-changed',
          to: person.email,
          language: person.language,
          data: {
            recipient: person.name,
            organisation: places[0]?.organisationName ?? 'Kense',
            login: account.login,
            at: now.toISOString(),
            address: how.address,
          },
        },
      ],
      now,
    );
  await appendAudit(deps.db, tx, {
    organisationId: places[0]?.organisationId ?? installation,
    at: now,
    actor: { kind: 'member', id: account.personId, name: person?.name ?? '' },
    action: 'person.password_changed',
    entityKind: 'person',
    entityId: account.personId,
    commandId: deps.newId(),
    details: { login: account.login, by: how.by, address: how.address },
  });
}

const pair = z.object({
  password: z
    .string()
    .max(maxPasswordLength + 1)
    .default(''),
  repeat: z
    .string()
    .max(maxPasswordLength + 1)
    .default(''),
});

/** Reads a new password typed twice; what is wrong with it by field, or the password. */
export function readNewPassword(
  body: unknown,
  own: readonly string[],
): { ok: true; password: string } | { ok: false; errors: Record<string, ErrorRef> } {
  const form = pair.safeParse(flatten(body));
  const { password, repeat } = form.success ? form.data : { password: '', repeat: '' };
  const problem = passwordProblem(password, own);
  if (problem) return { ok: false, errors: { password: { code: problem, params: { min: minPasswordLength } } } };
  return password === repeat ? { ok: true, password } : { ok: false, errors: { repeat: { code: 'person.passwords_differ' } } };
}

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
        await queue(deps.db, tx, [resetLetter(account, id, 0)], deps.now());
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
      if (!(await useReset(deps.db, tx, reset.id, deps.now()))) throw new Refusal('sign_in.link_over');
      await setPassword(deps.db, tx, reset.accountId, { hash, mustChange: false }, deps.now());
      await passwordChanged(deps, tx, reset, { by: 'link', keptSession: '', address: req.ip ?? '' });
    });
    wakeSoon(deps);
    respond.go(req, res, '/sign-in', { tone: 'ok', key: 'flash.password_set' });
  });

  return router;
}
