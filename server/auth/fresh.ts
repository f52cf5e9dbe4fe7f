import type { Request, Response } from 'express';
import { freshProofMs } from '../../domain/people/proofs';
import { accountById } from '../../storage/queries/people';
import { noteProof } from '../../storage/queries/sessions';
import { Refusal, type WebDeps } from '../context';
import { flatten } from '../documents/forms';
import type { Responder } from '../respond';
import type { ErrorRef } from '../views';
import { answerChallenge } from './eds';
import { keyForm } from './eds-routes';
import { signInLimits } from './limits';
import { askForProof } from './prove';
import { checkSignIn } from './sign-in';

/**
 * What roles, accounts and rules of signing in ask for: that the person at the screen has shown who they are within the last minutes.
 * When they have not, the answer asks for the password or the key and carries the form on. Returns false when it has answered the request.
 */
export function freshProof(deps: WebDeps, respond: Responder) {
  const limits = signInLimits(deps);

  const accept = async (req: Request): Promise<ErrorRef | 'shown' | null> => {
    const { session } = req.kense;
    if (!session) throw new Refusal('sign_in.needed');
    const { proof_password: password, cms, challenge } = flatten(req.body);
    if (cms !== undefined && cms !== '') {
      const answered = await answerChallenge(deps, req, 'confirm', { challenge, cms });
      if (!answered.ok) return { code: answered.code };
      const { iin, serial } = answered.signer;
      if (iin !== session.person.iin) return { code: 'eds.other_iin' };
      await noteProof(deps.db, session.id, { proof: 'key', key: { iin, serial } }, deps.now());
      return 'shown';
    }
    if (password === undefined) return null;
    const account = await accountById(deps.db, session.account.id);
    const outcome = await checkSignIn(deps, limits, req, account?.login ?? '', password);
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
export type FreshProof = ReturnType<typeof freshProof>;
