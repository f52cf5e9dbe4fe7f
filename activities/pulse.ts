import { asyncLocalStorage } from '@temporalio/activity';

/** How often Temporal hears that an activity is alive; less than a third of the heartbeat timeouts. Milliseconds. */
const pulseMs = 4_000;

/** Does work while Temporal hears of it, so that work lost with its process or with the server is given out again within seconds. */
export async function withPulse<T>(work: () => Promise<T>): Promise<T> {
  const context = asyncLocalStorage.getStore(); // none when the work is called without Temporal
  const pulse = setInterval(() => context?.heartbeat(), pulseMs);
  try {
    return await work();
  } finally {
    clearInterval(pulse);
  }
}
