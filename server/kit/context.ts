import type { Request } from 'express';
import type { Logger } from 'pino';
import type { Lang } from '../../domain/languages';
import type { Member } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import type { Deps } from '../../services/deps';
import type { Session } from '../../storage/queries/sessions';
import type { Renderer } from './render';
import type { Theme } from './views';

/** What an area's handlers use: the services' and the pages. */
export type WebDeps = Deps & { render: Renderer };

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

/** The signed-in member behind a request; the `requireMember` middleware has made sure of it. */
export function memberOf(req: Request): Member {
  const { session } = req.kense;
  if (!session?.organisation) throw new Refusal('sign_in.needed');
  return { kind: 'member', personId: session.person.id, organisationId: session.organisation.id, role: session.organisation.role };
}
