import type { AddressInfo } from 'node:net';
import { reasonOf } from '../domain/safe-error';
import { prepareMessages } from '../integrations/temporal/messages';
import type { Config } from '../services/config';
import { checkNamedFiles, findWarnings } from '../services/config-check';
import type { Deps } from '../services/deps';
import { webDeps } from '../services/open-deps';
import { niceness, takePlace } from '../services/isolation/priority';
import { sweepScratch } from '../services/scratch';
import { createApp } from './app';
import { createListener, isOurs, webLimits } from './kit/listener';
import { startPhone } from './phone/serve';
import { assertDatabase } from '../storage/db';

/** How long requests under way may still take once the process was told to stop, milliseconds. */
const graceMs = 10_000;

export type RunningWeb = { address: string; port: number; deps: Deps; stop(): Promise<void> };

/** Serves the web application until `stop` is called; resolves once it listens. Rejects when the port is taken. */
export async function startWeb(config: Config): Promise<RunningWeb> {
  checkNamedFiles(config);
  const deps = webDeps(config);
  for (const warning of findWarnings(config)) deps.log.warn(warning);
  await sweepScratch();
  takePlace(niceness.pages);
  prepareMessages();
  deps.checker.start();
  deps.visitors.start();
  const app = createApp(deps);
  const server = createListener(webLimits, app, isOurs(app));
  await assertDatabase(deps.db).catch((error: unknown) => deps.log.warn({ reason: reasonOf(error) }, 'the database is not ready yet'));
  await deps.objects
    .ensureBucket()
    .catch((error: unknown) => deps.log.warn({ reason: reasonOf(error) }, 'the object store is not ready yet'));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.listen.port, config.listen.host, resolve);
  });
  const phone = await startPhone(deps).catch((error: Error) => {
    server.close();
    throw error;
  });
  const { port, address } = server.address() as AddressInfo;
  deps.log.info({ address, port, url: config.publicUrl }, 'web is listening');
  return {
    address,
    port,
    deps,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await Promise.all([closed, phone?.stop(graceMs)]);
      clearTimeout(timer);
      await deps.proofs.flush();
      await Promise.all([deps.checker.close(), deps.visitors.close()]);
      deps.mailer.close();
      await deps.temporal.connection.close();
      await deps.db.destroy();
    },
  };
}
