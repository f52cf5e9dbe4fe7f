import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { RateLimiterMySQL, RateLimiterRes } from 'rate-limiter-flexible';
import { accountByLogin, membershipsOf, type Membership } from '../../storage/queries/people';
import { insertSession, revokeSession } from '../../storage/queries/sessions';
import type { WebDeps } from '../context';
import { setSessionCookie } from '../middleware/cookies';
import { admitDirectoryPerson } from './directory-accounts';
import { passwordFits } from './passwords';

/** By what means a person came in; kept with the session. */
export type SignInSource = 'local' | 'ldap' | 'eds' | 'qr';

export type SignInOutcome =
  | { ok: true; personId: string; source: 'local' | 'ldap' }
  | { ok: false; code: 'sign_in.failed' | 'sign_in.directory_down' | 'sign_in.no_role' }
  | { ok: false; code: 'sign_in.limited'; minutes: number };

const windowSeconds = 15 * 60;
/** A refusal never comes sooner than this, so that its time says nothing about which part was wrong. Milliseconds. */
const refusalFloorMs = 350;

/** Limits of failed sign-ins by login and by address, kept in the database so that all web processes share them. */
export function signInLimits(deps: Pick<WebDeps, 'db' | 'config'>) {
  const limiter = (keyPrefix: string, points: number) =>
    new RateLimiterMySQL({
      storeClient: deps.db,
      storeType: 'sequelize',
      dbName: new URL(deps.config.databaseUrl).pathname.slice(1),
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix,
      points,
      duration: windowSeconds,
    });
  const byLogin = limiter('login', deps.config.signInAttempts);
  const byAddress = limiter('address', deps.config.signInAttempts * 10);
  const keys = (login: string, address: string) =>
    [
      [byLogin, login.toLowerCase().slice(0, 100)],
      [byAddress, address],
    ] as const;
  return {
    /** Minutes to wait, or 0 when an attempt is allowed. */
    async waitMinutes(login: string, address: string): Promise<number> {
      const held = await Promise.all(keys(login, address).map(async ([l, key]) => [l, await l.get(key)] as const));
      const wait = Math.max(0, ...held.map(([l, res]) => (res && res.consumedPoints >= l.points ? res.msBeforeNext : 0)));
      return Math.ceil(wait / 60_000);
    },
    async failed(login: string, address: string): Promise<void> {
      for (const [l, key] of keys(login, address)) {
        await l.consume(key).catch((error: unknown) => {
          if (!(error instanceof RateLimiterRes)) throw error;
        });
      }
    },
    async succeeded(login: string): Promise<void> {
      await byLogin.delete(login.toLowerCase().slice(0, 100));
    },
  };
}
export type SignInLimits = ReturnType<typeof signInLimits>;

/** Checks a login and password: a local account by its hash, any other login by the directory. Unknown and wrong are one answer. */
export async function checkSignIn(
  deps: WebDeps,
  limits: SignInLimits,
  login: string,
  password: string,
  address: string,
): Promise<SignInOutcome> {
  const minutes = await limits.waitMinutes(login, address);
  if (minutes > 0) return { ok: false, code: 'sign_in.limited', minutes };
  const floor = new Promise((resolve) => setTimeout(resolve, refusalFloorMs));
  const outcome = await match(deps, login, password);
  if (outcome.ok) {
    await limits.succeeded(login);
    return outcome;
  }
  if (outcome.code === 'sign_in.failed') await limits.failed(login, address);
  await floor;
  return outcome;
}

async function match(deps: WebDeps, login: string, password: string): Promise<SignInOutcome> {
  const account = await accountByLogin(deps.db, login);
  if (account?.source === 'local' || !deps.directory) {
    const fits = await passwordFits(account?.source === 'local' && !account.disabledAt ? account.passwordHash : null, password);
    return fits && account ? { ok: true, personId: account.personId, source: 'local' } : { ok: false, code: 'sign_in.failed' };
  }
  const [checked] = await Promise.all([deps.directory.authenticate(login, password), passwordFits(null, password)]);
  if (!checked.ok) return { ok: false, code: checked.reason === 'down' ? 'sign_in.directory_down' : 'sign_in.failed' };
  const personId = await admitDirectoryPerson(deps, checked.person);
  return personId ? { ok: true, personId, source: 'ldap' } : { ok: false, code: 'sign_in.no_role' };
}

/** Opens a session under a fresh token; the visitor's former session ends. Returns its id and the organisations to choose from. */
export async function openSession(
  deps: WebDeps,
  req: Request,
  res: Response,
  personId: string,
  source: SignInSource,
): Promise<{ sessionId: string; memberships: Membership[] }> {
  const memberships = await membershipsOf(deps.db, personId);
  const former = req.kense.session;
  if (former) await revokeSession(deps.db, former.person.id, former.id, deps.now());
  const token = randomBytes(32).toString('base64url');
  const only = memberships.length === 1 ? memberships[0] : undefined;
  const sessionId = deps.newId();
  await insertSession(
    deps.db,
    {
      id: sessionId,
      token,
      csrf: randomBytes(32).toString('base64url'),
      personId,
      organisationId: only?.organisationId ?? null,
      source,
      address: req.ip ?? '',
      userAgent: req.get('User-Agent') ?? '',
    },
    deps.config.session,
    deps.now(),
  );
  setSessionCookie(res, deps.config, token);
  return { sessionId, memberships };
}
