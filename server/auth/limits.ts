import { RateLimiterMySQL, RateLimiterRes } from 'rate-limiter-flexible';
import { countedLogin } from '../../domain/people/logins';
import type { WebDeps } from '../context';

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
export function signInLimits(deps: Pick<WebDeps, 'db' | 'config'>) {
  const limiter = (keyPrefix: string, points: number, duration: number = windowSeconds): RateLimiterMySQL =>
    new RateLimiterMySQL({
      storeClient: deps.db,
      storeType: 'sequelize',
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
  const slowLogin = limiter('slow-login', 1, slow.login);
  const slowAddress = limiter('slow-address', 1, slow.address);

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

  return {
    /** Counts an attempt of this login before it is made. `deviceId` is what the browser was given when it let the account in. */
    async begin(typed: string, from: string, deviceId: string | null): Promise<AttemptOutcome> {
      const name = countedLogin(typed);
      const own: Key = deviceId === null ? [pair, `${name} ${from}`] : [device, deviceId];
      const taken: Key[] = [own];
      const wait = await take(own);
      if (wait !== null) return refused(wait);
      if (deviceId === null) {
        for (const [wideKey, slowKey] of [
          [
            [login, name],
            [slowLogin, name],
          ],
          [
            [address, from],
            [slowAddress, from],
          ],
        ] as [Key, Key][]) {
          taken.push(wideKey);
          if ((await take(wideKey)) === null) continue;
          const pause = await take(slowKey);
          if (pause !== null) return refused(pause);
        }
      }
      const giveBack = async (keys: readonly Key[]): Promise<void> => {
        for (const [counter, key] of keys) await counter.reward(key);
      };
      return {
        ok: true,
        attempt: {
          async succeeded() {
            await own[0].delete(own[1]);
            await giveBack(taken.slice(1));
          },
          undecided: () => giveBack(taken),
        },
      };
    },
  };
}
export type SignInLimits = ReturnType<typeof signInLimits>;
