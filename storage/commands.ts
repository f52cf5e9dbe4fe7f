import type { Sequelize } from 'sequelize';
import { change, insert, selectOne } from './sql';
import { isDuplicate, type Tx } from './tx';

/** One intention of one actor; `id` is the ULID made with the form, or a name derived from the workflow for its own timers. */
export type CommandRow = { id: string; organisationId: string; actor: string; kind: string; entityId: string; at: Date };

/**
 * Runs `work` for a command that has not been done yet and stores its result; a command done before returns the stored result.
 * The row is inserted first: a concurrent repeat waits on the primary key until the first one commits.
 */
export async function once<Result>(db: Sequelize, tx: Tx, command: CommandRow, work: () => Promise<Result>): Promise<Result> {
  try {
    await insert(
      db,
      'commands',
      [
        {
          id: command.id,
          organisation_id: command.organisationId,
          actor: command.actor,
          kind: command.kind,
          entity_id: command.entityId,
          result: 'null',
          done_at: command.at,
        },
      ],
      tx,
    );
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    const done = await selectOne<{ result: string }>(db, 'SELECT result FROM commands WHERE id = :id', { id: command.id }, tx);
    return JSON.parse(done?.result ?? 'null') as Result;
  }
  const result = await work();
  await change(db, 'UPDATE commands SET result = :result WHERE id = :id', { result: JSON.stringify(result ?? null), id: command.id }, tx);
  return result;
}

/** Whether this command has been stored, and what it was about. */
export async function findCommand(
  db: Sequelize,
  id: string,
): Promise<{ entityId: string; organisationId: string; kind: string; actor: string } | null> {
  const row = await selectOne<{ entity_id: string; organisation_id: string; kind: string; actor: string }>(
    db,
    'SELECT entity_id, organisation_id, kind, actor FROM commands WHERE id = :id',
    { id },
  );
  return row && { entityId: row.entity_id, organisationId: row.organisation_id, kind: row.kind, actor: row.actor };
}
