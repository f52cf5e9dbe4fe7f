import type { Request, Response } from 'express';
import { freshProofMs } from '../../domain/people/proofs';
import { Refusal } from '../../domain/refusals';
import { answerChallenge } from '../../services/accounts/challenges';
import { signInLimits } from '../../services/accounts/limits';
import { checkSignIn } from '../../services/accounts/sign-in';
import type { ErrorRef } from '../../services/texts/types';
import { accountById } from '../../storage/queries/people';
import { noteProof } from '../../storage/queries/sessions';
import type { WebDeps } from '../kit/context';
import { visitOf } from '../kit/devices';
import { flatten } from '../kit/form';
import type { FreshProof } from '../kit/guards';
import type { Responder } from '../kit/respond';
import { visitorOf } from '../kit/visitor';
import { keyForm } from './eds-web';
import { askForProof } from './prove';

/**
 * What roles, accounts and rules of signing in ask for: that the person at the screen has shown who they are within the last minutes.
 * When they have not, the answer asks for the password or the key and carries the form on. Returns false when it has answered the request.
 */
export function freshProof(deps: WebDeps, respond: Responder): FreshProof {
  const limits = signInLimits(deps);

  const accept = async (req: Request): Promise<ErrorRef | 'shown' | null> => {
    const { session } = req.kense;
    if (!session) throw new Refusal('sign_in.needed');
    const { proof_password: password, cms, challenge } = flatten(req.body);
    if (cms !== undefined && cms !== '') {
      const answered = await answerChallenge(deps, visitorOf(req), 'confirm', { challenge, cms });
      if (!answered.ok) return { code: answered.code };
      const { iin, serial } = answered.signer;
      if (iin !== session.person.iin) return { code: 'eds.other_iin' };
      await noteProof(deps.db, session.id, { proof: 'key', key: { iin, serial } }, deps.now());
      return 'shown';
    }
    if (password === undefined) return null;
    const account = await accountById(deps.db, session.account.id);
    const outcome = await checkSignIn(deps, limits, visitOf(req, deps.config), account?.login ?? '', password);
    if (!outcome.ok)
      return outcome.code === 'sign_in.limited'
        ? { code: outcome.code, params: { minutes: outcome.minutes } }
        : { code: outcome.code === 'sign_in.failed' ? 'sign_in.wrong_password' : outcome.code };
    await noteProof(deps.db, session.id, { proof: 'password', key: null }, deps.now());
    return 'shown';
  };

  return async (req: Request, res: Response): Promise<boolean> => {
    const { session } = req.kense;
    if (!session) throw new Refusal('sign_in.needed');
    const isFresh = deps.now().getTime() - session.provedAt.getTime() <= freshProofMs;
    const shown = isFresh ? 'shown' : await accept(req);
    if (shown === 'shown') return true;
    const { iin } = session.person;
    const wanted = {
      usesPassword: session.proof !== 'key' || session.account.source === 'local',
      key: iin === null ? null : await keyForm(deps, req, 'confirm', req.originalUrl, iin, null),
      error: shown,
    };
    await askForProof(respond, req, res, wanted, 'settings');
    return false;
  };
}
