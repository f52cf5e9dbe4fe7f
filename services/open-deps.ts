import { openDirectory } from '../integrations/directory/directory';
import { openMailer } from '../integrations/mail/mailer';
import { openPki } from '../integrations/pki/pki';
import { openTemporal } from '../integrations/temporal/client';
import { evidenceSender } from '../integrations/temporal/evidence';
import { wakeOutbox } from '../integrations/temporal/outbox';
import { routeSender } from '../integrations/temporal/send';
import { openHeadStore } from '../storage/head-store';
import { newId } from '../storage/ids';
import { openObjectStore } from '../storage/objects';
import { openVisitors } from './check/visitors';
import type { Config } from './config';
import type { Deps } from './deps';
import { openLog } from './log';
import { mailRenderer } from './mail/render';
import { openPdfMaker } from './print/maker';
import { root } from './root';
import { openSignatureChecker } from './signing/checker';
import { loadPolicy } from './signing/policy';
import { openProofs } from './signing/proofs';
import { checkedTrust } from './signing/trust';
import { openTexts } from './texts/i18n';
import type { WorkerDeps } from './worker-deps';
import { openDatabase, transactions } from '../storage/db';

export const now = (): Date => new Date();

/** Opens the servers everything else stands on; nothing connects before it is needed. */
export function openParts(config: Config): Pick<Deps, 'db' | 'temporal' | 'objects'> {
  return {
    db: openDatabase({ url: config.databaseUrl, tls: config.databaseTls, keys: config.secrets, poolMax: 10 }),
    temporal: openTemporal(config.temporal, config.secrets),
    objects: openObjectStore(config.objects),
  };
}

/** Opens what the web process uses; nothing connects before it is needed. */
export function webDeps(config: Config): Deps {
  const { db, temporal, objects } = openParts(config);
  const log = openLog(config, 'web');
  const checks = { trustFiles: config.trustFiles, policyFile: config.policyFile, pki: config.pki };
  return {
    config,
    db,
    inTx: transactions(db),
    objects,
    mailer: openMailer(config.smtp),
    directory: config.directory ? openDirectory(config.directory) : null,
    temporal,
    send: routeSender(temporal.client),
    wakeOutbox: () => wakeOutbox(temporal.client),
    checker: openSignatureChecker(checks),
    visitors: openVisitors(checks, { uploadMaxBytes: config.uploadMaxBytes, log }),
    texts: openTexts({ root, isStrict: config.isStrict }),
    proofs: openProofs(evidenceSender(temporal.client), config.proofDelayMs, log),
    log,
    now,
    newId,
  };
}

/** Opens what activities use; `poolMax` follows the number of activity slots. */
export function activityDeps(config: Config, poolMax: number): WorkerDeps & { close(): Promise<void> } {
  const db = openDatabase({ url: config.databaseUrl, tls: config.databaseTls, keys: config.secrets, poolMax });
  const mailer = openMailer(config.smtp);
  const temporal = openTemporal(config.temporal, config.secrets);
  const texts = openTexts({ root, isStrict: config.isStrict });
  const renderMail = mailRenderer(texts, { root, isStrict: config.isStrict });
  const log = openLog(config, 'worker');
  const pdf = openPdfMaker();
  return {
    db,
    inTx: transactions(db),
    objects: openObjectStore(config.objects),
    heads: openHeadStore({ ...config.objects, ...config.auditHeads }),
    mailer,
    directory: config.directory ? openDirectory(config.directory) : null,
    syncMaxPercent: config.directory?.syncMaxPercent ?? 0,
    wakeOutbox: () => wakeOutbox(temporal.client),
    pki: openPki(config.pki, now),
    pkiSettings: config.pki,
    trust: checkedTrust(config),
    policy: loadPolicy(config.policyFile),
    log,
    send: routeSender(temporal.client),
    // The data was made for this template by who queued the mail; tests render every template with it.
    renderMail: (template, data, language) => renderMail(template, data as never, language),
    pdf,
    translate: (language, key, params) => texts(language).t(key, params),
    secrets: config.secrets,
    publicUrl: config.publicUrl,
    now,
    newId,
    invitationLifeMs: config.invitationLifeMs,
    async close() {
      mailer.close();
      await pdf.close();
      await temporal.connection.close();
      await db.destroy();
    },
  };
}
