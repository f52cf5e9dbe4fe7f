import type { Page } from 'playwright-core';
import type { Planned } from '../../scripts/simulators/ncalayer/desk';
import { servers } from './servers';
import { until } from './until';

/** Address of the simulator's window and of its interface for tests. */
export const ncalayerWindow = (): string => servers().env['KENSE_NCALAYER_WINDOW_URL'] ?? '';

/** Lays down what the person in front of NCALayer will do with the next requests. */
export async function planKeys(...outcomes: Planned[]): Promise<void> {
  const answer = await fetch(`${ncalayerWindow()}/control/plan`, { method: 'POST', body: JSON.stringify(outcomes) });
  if (!answer.ok) throw new Error(`the simulator refused the plan: ${await answer.text()}`);
}

/** Waits until NCALayer asks for a key of this person; returns the id of the request. */
export const waitForRequest = (iin: string): Promise<string> =>
  until(`a request for a key of ${iin}`, async () => {
    const state = (await (await fetch(`${ncalayerWindow()}/state`)).json()) as {
      pending: { id: string; filter: { iin: string | null } }[];
    };
    return state.pending.find((each) => each.filter.iin === iin)?.id;
  });

/** Chooses a key in the window that the signing dialog opens. */
export async function chooseInWindow(popup: Page, iin: string, key: string): Promise<void> {
  const id = await waitForRequest(iin);
  await popup.locator(`[data-pending="${id}"] button[data-key="${key}"]`).click();
}
