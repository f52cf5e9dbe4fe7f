import { appendAudit } from '../../storage/audit';
import { type Account, accountByLogin, membershipsOf, personById } from '../../storage/queries/people';
import { installation } from '../../storage/queries/settings';
import type { Deps } from '../deps';
import { admitDirectoryPerson } from './directory-accounts';
import type { SignInLimits } from './limits';
import { passwordFits } from './passwords';

export type SignInRefusal =
  | { ok: false; code: 'sign_in.failed' | 'sign_in.directory_down' | 'sign_in.no_role' | 'sign_in.login_reused' }
  | { ok: false; code: 'sign_in.limited'; minutes: number };
export type SignInOutcome = { ok: true; account: Account } | SignInRefusal;

/** Where a password comes from: an address, and the id under which its browser is counted for an account it has let in before. */
export type Visit = { address: string; deviceOf(accountId: string | null): string | null };

/** A refusal never comes sooner than this, so that its time says nothing about which part was wrong. Milliseconds. */
const refusalFloorMs = 350;

/**
 * Checks a login and password: a local account by its hash, any other login by the directory. Unknown and wrong are one answer. The
 * attempt is counted before it is made and given back when it was right, so that many at once are no more than many in a row.
 */
export async function checkSignIn(deps: Deps, limits: SignInLimits, visit: Visit, login: string, password: string): Promise<SignInOutcome> {
  const account = await accountByLogin(deps.db, login);
  const counted = await limits.begin(login, visit.address, visit.deviceOf(account?.id ?? null));
  if (!counted.ok) return { ok: false, code: 'sign_in.limited', minutes: counted.minutes };
  const floor = new Promise((resolve) => setTimeout(resolve, refusalFloorMs));
  const outcome = await match(deps, account, login, password);
  if (outcome.ok) {
    await counted.attempt.succeeded();
    return outcome;
  }
  if (outcome.code === 'sign_in.failed') await noteRefusal(deps, account, login, visit.address, outcome.code);
  else await counted.attempt.undecided();
  await floor;
  return outcome;
}

async function match(deps: Deps, account: Account | null, login: string, password: string): Promise<SignInOutcome> {
  if (account?.source === 'local' || !deps.directory) {
    const fits = await passwordFits(account?.source === 'local' && !account.disabledAt ? account.passwordHash : null, password);
    return fits && account ? { ok: true, account } : { ok: false, code: 'sign_in.failed' };
  }
  const [checked] = await Promise.all([deps.directory.authenticate(login, password), passwordFits(null, password)]);
  if (!checked.ok) return { ok: false, code: checked.reason === 'down' ? 'sign_in.directory_down' : 'sign_in.failed' };
  return admitDirectoryPerson(deps, checked.person);
}

/** Writes a refused sign-in into the log of each organisation the account belongs to, or of the installation when it is nobody's. */
export async function noteRefusal(
  deps: Pick<Deps, 'db' | 'inTx' | 'now' | 'newId'>,
  account: Account | null,
  login: string,
  address: string,
  code: string,
): Promise<void> {
  const places = account ? await membershipsOf(deps.db, account.personId) : [];
  const person = account && (await personById(deps.db, account.personId));
  const now = deps.now();
  for (const organisationId of places.length > 0 ? places.map((place) => place.organisationId) : [installation]) {
    await deps.inTx((tx) =>
      appendAudit(tx, {
        organisationId,
        at: now,
        actor: { kind: 'guest', id: 'visitor', name: '' },
        action: 'person.sign_in_refused',
        entityId: person?.id ?? installation,
        commandId: deps.newId(),
        details: { login: login.slice(0, 120), address, code },
      }),
    );
  }
}
