import type { Request } from 'express';
import type { Deps } from '../../services/deps';
import { auditActor } from '../../storage/audit';
import type { Act } from '../../storage/command';
import { commandOf } from './command';
import { memberOf } from './context';

/** What the member who asks does, under the command that the form carries, or under this one. */
export const actOf = (deps: Pick<Deps, 'now'>, req: Request, command = commandOf(req)): Act => ({
  id: command,
  by: auditActor(memberOf(req), req.kense.session?.person.name ?? ''),
  at: deps.now(),
});
