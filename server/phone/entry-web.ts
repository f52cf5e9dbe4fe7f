import { type Request, type Response, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Refusal } from '../../domain/refusals';
import { phoneSender } from '../../integrations/temporal/phone';
import { admitSigner, confirmAccount, type Signer } from '../../services/accounts/keys';
import { createEntry, phoneConfig } from '../../services/phone/create';
import { type PhoneSession, usePhone } from '../../storage/queries/phone';
import { memberOf, type WebDeps } from '../kit/context';
import { enter } from '../kit/enter';
import { type Responder, safeReturn } from '../kit/respond';
import { visitorOf } from '../kit/visitor';
import { type PhonePlace, presentPhone } from './presenters';
import { answerPoll, phoneOf, renewCode } from './sessions';

/** Codes one address may have shown in five minutes: nobody has signed in yet who could be limited otherwise. */
const codesPerFiveMinutes = 40;

const query = (returnTo: string): string => (returnTo === '/' ? '' : `?return_to=${encodeURIComponent(returnTo)}`);
const isVisitors =
  (req: Request, purpose: 'sign-in' | 'confirm') =>
  (session: PhoneSession): boolean =>
    session.purpose === purpose && session.visitor !== null && session.visitor.equals(visitorOf(req));

/** Uses a signed session up and names the holder of the key; refuses one that is not signed or has been used. */
async function takeSigner(deps: WebDeps, session: PhoneSession): Promise<Signer> {
  const { signerIin: iin, signerBin: bin, signerName: name, signerSerial: serial } = session;
  if (session.state !== 'signed' || iin === null || !(await usePhone(deps.db, session.id, deps.now()))) throw new Refusal('phone.expired');
  return { iin, bin, name: name ?? '', serial: serial ?? '' };
}

/** Signing in with the phone: only the browser that shows the code gets in. */
export function phoneSignInRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const phones = phoneSender(deps.temporal.client);
  const pace = new RateLimiterMemory({ points: codesPerFiveMinutes, duration: 300 });
  const returnOf = (value: unknown): string => (typeof value === 'string' ? safeReturn(value) : '/');
  const placeOf = (id: string, returnTo: string): PhonePlace => ({
    url: `/sign-in/qr/${id}`,
    againUrl: `/sign-in/qr${query(returnTo)}`,
    doneUrl: returnTo,
    closes: false,
    documentHref: () => null,
    returnTo: returnTo === '/' ? null : returnTo,
  });
  const show = async (req: Request, res: Response, session: PhoneSession, returnTo: string, code: string | null): Promise<void> => {
    res.set('Cache-Control', 'no-store');
    const state = await presentPhone(deps, session, placeOf(session.id, returnTo));
    await respond.page(req, res, 'pages/sign-in-qr', {
      returnTo: returnTo === '/' ? null : returnTo,
      state: code === null ? state : { ...state, stage: 'refused', isLive: false, finish: null, error: { code } },
    });
  };

  router.get('/sign-in/qr', async (req, res) => {
    phoneConfig(deps);
    const returnTo = returnOf(req.query.return_to);
    if (req.kense.session) return res.redirect(303, req.kense.session.organisation ? returnTo : '/sign-in/organisation');
    await pace.consume(req.ip ?? '').catch(() => Promise.reject(new Refusal('limited')));
    const id = await createEntry(deps, phones, { session: req.kense.session, visitor: visitorOf(req) }, 'sign-in');
    return res.redirect(303, `/sign-in/qr/${id}${query(returnTo)}`);
  });

  router.get('/sign-in/qr/:phone', async (req, res) => {
    const returnTo = returnOf(req.query.return_to);
    if (req.kense.session && !req.kense.isHtmx)
      return res.redirect(303, req.kense.session.organisation ? returnTo : '/sign-in/organisation');
    const session = await phoneOf(deps, req, isVisitors(req, 'sign-in'));
    if (req.kense.isHtmx) return answerPoll(deps, respond, req, res, session, placeOf(session.id, returnTo));
    return show(req, res, session, returnTo, null);
  });

  router.post('/sign-in/qr/:phone/code', async (req, res) => {
    const returnTo = returnOf(req.query.return_to);
    const session = await renewCode(deps, await phoneOf(deps, req, isVisitors(req, 'sign-in')));
    if (req.kense.isHtmx) return answerPoll(deps, respond, req, res, session, placeOf(session.id, returnTo));
    return res.redirect(303, `/sign-in/qr/${session.id}${query(returnTo)}`);
  });

  router.post('/sign-in/qr/:phone', async (req, res) => {
    const returnTo = returnOf((req.body as { return_to?: unknown } | undefined)?.return_to);
    const session = await phoneOf(deps, req, isVisitors(req, 'sign-in'));
    const signer = await takeSigner(deps, session);
    const admitted = await admitSigner(deps, signer, 'qr');
    if (admitted.ok) return enter(deps, req, res, admitted.entrant, returnTo);
    req.kense.log.warn({ code: admitted.code }, 'sign-in refused');
    res.status(422);
    return show(req, res, session, returnTo, admitted.code);
  });

  return router;
}

/** Showing with the phone that an account belongs to the holder of an IIN. */
export function phoneConfirmRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const phones = phoneSender(deps.temporal.client);
  const placeOf = (id: string): PhonePlace => ({
    url: `/settings/key/phone/${id}`,
    againUrl: '/settings/key/phone',
    doneUrl: '/settings/key',
    closes: false,
    documentHref: () => null,
  });

  router.get('/settings/key/phone', async (req, res) => {
    memberOf(req);
    res.redirect(
      303,
      `/settings/key/phone/${await createEntry(deps, phones, { session: req.kense.session, visitor: visitorOf(req) }, 'confirm')}`,
    );
  });

  router.get('/settings/key/phone/:phone', async (req, res) => {
    memberOf(req);
    const session = await phoneOf(deps, req, isVisitors(req, 'confirm'));
    if (req.kense.isHtmx) return answerPoll(deps, respond, req, res, session, placeOf(session.id));
    res.set('Cache-Control', 'no-store');
    return respond.page(
      req,
      res,
      'pages/settings/key-phone',
      { state: await presentPhone(deps, session, placeOf(session.id)) },
      'settings',
    );
  });

  router.post('/settings/key/phone/:phone/code', async (req, res) => {
    memberOf(req);
    const session = await renewCode(deps, await phoneOf(deps, req, isVisitors(req, 'confirm')));
    if (req.kense.isHtmx) return answerPoll(deps, respond, req, res, session, placeOf(session.id));
    return res.redirect(303, placeOf(session.id).url);
  });

  router.post('/settings/key/phone/:phone', async (req, res) => {
    memberOf(req);
    const session = await phoneOf(deps, req, isVisitors(req, 'confirm'));
    const code = await confirmAccount(deps, req.kense.session, await takeSigner(deps, session), 'qr');
    if (code === null) return respond.go(req, res, '/settings/key', { tone: 'ok', key: 'flash.iin_confirmed' });
    res.status(422);
    const state = await presentPhone(deps, session, placeOf(session.id));
    return respond.page(
      req,
      res,
      'pages/settings/key-phone',
      { state: { ...state, stage: 'refused', isLive: false, finish: null, error: { code } } },
      'settings',
    );
  });

  return router;
}
