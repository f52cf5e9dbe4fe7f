import { appendAudit, type AuditActor } from './audit';
import type { AuditAction, AuditDetails } from './audit-actions';
import { type Db, type InTx, isDuplicate, type Tx } from './db';

/** One intention of one actor. `id` is the ULID made with the form, or a name derived from the workflow for its own timers. */
export type Act = {
  id: string;
  by: AuditActor;
  at: Date;
  /** Who is held to have given the command, where that is not the id of `by`. */
  actor?: string;
  /** The command's name in the record, where it is not the action that it ends with. */
  kind?: string;
};

/** What a command is given for: an organisation and a thing of it. */
export type Target = { organisationId: string; id: string };

/** What came of a command: what the log says, what a repeat is answered with, and the thing it made where it made one. */
export type Done<Action extends AuditAction, Result> = { details: AuditDetails[Action]; result: Result; made?: string };

/** The id of a command has been used before for something else: another actor, another thing, another kind of act. */
export class CommandUsed extends Error {
  constructor() {
    super('the id of the command has been used for another one');
  }
}

/**
 * Does what an actor wants in one transaction: the command's row first, so that a concurrent repeat waits on its key until this one
 * commits, then `work`, last the row of the audit log, whose head stays locked until the commit. A command done before is answered with
 * what came of it then. Throws `CommandUsed` where the stored command is another one, and whatever `work` throws, with nothing done.
 */
export const perform = <Action extends AuditAction, Result>(
  { inTx }: { inTx: InTx },
  act: Act,
  on: Target,
  action: Action,
  work: (tx: Tx) => Promise<Done<Action, Result>>,
): Promise<Result> =>
  inTx(async (tx) => {
    const before = await begin(tx, act, on, action);
    if (before) return JSON.parse(before.result) as Result;
    const { details, result, made = on.id } = await work(tx);
    const kept = JSON.stringify(result ?? null);
    if (kept !== 'null') await tx.updateTable('commands').set({ result: kept }).where('id', '=', act.id).execute();
    await appendAudit(tx, {
      organisationId: on.organisationId,
      at: act.at,
      actor: act.by,
      action,
      entityId: made,
      commandId: act.id,
      details,
    });
    return result;
  });

/** Stores the command; returns the row that stands already where it is a repeat. */
async function begin(tx: Tx, act: Act, on: Target, action: AuditAction): Promise<{ result: string } | null> {
  const row = { organisationId: on.organisationId, actor: act.actor ?? act.by.id, kind: act.kind ?? action, entityId: on.id };
  try {
    await tx
      .insertInto('commands')
      .values({ id: act.id, ...row, result: 'null', doneAt: act.at })
      .execute();
    return null;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const done = await tx.selectFrom('commands').selectAll().where('id', '=', act.id).executeTakeFirst();
  const isSame =
    done?.organisationId === row.organisationId && done.actor === row.actor && done.kind === row.kind && done.entityId === row.entityId;
  if (!isSame) throw new CommandUsed();
  return done;
}

/** Whether a command of this actor about this thing has been stored; throws `CommandUsed` when its id was used for another. */
export async function isStored(db: Db, id: string, of: { actor: string; entityId: string }): Promise<boolean> {
  const stored = await findCommand(db, id);
  if (stored && (stored.actor !== of.actor || stored.entityId !== of.entityId)) throw new CommandUsed();
  return stored !== null;
}

/** Whether this command has been stored, and what it was about. */
export async function findCommand(
  db: Db,
  id: string,
): Promise<{ entityId: string; organisationId: string; kind: string; actor: string } | null> {
  const found = db.selectFrom('commands').select(['entityId', 'organisationId', 'kind', 'actor']).where('id', '=', id);
  return (await found.executeTakeFirst()) ?? null;
}
