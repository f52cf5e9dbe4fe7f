import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoKey } from '../keyring';

/** Which keys a program asks for; an empty list or null asks for nothing. */
export interface KeyFilter {
  extKeyUsageOids: string[];
  iin: string | null;
  bin: string | null;
  serialNumber: string | null;
  /** Base64 DER of the authorities a key must come from; null means those of the demonstration, [] any. */
  chain: string[] | null;
  allowExpired: boolean;
}

/** A request that waits for a person to choose a key. */
export interface Pending {
  id: string;
  /** What the chosen key is wanted for. */
  kind: 'signature' | 'key information';
  documents: number;
  /** The site that asks, as the browser names it. */
  origin: string;
  filter: KeyFilter;
  since: string;
}

/** What becomes of a request. A key is taken as it is, also one that does not fit: that is how a hostile program behaves. */
export type Outcome =
  | { do: 'choose'; key: string }
  | { do: 'cancel' }
  | { do: 'close' }
  /** The program ends in the middle of its work, for everybody, and is back after a while. */
  | { do: 'die'; forMs: number }
  | { do: 'error'; code?: string; message?: string; details?: string }
  | { do: 'raw'; text: string };

/** An outcome laid down before the request comes; with `iin` it waits for a request about that person. */
export type Planned = Outcome & { iin?: string; delayMs?: number };

/** Why a key does not fit a request; null when it fits. */
export type Misfit = 'person' | 'company' | 'purpose' | 'serial' | 'expired' | 'authority';

/** Whether NCALayer would offer this key for a request, or why not. */
export function misfitOf(key: DemoKey, filter: KeyFilter, now: Date, authorities: readonly string[]): Misfit | null {
  const { certificate } = key;
  if (filter.iin !== null && certificate.person.iin !== filter.iin) return 'person';
  if (filter.bin !== null && certificate.person.bin !== filter.bin) return 'company';
  if (!filter.extKeyUsageOids.every((oid) => certificate.extendedKeyUsage?.includes(oid))) return 'purpose';
  if (filter.serialNumber !== null && certificate.serial !== BigInt(`0x${filter.serialNumber.replace(/^0x/i, '')}`)) return 'serial';
  if (!filter.allowExpired && (now < certificate.notBefore || now > certificate.notAfter)) return 'expired';
  if (filter.chain !== null && filter.chain.length > 0 && !filter.chain.some((der) => authorities.includes(der))) return 'authority';
  return null;
}

/** Requests that wait, and outcomes laid down for those to come. */
export class Desk {
  private readonly waiting = new Map<string, { pending: Pending; settle: (outcome: Outcome) => void }>();
  private planned: Planned[] = [];

  /** Asks for a key; waits for a person (or a plan) as long as it takes. Null when the asking program went away. */
  async ask(order: Omit<Pending, 'id' | 'since'>, gone: AbortSignal): Promise<Outcome | null> {
    const plan = this.takePlan(order.filter.iin);
    if (plan) {
      await sleep(plan.delayMs ?? 0);
      return plan;
    }
    const pending: Pending = { ...order, id: randomUUID(), since: new Date().toISOString() };
    return new Promise((resolve) => {
      const settle = (outcome: Outcome | null) => {
        this.waiting.delete(pending.id);
        resolve(outcome);
      };
      if (gone.aborted) return settle(null);
      this.waiting.set(pending.id, { pending, settle });
      gone.addEventListener('abort', () => settle(null), { once: true });
    });
  }

  pending(): Pending[] {
    return [...this.waiting.values()].map((each) => each.pending);
  }

  /** Ends a waiting request; false when it waits no more. */
  settle(id: string, outcome: Outcome): boolean {
    const found = this.waiting.get(id);
    found?.settle(outcome);
    return found !== undefined;
  }

  plan(outcomes: readonly Planned[]): void {
    this.planned.push(...outcomes);
  }

  /** Forgets the plans nobody has used; returns how many there were. */
  clearPlans(): number {
    const left = this.planned.length;
    this.planned = [];
    return left;
  }

  private takePlan(iin: string | null): Planned | null {
    const index = this.planned.findIndex((plan) => plan.iin === undefined || plan.iin === iin);
    return index < 0 ? null : this.planned.splice(index, 1)[0]!;
  }
}
