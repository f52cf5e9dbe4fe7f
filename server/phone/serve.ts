import type { AddressInfo } from 'node:net';
import { phoneSender } from '../../integrations/temporal/phone';
import type { Deps } from '../../services/deps';
import { createListener, isOurs, phoneLimits } from '../kit/listener';
import { createPhoneApp } from './device-web';

export type RunningPhone = { port: number; stop(graceMs: number): Promise<void> };

/** Serves phones at their own address until `stop` is called; null when they are not expected. Rejects when the port is taken. */
export async function startPhone(deps: Deps): Promise<RunningPhone | null> {
  const { phone } = deps.config;
  if (!phone) return null;
  const app = createPhoneApp(deps, phoneSender(deps.temporal.client));
  const server = createListener(phoneLimits, app, isOurs(app));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(phone.listen.port, phone.listen.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  deps.log.info({ address, port, url: phone.url }, 'phones are expected');
  return {
    port,
    async stop(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
