import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { Looker } from '../../services/documents/access';

/** What ties something to a browser before anybody has signed in: a digest of the token its forms carry. */
export const visitorOf = (req: Request): Buffer => createHash('sha256').update(req.kense.csrf).digest();

/** Who looks at something, for the log: the session, if there is one, and the address. */
export const lookerOf = (req: Request): Looker => ({ session: req.kense.session, address: req.ip ?? '' });
