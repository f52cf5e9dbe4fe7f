import type { WebDeps } from '../context';
import type { CheckRequest, CheckResult } from './check-signature';
import { listsAtHand } from './lists';

/** Checks a signature with the responders and the revocation lists at hand: a key that any of them knows as revoked is refused. */
export async function checkReceived(deps: Pick<WebDeps, 'checker' | 'db'>, request: CheckRequest): Promise<CheckResult> {
  return deps.checker.check({ ...request, lists: await listsAtHand(deps.db) });
}
