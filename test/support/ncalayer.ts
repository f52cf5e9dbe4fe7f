import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { createSimulator } from '../../scripts/simulators/ncalayer';
import type { Planned } from '../../scripts/simulators/ncalayer/desk';
import { demoKeyringFile } from './demo-people';
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

/** An NCALayer of a test file's own, which can be shut down and started again on the same port. */
export class OwnNcaLayer {
  private server: Server | null = null;
  private port = 0;

  /** host:port, the same after a restart. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = createSimulator({ keyringFile: demoKeyringFile() });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  }

  /** Speaks to its interface for tests. */
  tell(method: string, path: string, body: unknown): Promise<Response> {
    return fetch(`http://${this.address}${path}`, { method, body: JSON.stringify(body) });
  }

  /** Lays down what the person in front of it will do with the next requests. */
  plan(...outcomes: Planned[]): Promise<Response> {
    return this.tell('POST', '/control/plan', outcomes);
  }
}
