import { RateLimiterMySQL, RateLimiterRes } from 'rate-limiter-flexible';
import { countedLogin } from '../../domain/people/logins';
import type { Deps } from '../deps';
import { connectionsOf } from '../../storage/db';

const windowSeconds = 15 * 60;

/** Beyond their own limits a login or an address is not closed, only slow: one attempt in so many seconds. */
const slow = { login: 30, address: 2 } as const;

/** How many times the attempts of one login from one address a login, and an address, may fail before they become slow. */
const wide = { login: 5, address: 10 } as const;

/** An attempt that has been counted before it is made: `failed` leaves it counted, `undecided` gives it back, `succeeded` forgets the failures too. */
export type Attempt = { succeeded(): Promise<void>; undecided(): Promise<void> };
export type AttemptOutcome = { ok: true; attempt: Attempt } | { ok: false; minutes: number };

type Key = [limiter: RateLimiterMySQL, key: string];

/**
 * Limits of attempts to sign in, kept in the database so that all web processes share them. What is locked is a login as seen from one
 * address, so that nobody can lock out an owner from elsewhere; a browser that has let this account in before is counted by itself.
 */
export function signInLimits(deps: Pick<Deps, 'db' | 'config'>) {
  const limiter = (keyPrefix: string, points: number, duration: number = windowSeconds): RateLimiterMySQL =>
    new RateLimiterMySQL({
      storeClient: connectionsOf(deps.db),
      storeType: 'pool',
      dbName: new URL(deps.config.databaseUrl).pathname.slice(1),
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix,
      points,
      duration,
    });
  const { signInAttempts } = deps.config;
  const pair = limiter('pair', signInAttempts);
  const device = limiter('device', signInAttempts);
  const login = limiter('login', signInAttempts * wide.login);
  const address = limiter('address', signInAttempts * wide.address);
  const keyAddress = limiter('key-address', signInAttempts * wide.address);
  const code = limiter('code', signInAttempts);
  const slowLogin = limiter('slow-login', 1, slow.login);
  const slowAddress = limiter('slow-address', 1, slow.address);
  const slowKeyAddress = limiter('slow-key-address', 1, slow.address);

  /** Counts one attempt; null when it may be made, else how long to wait in milliseconds. */
  const take = async ([counter, key]: Key): Promise<number | null> => {
    try {
      await counter.consume(key);
      return null;
    } catch (error) {
      if (error instanceof RateLimiterRes) return error.msBeforeNext;
      throw error;
    }
  };
  const refused = (waitMs: number): AttemptOutcome => ({ ok: false, minutes: Math.max(1, Math.ceil(waitMs / 60_000)) });

  const giveBack = async (keys: readonly Key[]): Promise<void> => {
    for (const [counter, key] of keys) await counter.reward(key);
  };
  /** What may be done with an attempt counted by `own`, whose failures belong to it alone, and by `shared`. */
  const attempt = (own: Key, shared: readonly Key[]): AttemptOutcome => ({
    ok: true,
    attempt: {
      async succeeded() {
        await own[0].delete(own[1]);
        await giveBack(shared);
      },
      undecided: () => giveBack([own, ...shared]),
    },
  });
  /** Counts an attempt by a limit that does not close but slows down; null when it may be made, else how long to wait in milliseconds. */
  const brake = async (counted: Key, slowed: Key): Promise<number | null> => ((await take(counted)) === null ? null : take(slowed));

  return {
    /** Counts an attempt of this login before it is made. `deviceId` is what the browser was given when it let the account in. */
    async begin(typed: string, from: string, deviceId: string | null): Promise<AttemptOutcome> {
      const name = countedLogin(typed);
      const own: Key = deviceId === null ? [pair, `${name} ${from}`] : [device, deviceId];
      const wait = await take(own);
      if (wait !== null) return refused(wait);
      if (deviceId !== null) return attempt(own, []);
      const shared: Key[] = [
        [login, name],
        [address, from],
      ];
      const pause = (await brake([login, name], [slowLogin, name])) ?? (await brake([address, from], [slowAddress, from]));
      return pause === null ? attempt(own, shared) : refused(pause);
    },

    /** Counts an attempt with a key: only by its address, for what one person signs is no guess at another's key. */
    async beginKey(from: string): Promise<AttemptOutcome> {
      const counted: Key = [keyAddress, from];
      const pause = await brake(counted, [slowKeyAddress, from]);
      return pause === null ? attempt(counted, []) : refused(pause);
    },

    /** Counts a code of the second factor, whatever half-made sign-in it belongs to. */
    async beginCode(accountId: string): Promise<AttemptOutcome> {
      const own: Key = [code, accountId];
      const wait = await take(own);
      return wait === null ? attempt(own, []) : refused(wait);
    },
  };
}

export type SignInLimits = ReturnType<typeof signInLimits>;
