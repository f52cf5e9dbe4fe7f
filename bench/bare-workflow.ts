import { allHandlersFinished, condition, defineUpdate, proxyLocalActivities, setHandler } from '@temporalio/workflow';

/** What the speed of a route is compared with: nothing but Updates, each with one local activity that does nothing. */
export const bareUpdate = defineUpdate<number, [string]>('bareUpdate');

const local = proxyLocalActivities<{ trivial(text: string): Promise<number> }>({ startToCloseTimeout: '10s' });

/** Takes this many Updates, then ends. */
export async function bareWorkflow(updates: number): Promise<void> {
  let taken = 0;
  setHandler(bareUpdate, async (text: string) => {
    const length = await local.trivial(text);
    taken++;
    return length;
  });
  await condition(() => taken === updates);
  await condition(allHandlersFinished);
}
