import type { Request, Response } from 'express';
import { type Member, runsCabinet } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { memberOf } from './context';

/** The member, if they run the cabinet; 403 otherwise. */
export function managerOf(req: Request): Member {
  const me = memberOf(req);
  if (!runsCabinet(me)) throw new Refusal('forbidden');
  return me;
}

/** Whether the person at the screen has shown who they are within the last minutes; false when it has answered the request by asking. */
export type FreshProof = (req: Request, res: Response) => Promise<boolean>;
