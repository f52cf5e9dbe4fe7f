import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Lang } from '../domain/languages';
import type { SecretKeys } from '../domain/secret-keys';
import type { Directory } from '../integrations/directory/directory';
import type { Mailer } from '../integrations/mail/mailer';
import type { Pki } from '../integrations/pki/pki';
import type { RouteSender } from '../integrations/temporal/send';
import type { InstallationPolicy, TrustStore } from '../signature';
import type { CardOrder } from '../signature/card';
import type { SignedPdfOrder } from '../signature/sheet';
import type { HeadStore } from '../storage/head-store';
import type { ObjectStore } from '../storage/objects';
import type { OutboxTemplate } from '../storage/outbox';
import type { MailTemplate } from '../storage/queries/mail';
import type { Db, InTx } from '../storage/db';

/** Renders one mail in the recipient's language. */
export type RenderMail = (
  template: MailTemplate | OutboxTemplate | 'audit-head',
  data: Record<string, unknown>,
  language: Lang,
) => { subject: string; text: string; html: string };

/** A derived PDF as it is ordered; its original comes as a stream. */
export type PdfOrder =
  { kind: 'sheet'; content: Omit<SignedPdfOrder, 'original'> } | { kind: 'card'; content: Omit<CardOrder, 'original'> };

/** Makes derived PDFs away from this process, with limits. */
export type PdfMaker = {
  /**
   * Makes one and hands its file to `use`. `ok: false`: the original is made so that it costs too much; trying again is no use. Rejects
   * when the maker itself broke.
   */
  make(
    order: PdfOrder,
    original: () => Promise<Readable>,
    use: (file: string) => Promise<void>,
  ): Promise<{ ok: true } | { ok: false; why: string }>;
  close(): Promise<void>;
};

/** Everything activities use of the world; tests give their own. */
export type WorkerDeps = {
  db: Db;
  inTx: InTx;
  objects: ObjectStore;
  /** Where the heads of the audit log are kept. */
  heads: HeadStore;
  mailer: Mailer;
  /** The organisation's directory, where there is one, and how large a share of its people may leave in one look without a person's word. */
  directory: Directory | null;
  syncMaxPercent: number;
  /** Tells the sender of letters that something waits. */
  wakeOutbox: () => Promise<void>;
  /** Responders, time-stamping authority. */
  pki: Pki;
  pkiSettings: { tspUrl: string | null; crlUrls: readonly string[]; timeoutMs: number; proxyUrl: string | null };
  trust: TrustStore;
  policy: InstallationPolicy;
  /** A line for the log of this process. */
  log: Pick<Logger, 'warn'>;
  /** Sends commands to routes, for what is answered without a browser. */
  send: RouteSender;
  renderMail: RenderMail;
  pdf: PdfMaker;
  /** The text of a locale key, for files made outside a page. */
  translate: (language: Lang, key: string, params?: Record<string, string | number>) => string;
  /** Keys of the unguessable addresses. */
  secrets: SecretKeys;
  /** Address people reach the installation at, without a slash at the end. */
  publicUrl: string;
  now: () => Date;
  newId: () => string;
  /** How long a one-person link works, milliseconds. */
  invitationLifeMs: number;
};
