import type { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Directory } from '../integrations/directory/directory';
import type { Mailer } from '../integrations/mail/mailer';
import type { RouteSender } from '../integrations/temporal/send';
import type { ObjectStore } from '../storage/objects';
import type { Visitors } from './check/visitors';
import type { Config } from './config';
import type { SignatureChecker } from './signing/checker';
import type { Proofs } from './signing/proofs';
import type { TranslatorOf } from './texts/i18n';
import type { Db, InTx } from '../storage/db';

/** Everything the web process uses; handed to each service. */
export type Deps = {
  config: Config;
  db: Db;
  inTx: InTx;
  objects: ObjectStore;
  mailer: Mailer;
  directory: Directory | null;
  temporal: { client: Client; connection: Connection };
  send: RouteSender;
  /** Tells the sender of letters that something waits; the letters are stored already. */
  wakeOutbox: () => Promise<void>;
  checker: SignatureChecker;
  /** Checks of the public check page, in processes of their own. */
  visitors: Visitors;
  proofs: Proofs;
  /** Sentences in each language, for what is made outside a page. */
  texts: TranslatorOf;
  log: Logger;
  now: () => Date;
  newId: () => string;
};
