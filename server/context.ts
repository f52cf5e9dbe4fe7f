import type { Client, Connection } from '@temporalio/client';
import type { Request } from 'express';
import type { Logger } from 'pino';
import type { Sequelize } from 'sequelize';
import type { Actor, Member } from '../domain/people/roles';
import type { Directory } from '../integrations/directory/directory';
import type { Mailer } from '../integrations/mail/mailer';
import type { RouteSender } from '../integrations/temporal/send';
import type { ObjectStore } from '../storage/objects';
import type { Session } from '../storage/queries/sessions';
import type { InTx } from '../storage/tx';
import type { Visitors } from './check/visitors';
import type { Config } from './config';
import type { Renderer } from './render';
import type { SignatureChecker } from './signing/checker';
import type { Proofs } from './signing/proofs';
import type { Lang, Theme } from './views';

/** Everything the web process uses; handed to each area when its routes are made. */
export type WebDeps = {
  config: Config;
  db: Sequelize;
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
  render: Renderer;
  log: Logger;
  now: () => Date;
  newId: () => string;
};

/** What the middleware found out about a request. */
export type RequestContext = {
  requestId: string;
  log: Logger;
  lang: Lang;
  theme: Theme;
  /** Token every unsafe form must send back. */
  csrf: string;
  /** Tokens made with former versions of the secret, which forms already on a screen may still send. */
  formerCsrf: readonly string[];
  session: Session | null;
  isHtmx: boolean;
};

declare module 'express-serve-static-core' {
  interface Request {
    kense: RequestContext;
  }
}

/** A refusal that ends the request: the table in refusals.ts turns the code into a status and words. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly params: Record<string, string | number> = {},
  ) {
    super(code);
  }
}

/** The signed-in member behind a request; the `requireMember` middleware has made sure of it. */
export function memberOf(req: Request): Member {
  const { session } = req.kense;
  if (!session?.organisation) throw new Refusal('sign_in.needed');
  return { kind: 'member', personId: session.person.id, organisationId: session.organisation.id, role: session.organisation.role };
}

/** Name and kind of an actor as the audit log keeps them. */
export const auditActor = (actor: Actor, name: string): { kind: 'member' | 'guest'; id: string; name: string } => ({
  kind: actor.kind,
  id: actor.kind === 'member' ? actor.personId : actor.participantId,
  name,
});
