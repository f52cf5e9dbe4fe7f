import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';

/** Values a query may carry. */
export type Bind = Record<string, string | number | boolean | Date | Buffer | null | readonly string[] | readonly number[]>;

/** Sequelize writes dates of raw queries without their milliseconds; an instant that is hashed or sorted by must keep them. */
function exact(replacements: Bind): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(replacements).map(([name, value]) => [
      name,
      value instanceof Date ? value.toISOString().replace('T', ' ').slice(0, 23) : value,
    ]),
  );
}

/** Rows of a query whose values come only through replacements. */
export async function select<Row extends object>(db: Sequelize, sql: string, replacements: Bind = {}, tx?: Transaction): Promise<Row[]> {
  return db.query<Row>(sql, { type: QueryTypes.SELECT, replacements: exact(replacements), transaction: tx ?? null });
}

/** The first row, or null. */
export async function selectOne<Row extends object>(
  db: Sequelize,
  sql: string,
  replacements: Bind = {},
  tx?: Transaction,
): Promise<Row | null> {
  return (await select<Row>(db, sql, replacements, tx))[0] ?? null;
}

/** Runs an UPDATE or DELETE and returns how many rows it changed; a row set to its present values counts as 0. */
export async function change(db: Sequelize, sql: string, replacements: Bind, tx?: Transaction): Promise<number> {
  const [, affected] = await db.query(sql, { type: QueryTypes.UPDATE, replacements: exact(replacements), transaction: tx ?? null });
  return affected;
}

/** Runs a statement whose outcome nobody reads. */
export async function execute(db: Sequelize, sql: string, replacements: Bind, tx?: Transaction): Promise<void> {
  await db.query(sql, { replacements: exact(replacements), transaction: tx ?? null });
}

/** Inserts rows given as plain objects; column names come from the code, never from a request. */
export async function insert(db: Sequelize, table: string, rows: readonly Bind[], tx?: Transaction): Promise<void> {
  const first = rows[0];
  if (!first) return;
  const columns = Object.keys(first);
  const values = rows.map((_, i) => `(${columns.map((c) => `:${c}_${i}`).join(', ')})`).join(', ');
  const replacements: Bind = {};
  rows.forEach((row, i) => columns.forEach((c) => (replacements[`${c}_${i}`] = row[c] ?? null)));
  const names = columns.map((c) => `\`${c}\``).join(', ');
  await db.query(`INSERT INTO ${table} (${names}) VALUES ${values}`, {
    type: QueryTypes.INSERT,
    replacements: exact(replacements),
    transaction: tx ?? null,
  });
}

/** One LIKE pattern that finds `text` anywhere, with its wildcards taken literally. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
