import { createHash } from 'node:crypto';
import type { Request } from 'express';

/** What ties something to a browser before anybody has signed in: a digest of the token its forms carry. */
export const visitorOf = (req: Request): Buffer => createHash('sha256').update(req.kense.csrf).digest();
