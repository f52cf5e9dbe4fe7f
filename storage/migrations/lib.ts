/** What the schema holds already, so that a step that stopped half-way can be run again on MariaDB and MySQL alike. */
export type SchemaFacts = {
  hasColumn(table: string, column: string): Promise<boolean>;
  hasIndex(table: string, index: string): Promise<boolean>;
};
type Run = (statement: string) => Promise<void>;

/** Adds columns that are missing; each is given as its name and definition. */
export async function addColumns(sql: Run, facts: SchemaFacts, table: string, columns: Record<string, string>): Promise<void> {
  for (const [name, definition] of Object.entries(columns))
    if (!(await facts.hasColumn(table, name))) await sql(`ALTER TABLE ${table} ADD COLUMN ${name} ${definition}`);
}

/** Drops an index that is there. */
export async function dropIndex(sql: Run, facts: SchemaFacts, table: string, index: string): Promise<void> {
  if (await facts.hasIndex(table, index)) await sql(`ALTER TABLE ${table} DROP INDEX ${index}`);
}

/** Adds an index that is missing; `what` is the rest of the clause, e.g. `UNIQUE KEY name (column)`. */
export async function addIndex(sql: Run, facts: SchemaFacts, table: string, index: string, what: string): Promise<void> {
  if (!(await facts.hasIndex(table, index))) await sql(`ALTER TABLE ${table} ADD ${what}`);
}
