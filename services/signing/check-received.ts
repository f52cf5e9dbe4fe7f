import type { Deps } from '../deps';
import type { CheckRequest, CheckResult } from './check-signature';
import { listsAtHand } from './lists';

/** Checks a signature with the responders and the revocation lists at hand: a key that any of them knows as revoked is refused. */
export async function checkReceived(deps: Pick<Deps, 'checker' | 'db'>, request: CheckRequest): Promise<CheckResult> {
  return deps.checker.check({ ...request, lists: await listsAtHand(deps.db) });
}
