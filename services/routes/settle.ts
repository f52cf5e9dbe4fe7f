import { Refusal } from '../../domain/refusals';
import type { Outcome } from '../../integrations/temporal/send';

/** Turns an outcome into a value or a refusal; `pending` answers the request itself when the outcome is not known yet. */
export async function settle<T>(outcome: Outcome<T>, pending: () => Promise<void>): Promise<T | null> {
  switch (outcome.kind) {
    case 'done':
      return outcome.value;
    case 'refused':
      throw new Refusal(outcome.code);
    case 'closed':
      throw new Refusal('route.ended');
    case 'down':
      throw new Refusal('temporal_down');
    case 'unknown':
      await pending();
      return null;
  }
}
