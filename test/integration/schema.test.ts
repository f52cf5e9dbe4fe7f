import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { schemaSource } from '../../scripts/schema/source';
import { root } from '../../services/root';
import { freshDatabase } from '../support/database';

const file = path.join(root, 'storage/schema.ts');

test('the types of the tables are those of the migrated database; KENSE_WRITE_SCHEMA=1 writes them', async () => {
  const database = await freshDatabase();
  try {
    const wanted = await schemaSource(database.db);
    if (process.env['KENSE_WRITE_SCHEMA']) writeFileSync(file, wanted);
    expect(readFileSync(file, 'utf8')).toBe(wanted);
  } finally {
    await database.drop();
  }
});
