import { z } from 'zod';
import { defaultSignInRules, type Proof, proofs, type SignInRules, suffices } from '../../domain/people/proofs';
import { organisationRoles } from '../../domain/people/roles';
import type { Membership } from '../../storage/queries/people';
import { readSetting } from '../../storage/queries/settings';
import type { Deps } from '../deps';

export const rulesSetting = 'sign_in.rules';
const stored = z.record(z.enum(organisationRoles), z.enum(proofs));

/** What an organisation asks of each role at sign-in. */
export const signInRules = (deps: Pick<Deps, 'db'>, organisationId: string): Promise<SignInRules> =>
  readSetting<SignInRules>(deps.db, organisationId, rulesSetting, stored, defaultSignInRules);

/** What is asked at the place of one membership. */
export const proofWanted = async (deps: Pick<Deps, 'db'>, place: Membership): Promise<Proof> =>
  (await signInRules(deps, place.organisationId))[place.role];

/** Whether a proof opens this place. */
export const opens = async (deps: Pick<Deps, 'db'>, given: Proof, place: Membership): Promise<boolean> =>
  suffices(given, await proofWanted(deps, place));
