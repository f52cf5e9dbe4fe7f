import { CompiledQuery, type DeleteResult, type QueryResult, type UpdateResult } from 'kysely';
import type { Db } from './db';

/** Values a query may carry. */
export type Bind = Record<string, string | number | boolean | Date | Buffer | null | readonly string[] | readonly number[]>;

/** A quoted text, which is left alone, or a name such as `:documentId`. */
const quotedOrName = /'(?:[^'\\]|\\.|'')*'|:([A-Za-z]\w*)/g;

/** Runs a statement whose values are written as `:name`. */
function run<Row>(db: Db, sql: string, values: Bind): Promise<QueryResult<Row>> {
  const parameters: unknown[] = [];
  const text = sql.replace(quotedOrName, (match, name: string | undefined) => {
    if (name === undefined) return match;
    if (!Object.hasOwn(values, name)) throw new Error(`the statement names :${name}, which has no value`);
    parameters.push(values[name]);
    return '?';
  });
  return db.withoutPlugins().executeQuery<Row>(CompiledQuery.raw(text, parameters));
}

/** Rows of a query whose values come only through `values`. */
export async function select<Row extends object>(db: Db, sql: string, values: Bind = {}): Promise<Row[]> {
  return (await run<Row>(db, sql, values)).rows;
}

/** The first row, or null. */
export async function selectOne<Row extends object>(db: Db, sql: string, values: Bind = {}): Promise<Row | null> {
  return (await select<Row>(db, sql, values))[0] ?? null;
}

/** Runs an UPDATE or DELETE and returns how many rows it changed; a row set to its present values counts as 0. */
export async function change(db: Db, sql: string, values: Bind): Promise<number> {
  return Number((await run(db, sql, values)).numAffectedRows ?? 0n);
}

/** Runs a statement whose outcome nobody reads. */
export async function execute(db: Db, sql: string, values: Bind = {}): Promise<void> {
  await run(db, sql, values);
}

/** Inserts rows given as plain objects; column names come from the code, never from a request. */
export async function insert(db: Db, table: string, rows: readonly Bind[]): Promise<void> {
  const first = rows[0];
  if (!first) return;
  const columns = Object.keys(first);
  const values = rows.map((_, i) => `(${columns.map((c) => `:${c}_${i}`).join(', ')})`).join(', ');
  const named: Bind = {};
  rows.forEach((row, i) => columns.forEach((c) => (named[`${c}_${i}`] = row[c] ?? null)));
  await run(db, `INSERT INTO ${table} (${columns.map((c) => `\`${c}\``).join(', ')}) VALUES ${values}`, named);
}

/** Runs an update or delete and returns how many rows it changed; a row set to its present values counts as 0. */
export async function changes(query: { executeTakeFirst(): Promise<UpdateResult | DeleteResult> }): Promise<number> {
  const result = await query.executeTakeFirst();
  return Number('numUpdatedRows' in result ? result.numUpdatedRows : result.numDeletedRows);
}

/** One LIKE pattern that finds `text` anywhere, with its wildcards taken literally. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
