import { type Request, Router } from 'express';
import { answerChallenge, issueChallenge } from '../../services/accounts/challenges';
import { admitSigner, confirmAccount } from '../../services/accounts/keys';
import { signInLimits } from '../../services/accounts/limits';
import { noteRefusal } from '../../services/accounts/sign-in';
import { demoChain } from '../../services/signing/demo-chain';
import { maskIin } from '../../services/texts/format';
import type { ErrorRef } from '../../services/texts/types';
import { confirmedIin } from '../../storage/queries/challenges';
import { memberOf, type WebDeps } from '../kit/context';
import { enter } from '../kit/enter';
import { type Responder, safeReturn } from '../kit/respond';
import { visitorOf } from '../kit/visitor';
import type { ConfirmKeyPage, KeyForm } from './pages';

/** Only signatures that are wrong count: there is nothing else to guess. What is none at all is not even worth a row of the log. */
const isWrongSignature = (code: string): boolean => ['signature.bad', 'digest.mismatch', 'content.mismatch'].includes(code);

const isNoSignature = (code: string): boolean => ['signing.unreadable', 'eds.challenge_over'].includes(code);

export const keyForm = async (
  deps: WebDeps,
  req: Request,
  purpose: 'sign-in' | 'confirm',
  action: string,
  iin: string | null,
  error: ErrorRef | null,
): Promise<KeyForm> => {
  const challenge = await issueChallenge(deps, visitorOf(req), purpose);
  return {
    action,
    challenge: challenge.id,
    text: Buffer.from(challenge.text, 'ascii').toString('base64'),
    iin,
    ncalayerUrl: deps.config.ncalayer.url,
    simulatorUrl: deps.config.ncalayer.windowUrl,
    chain: deps.config.demo ? demoChain(deps.config.trustFiles) : null,
    error,
  };
};

const answerOf = (req: Request): { challenge: unknown; cms: unknown } => {
  const { challenge, cms } = (req.body ?? {}) as Record<string, unknown>;
  return { challenge, cms };
};

/** Sign-in with a key: a fresh text is signed in NCALayer, the certificate says who it is. */
export function edsSignInRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const limits = signInLimits(deps);

  router.get('/sign-in/eds', async (req, res) => {
    const returnTo = typeof req.query.return_to === 'string' ? safeReturn(req.query.return_to) : '/';
    if (req.kense.session) return res.redirect(303, req.kense.session.organisation ? returnTo : '/sign-in/organisation');
    res.set('Cache-Control', 'no-store');
    const key = await keyForm(deps, req, 'sign-in', '/sign-in/eds', null, null);
    await respond.page(req, res, 'pages/sign-in-eds', {
      returnTo: returnTo === '/' ? null : returnTo,
      key,
      usesPhone: deps.config.phone !== null,
    });
  });

  router.post('/sign-in/eds', async (req, res) => {
    const { return_to: wanted } = (req.body ?? {}) as Record<string, unknown>;
    const returnTo = typeof wanted === 'string' ? safeReturn(wanted) : '/';
    const address = req.ip ?? '';
    res.set('Cache-Control', 'no-store');
    const refuse = async (status: number, error: ErrorRef): Promise<void> => {
      req.kense.log.warn({ code: error.code }, 'sign-in refused');
      res.status(status);
      const key = await keyForm(deps, req, 'sign-in', '/sign-in/eds', null, error);
      await respond.page(req, res, 'pages/sign-in-eds', {
        returnTo: returnTo === '/' ? null : returnTo,
        key,
        usesPhone: deps.config.phone !== null,
      });
    };
    const counted = await limits.beginKey(address);
    if (!counted.ok) return refuse(429, { code: 'sign_in.limited', params: { minutes: counted.minutes } });
    const answered = await answerChallenge(deps, visitorOf(req), 'sign-in', answerOf(req));
    const admitted = answered.ok ? await admitSigner(deps, answered.signer, 'eds') : answered;
    if (!admitted.ok) {
      if (!isWrongSignature(admitted.code)) await counted.attempt.undecided();
      if (!isNoSignature(admitted.code))
        await noteRefusal(deps, null, answered.ok ? maskIin(answered.signer.iin) : '', address, admitted.code);
      return refuse(admitted.code === 'sign_in.directory_down' ? 503 : 422, { code: admitted.code });
    }
    await counted.attempt.undecided();
    await enter(deps, req, res, admitted.entrant, returnTo);
  });

  return router;
}

/** Showing with a key that an account belongs to the holder of an IIN. */
export function confirmKeyRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();

  const page = async (req: Request, error: ErrorRef | null): Promise<ConfirmKeyPage> => {
    const me = memberOf(req);
    const person = req.kense.session?.person;
    const confirmed = await confirmedIin(deps.db, me.personId);
    return {
      name: person?.name ?? '',
      iin: person?.iin ?? null,
      confirmed: confirmed && { at: confirmed.confirmedAt.toISOString(), serial: confirmed.serial },
      key: await keyForm(deps, req, 'confirm', '/settings/key', person?.iin ?? null, error),
      usesPhone: deps.config.phone !== null,
    };
  };

  router.get('/settings/key', async (req, res) => {
    res.set('Cache-Control', 'no-store');
    await respond.page(req, res, 'pages/settings/key', await page(req, null), 'settings');
  });

  router.post('/settings/key', async (req, res) => {
    const answered = await answerChallenge(deps, visitorOf(req), 'confirm', answerOf(req));
    const code = answered.ok ? await confirmAccount(deps, req.kense.session, answered.signer, 'eds') : answered.code;
    if (code === null) return respond.go(req, res, '/settings/key', { tone: 'ok', key: 'flash.iin_confirmed' });
    res.status(422);
    await respond.page(req, res, 'pages/settings/key', await page(req, { code }), 'settings');
  });

  return router;
}
