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
import type { CommonDeps, Deps, WorkerDeps } from './deps';
import { openLog } from './log';
import { mailRenderer } from './mail/render';
import { openPdfMaker } from './print/maker';
import { root } from './root';
import { openSignatureChecker } from './signing/checker';
import { loadPolicy } from './signing/policy';
import { openProofs } from './signing/proofs';
import { checkedTrust } from './signing/trust';
import { openTexts } from './texts/i18n';
import { openDatabase, transactions } from '../storage/db';

export const now = (): Date => new Date();

/** Opens the servers everything else stands on; nothing connects before it is needed. */
export function openParts(config: Config, poolMax = 10): Pick<CommonDeps, 'db' | 'temporal' | 'objects'> {
  return {
    db: openDatabase({ url: config.databaseUrl, tls: config.databaseTls, keys: config.secrets, poolMax }),
    temporal: openTemporal(config.temporal, config.secrets),
    objects: openObjectStore(config.objects),
  };
}

/** Opens what every process uses; `poolMax` is how many connections to the database it may hold. */
function commonDeps(config: Config, role: 'web' | 'worker', poolMax?: number): CommonDeps {
  const parts = openParts(config, poolMax);
  return {
    config,
    ...parts,
    inTx: transactions(parts.db),
    mailer: openMailer(config.smtp),
    directory: config.directory ? openDirectory(config.directory) : null,
    send: routeSender(parts.temporal.client),
    wakeOutbox: () => wakeOutbox(parts.temporal.client),
    texts: openTexts({ root, isStrict: config.isStrict }),
    log: openLog(config, role),
    now,
    newId,
  };
}

/** Opens what the web process uses; nothing connects before it is needed. */
export function webDeps(config: Config): Deps {
  const common = commonDeps(config, 'web');
  const { log, temporal } = common;
  const checks = { trustFiles: config.trustFiles, policyFile: config.policyFile, pki: config.pki };
  return {
    ...common,
    checker: openSignatureChecker(checks),
    visitors: openVisitors(checks, { uploadMaxBytes: config.uploadMaxBytes, log }),
    proofs: openProofs(evidenceSender(temporal.client), config.proofDelayMs, log),
  };
}

/** Opens what activities use; `poolMax` follows the number of activity slots. */
export function activityDeps(config: Config, poolMax: number): WorkerDeps & { close(): Promise<void> } {
  const common = commonDeps(config, 'worker', poolMax);
  const renderMail = mailRenderer(common.texts, { root, isStrict: config.isStrict });
  const pdf = openPdfMaker();
  return {
    ...common,
    heads: openHeadStore({ ...config.objects, ...config.auditHeads }),
    pki: openPki(config.pki, now),
    trust: checkedTrust(config),
    policy: loadPolicy(config.policyFile),
    renderMail: (template, data, language) => renderMail(template, data as never, language),
    pdf,
    async close() {
      common.mailer.close();
      await pdf.close();
      await common.temporal.connection.close();
      await common.db.destroy();
    },
  };
}
