import type { Request, Response } from 'express';
import { isUlid } from '../../domain/ids';
import { codeLifeMs, decidePhone, isFinal } from '../../domain/phone/session';
import { Refusal } from '../../domain/refusals';
import { phoneHashes, phoneTokens } from '../../services/phone/addresses';
import { factsOf } from '../../services/phone/create';
import { phoneById, type PhoneSession, renewPhoneCode } from '../../storage/queries/phone';
import type { WebDeps } from '../kit/context';
import type { Responder } from '../kit/respond';
import { type PhonePlace, presentPhone } from './presenters';

/** The session of an address, if it belongs to who asks; 404 otherwise. */
export async function phoneOf(deps: WebDeps, req: Request, belongs: (session: PhoneSession) => boolean): Promise<PhoneSession> {
  const id = (req.params as Record<string, string>).phone;
  const session = isUlid(id) ? await phoneById(deps.db, id) : null;
  if (!session || !belongs(session)) throw new Refusal('not_found');
  return session;
}

/** Puts another code on the page; the former one is dead from then on. */
export async function renewCode(deps: WebDeps, session: PhoneSession): Promise<PhoneSession> {
  const now = deps.now();
  const decision = decidePhone(factsOf(session), { kind: 'new-code' }, now.getTime());
  if (!decision.ok) return session; // the phone was faster: the page shows so
  const version = session.codeVersion + 1;
  const until = new Date(Math.min(now.getTime() + codeLifeMs, session.expiresAt.getTime()));
  const tokens = phoneTokens(deps.config.secrets, session.id, version, session.tokenHash);
  await renewPhoneCode(deps.db, session.id, version, phoneHashes(tokens).code, until);
  return (await phoneById(deps.db, session.id)) ?? session;
}

/** Answers a poll. What stands behind the page is told when the session has ended. */
export async function answerPoll(
  deps: WebDeps,
  respond: Responder,
  req: Request,
  res: Response,
  session: PhoneSession,
  place: PhonePlace,
): Promise<void> {
  res.set('Cache-Control', 'no-store');
  if (isFinal(session.state) && session.purpose === 'sign') res.set('HX-Trigger-After-Settle', 'route-changed');
  respond.fragment(req, res, 'fragments/phone/state', await presentPhone(deps, session, place));
}
