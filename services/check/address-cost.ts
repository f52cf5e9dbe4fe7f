import { isIPv6 } from 'node:net';
import { RateLimiterMemory } from 'rate-limiter-flexible';

/** What one address may have this server do in a window: processor time of checks (milliseconds) and bytes received. */
export type CostLimits = { workMs: number; bytes: number; windowSeconds: number };

export type AddressCost = {
  /** Seconds until the address may ask for work again; 0: now. */
  waitSeconds(address: string): Promise<number>;
  /** Notes what work for an address has taken, whatever came of it. */
  charge(address: string, cost: { workMs?: number; bytes?: number }): Promise<void>;
};

const kibibyte = 1024;

/** Counts cost instead of requests: a hundred ordinary checks cost less than one made to be costly. */
export function openAddressCost({ workMs, bytes, windowSeconds }: CostLimits): AddressCost {
  const limits = {
    work: new RateLimiterMemory({ points: workMs, duration: windowSeconds }),
    bytes: new RateLimiterMemory({ points: Math.ceil(bytes / kibibyte), duration: windowSeconds }),
  };
  const add = (limit: RateLimiterMemory, address: string, points: number): Promise<unknown> =>
    points > 0 ? limit.penalty(owner(address), Math.ceil(points)) : Promise.resolve();
  const owner = networkOf;
  return {
    async waitSeconds(address) {
      const kept = await Promise.all(Object.values(limits).map(async (limit) => ({ limit, now: await limit.get(owner(address)) })));
      const over = kept.filter(({ limit, now }) => now !== null && now.consumedPoints >= limit.points);
      return Math.max(0, ...over.map(({ now }) => Math.ceil((now?.msBeforeNext ?? 0) / 1_000)));
    },
    async charge(address, cost) {
      await add(limits.work, address, cost.workMs ?? 0);
      await add(limits.bytes, address, (cost.bytes ?? 0) / kibibyte);
    },
  };
}

/** Whom an address belongs to: of IPv6, a subscriber has all addresses of a /64. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('%')[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const all = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
