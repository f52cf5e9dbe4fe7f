import { type Request, type Response, Router } from 'express';
import { defaultSignInRules, proofs, type SignInRules, suffices } from '../../domain/people/proofs';
import { organisationRoles } from '../../domain/people/roles';
import { rulesSetting, signInRules } from '../../services/accounts/rules';
import type { ErrorRef } from '../../services/texts/types';
import { perform } from '../../storage/command';
import { revokeWeakSessions } from '../../storage/queries/sessions';
import { saveSetting } from '../../storage/queries/settings';
import { actOf } from '../kit/act';
import type { WebDeps } from '../kit/context';
import { flatten } from '../kit/form';
import { type FreshProof, managerOf } from '../kit/guards';
import type { Responder } from '../kit/respond';

/** What an organisation asks of each role at sign-in: a password, a second factor beside it, or the key. */
export function signInRuleRoutes(deps: WebDeps, respond: Responder, fresh: FreshProof): Router {
  const router = Router();

  const show = async (req: Request, res: Response, rules: SignInRules, error: ErrorRef | null): Promise<void> =>
    respond.page(
      req,
      res,
      'pages/settings/sign-in',
      { rules: organisationRoles.map((role) => ({ role, proof: rules[role] })), proofs: [...proofs], command: deps.newId(), error },
      'settings',
    );

  router.get('/settings/sign-in', async (req, res) => show(req, res, await signInRules(deps, managerOf(req).organisationId), null));

  router.post('/settings/sign-in', async (req, res) => {
    const me = managerOf(req);
    const { session } = req.kense;
    if (!(await fresh(req, res))) return;
    const posted = flatten(req.body);
    const before = await signInRules(deps, me.organisationId);
    const wanted: SignInRules = { ...defaultSignInRules };
    for (const role of organisationRoles) wanted[role] = proofs.find((proof) => proof === posted[`proof.${role}`]) ?? before[role];
    const refuse = (code: string): Promise<void> => {
      res.status(422);
      return show(req, res, wanted, { code });
    };
    // An administrator decides nothing about owners; and nobody shuts themselves out.
    if (me.role !== 'owner' && wanted.owner !== before.owner) return refuse('forbidden');
    if (!session || !suffices(session.proof, wanted[me.role])) return refuse('sign_in.rule_shuts_you_out');
    const act = actOf(deps, req);
    const { organisationId } = me;
    await perform(deps, act, { organisationId, id: organisationId }, 'settings.sign_in_rules', async (tx) => {
      await saveSetting(tx, organisationId, rulesSetting, wanted, act.at);
      for (const role of organisationRoles) await revokeWeakSessions(tx, { organisationId, role, proof: wanted[role] }, act.at);
      return { details: { rules: wanted }, result: null };
    });
    respond.go(req, res, '/settings/sign-in', { tone: 'ok', key: 'flash.rules_saved' });
  });

  return router;
}
