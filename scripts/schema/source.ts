import type { Db } from '../../storage/db';
import { select } from '../../storage/sql';
import { domainTypes } from './domain-types';

type Column = { table: string; name: string; type: string; nullable: string; standard: string | null; extra: string };

/** What the driver gives for a column of this SQL type. */
const scriptTypes: Record<string, string> = {
  ...Object.fromEntries(['char', 'varchar', 'text', 'longtext', 'date'].map((type) => [type, 'string'])),
  ...Object.fromEntries(['int', 'bigint', 'smallint', 'tinyint'].map((type) => [type, 'number'])),
  ...Object.fromEntries(['binary', 'varbinary', 'blob', 'longblob', 'mediumblob'].map((type) => [type, 'Buffer'])),
  datetime: 'Date',
};

const camel = (name: string): string => name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
const pascal = (name: string): string => camel(`_${name}`);

/**
 * The text of `storage/schema.ts`: a type for every table of this migrated database, as queries see it. Throws for a column whose SQL
 * type nobody has said the meaning of.
 */
export async function schemaSource(db: Db): Promise<string> {
  const columns = await select<Column>(
    db,
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, DATA_TYPE AS type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS standard, EXTRA AS extra
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const tables = grouped(columns, ({ table }) => table);
  const types = new Map<string, string>();
  const blocks = [...tables].map(([table, own]) => {
    const lines = own.map((column) => `  ${camel(column.name)}: ${columnType(column, types)};`);
    return `export type ${pascal(table)} = {\n${lines.join('\n')}\n};\n`;
  });
  const imports = [...grouped([...types], ([, from]) => from)].sort(([a], [b]) => a.localeCompare(b));
  return [
    '// Written by test/integration/schema.test.ts from the migrated database; to change it, add a migration and let the test write it.\n',
    `import type { Generated } from 'kysely';\n`,
    ...imports.map(([from, names]) => {
      const list = names.map(([name]) => name).sort((a, b) => a.localeCompare(b));
      return `import type { ${list.join(', ')} } from '${from}';\n`;
    }),
    '\n',
    blocks.join('\n'),
    '\n/** Every table of the database, by the name queries use. */\n',
    `export type Schema = {\n${[...tables.keys()].map((table) => `  ${camel(table)}: ${pascal(table)};`).join('\n')}\n};\n`,
  ].join('');
}

function grouped<Item>(items: readonly Item[], by: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return groups;
}

/** Notes which domain types a column needs, and returns its type. */
function columnType({ table, name, type, nullable, standard, extra }: Column, used: Map<string, string>): string {
  const own = domainTypes[`${table}.${name}`];
  if (own?.from) used.set(own.name, own.from);
  const script = own?.name ?? scriptTypes[type];
  if (!script) throw new Error(`scripts/schema/source.ts does not know what ${table}.${name} of type ${type} becomes`);
  const isNullable = nullable === 'YES';
  const whole = isNullable ? `${script} | null` : script;
  const hasStandard = (standard !== null && standard !== 'NULL') || extra.includes('auto_increment');
  return hasStandard && !isNullable ? `Generated<${whole}>` : whole;
}
