import type { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Directory } from '../integrations/directory/directory';
import type { Mailer } from '../integrations/mail/mailer';
import type { Pki } from '../integrations/pki/pki';
import type { RouteSender } from '../integrations/temporal/send';
import type { InstallationPolicy, TrustStore } from '../signature';
import type { Db, InTx } from '../storage/db';
import type { HeadStore } from '../storage/head-store';
import type { ObjectStore } from '../storage/objects';
import type { Visitors } from './check/visitors';
import type { Config } from './config';
import type { RenderQueued } from './mail/render';
import type { PdfMaker } from './print/maker';
import type { SignatureChecker } from './signing/checker';
import type { Proofs } from './signing/proofs';
import type { TranslatorOf } from './texts/i18n';

/** What every process uses of the world; tests give their own. */
export type CommonDeps = {
  config: Config;
  db: Db;
  inTx: InTx;
  objects: ObjectStore;
  mailer: Mailer;
  /** The organisation's directory, where there is one. */
  directory: Directory | null;
  temporal: { client: Client; connection: Connection };
  /** Sends commands to routes. */
  send: RouteSender;
  /** Tells the sender of letters that something waits; the letters are stored already. */
  wakeOutbox: () => Promise<void>;
  /** Sentences in each language, for what is made outside a page. */
  texts: TranslatorOf;
  log: Logger;
  now: () => Date;
  newId: () => string;
};

/** What the web process uses; handed to each service. */
export type Deps = CommonDeps & {
  checker: SignatureChecker;
  /** Checks of the public check page, in processes of their own. */
  visitors: Visitors;
  proofs: Proofs;
};

/** What the workers use; handed to each service that an activity calls. */
export type WorkerDeps = CommonDeps & {
  /** Where the heads of the audit log are kept. */
  heads: HeadStore;
  /** Responders, time-stamping authority. */
  pki: Pki;
  trust: TrustStore;
  policy: InstallationPolicy;
  renderMail: RenderQueued;
  /** Makes derived PDFs away from this process, with limits. */
  pdf: PdfMaker;
};
