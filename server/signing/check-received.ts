import { revocationLists } from '../../storage/queries/evidence';
import type { WebDeps } from '../context';
import type { CheckRequest, CheckResult } from './check-signature';

/** Checks a signature with the responders; where none of them answers, once more with the revocation lists at hand. */
export async function checkReceived(deps: Pick<WebDeps, 'checker' | 'db'>, request: CheckRequest): Promise<CheckResult> {
  const first = await deps.checker.check(request);
  if (!first.ok || !first.isUnanswered || !first.report.signers.some((signer) => signer.pending.includes('revocation'))) return first;
  const lists = await revocationLists(deps.db);
  return lists.length === 0 ? first : deps.checker.check({ ...request, lists: lists.map((list) => list.der) });
}
