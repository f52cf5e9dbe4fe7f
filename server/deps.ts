import type { Deps as ActivityDeps } from '../activities';
import { openDirectory } from '../integrations/directory/directory';
import { openPki } from '../integrations/pki/pki';
import { openMailer } from '../integrations/mail/mailer';
import { evidenceSender } from '../integrations/temporal/evidence';
import { openTemporal } from '../integrations/temporal/client';
import { wakeOutbox } from '../integrations/temporal/outbox';
import { routeSender } from '../integrations/temporal/send';
import { openDatabase } from '../storage/database';
import { newId } from '../storage/ids';
import { openObjectStore } from '../storage/objects';
import { transactions } from '../storage/tx';
import type { Config } from './config';
import type { WebDeps } from './context';
import { openLog } from './log';
import { createRenderer } from './render';
import { root } from './root';
import { openSignatureChecker } from './signing/checker';
import { loadTrust } from './signing/check-signature';
import { loadPolicy } from './signing/policy';
import { openProofs } from './signing/proofs';

const now = (): Date => new Date();

/** Opens what the web process uses; nothing connects before it is needed. */
export function webDeps(config: Config): WebDeps {
  const db = openDatabase({ url: config.databaseUrl, poolMax: 10 });
  const temporal = openTemporal(config.temporal, config.secret);
  const log = openLog(config, 'web');
  return {
    config,
    db,
    inTx: transactions(db),
    objects: openObjectStore(config.objects),
    mailer: openMailer(config.smtp),
    directory: config.directory ? openDirectory(config.directory) : null,
    temporal,
    send: routeSender(temporal.client),
    wakeOutbox: () => wakeOutbox(temporal.client),
    checker: openSignatureChecker({ trustFiles: config.trustFiles, policyFile: config.policyFile, pki: config.pki }),
    render: createRenderer({ root, isProduction: config.isProduction }),
    proofs: openProofs(evidenceSender(temporal.client), config.proofDelayMs, log),
    log,
    now,
    newId,
  };
}

/** Opens what activities use; `poolMax` follows the number of activity slots. */
export function activityDeps(config: Config, poolMax: number): ActivityDeps & { close(): Promise<void> } {
  const db = openDatabase({ url: config.databaseUrl, poolMax });
  const mailer = openMailer(config.smtp);
  const temporal = openTemporal(config.temporal, config.secret);
  const renderer = createRenderer({ root, isProduction: config.isProduction });
  const log = openLog(config, 'worker');
  return {
    db,
    inTx: transactions(db),
    objects: openObjectStore(config.objects),
    mailer,
    directory: config.directory ? openDirectory(config.directory) : null,
    syncMaxPercent: config.directory?.syncMaxPercent ?? 0,
    wakeOutbox: () => wakeOutbox(temporal.client),
    pki: openPki(config.pki, now),
    pkiSettings: config.pki,
    trust: loadTrust(config.trustFiles),
    policy: loadPolicy(config.policyFile),
    warn: (facts, text) => log.warn(facts, text),
    send: routeSender(temporal.client),
    // The data was made for this template by activities/mail.ts; tests render every template with it.
    renderMail: (template, data, language) => renderer.renderMail(template, data as never, language),
    translate: (language, key, params) => renderer.translator(language).t(key, params),
    secret: config.secret,
    publicUrl: config.publicUrl,
    now,
    newId,
    invitationLifeMs: config.invitationLifeMs,
    async close() {
      mailer.close();
      await temporal.connection.close();
      await db.close();
    },
  };
}
