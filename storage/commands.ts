import { change, insert, selectOne } from './sql';
import { type Db, isDuplicate, type Tx } from './db';

/** One intention of one actor; `id` is the ULID made with the form, or a name derived from the workflow for its own timers. */
export type CommandRow = { id: string; organisationId: string; actor: string; kind: string; entityId: string; at: Date };

/** The id of a command has been used before for something else: another actor, another thing, another kind of act. */
export class CommandUsed extends Error {
  constructor() {
    super('the id of the command has been used for another one');
  }
}

/**
 * Runs `work` for a command that has not been done yet and stores its result; a command done before returns the stored result.
 * The row is inserted first: a concurrent repeat waits on the primary key until the first one commits. Throws `CommandUsed` where the
 * stored command is another one; `makesEntity`: the thing it is about is made by the command itself, so its id differs each time.
 */
export async function once<Result>(
  tx: Tx,
  command: CommandRow,
  work: () => Promise<Result>,
  { makesEntity = false }: { makesEntity?: boolean } = {},
): Promise<Result> {
  try {
    await insert(tx, 'commands', [
      {
        id: command.id,
        organisation_id: command.organisationId,
        actor: command.actor,
        kind: command.kind,
        entity_id: command.entityId,
        result: 'null',
        done_at: command.at,
      },
    ]);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    const done = await selectOne<{ result: string; organisation_id: string; actor: string; kind: string; entity_id: string }>(
      tx,
      'SELECT result, organisation_id, actor, kind, entity_id FROM commands WHERE id = :id',
      { id: command.id },
    );
    const isSame =
      done?.organisation_id === command.organisationId &&
      done.actor === command.actor &&
      done.kind === command.kind &&
      (makesEntity || done.entity_id === command.entityId);
    if (!isSame) throw new CommandUsed();
    return JSON.parse(done?.result ?? 'null') as Result;
  }
  const result = await work();
  await change(tx, 'UPDATE commands SET result = :result WHERE id = :id', { result: JSON.stringify(result ?? null), id: command.id });
  return result;
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
  const row = await selectOne<{ entity_id: string; organisation_id: string; kind: string; actor: string }>(
    db,
    'SELECT entity_id, organisation_id, kind, actor FROM commands WHERE id = :id',
    { id },
  );
  return row && { entityId: row.entity_id, organisationId: row.organisation_id, kind: row.kind, actor: row.actor };
}
