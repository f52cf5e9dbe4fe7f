import type { Deps } from '../deps';

/** Has stored letters sent now. Nobody waits for it: while Temporal is away they wait in the outbox, and housekeeping asks again. */
export function wakeSoon(deps: Pick<Deps, 'wakeOutbox' | 'log'>): void {
  deps.wakeOutbox().catch((error: Error) => deps.log.warn({ reason: error.message }, 'the sender of letters could not be told'));
}
