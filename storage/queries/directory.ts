import { z } from 'zod';
import type { DirectoryMember } from '../../domain/people/directory';
import { organisationRoles } from '../../domain/people/roles';
import { organisations } from './people';
import { readSetting } from './settings';
import type { Db } from '../db';

export const directoryMapping = z.array(z.object({ group: z.string().min(1).max(500), role: z.enum(organisationRoles) })).max(200);
export type DirectoryMapping = z.output<typeof directoryMapping>;
export const mappingSetting = 'directory.mapping';

/** The last look at the directory: what it did, or what waits for a person's word. `at` is ISO 8601. */
export const directorySync = z.object({
  at: z.string(),
  ended: z.number(),
  changed: z.number(),
  waiting: z
    .array(z.object({ personId: z.string(), name: z.string(), login: z.string(), why: z.enum(['gone', 'disabled', 'no-group']) }))
    .nullable(),
  members: z.number(),
});
export type DirectorySync = z.output<typeof directorySync>;
export const syncSetting = 'directory.sync';

/** Every organisation's mapping. */
export async function allMappings(db: Db): Promise<{ organisationId: string; mapping: DirectoryMapping }[]> {
  const found = [];
  for (const { id } of await organisations(db))
    found.push({ organisationId: id, mapping: await readSetting(db, id, mappingSetting, directoryMapping, []) });
  return found;
}

/** Live members of an organisation whose only way in is the directory. */
export const directoryMembers = (db: Db, organisationId: string): Promise<(DirectoryMember & { name: string })[]> =>
  db
    .selectFrom('memberships as m')
    .innerJoin('people as p', 'p.id', 'm.personId')
    .innerJoin('accounts as a', 'a.personId', 'm.personId')
    .select(['m.personId', 'p.name', 'a.login', 'a.directoryId', 'm.role', 'm.roleSource'])
    .where('m.organisationId', '=', organisationId)
    .where('m.endedAt', 'is', null)
    .where('a.source', '=', 'ldap')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('accounts as l')
            .select('l.id')
            .whereRef('l.personId', '=', 'm.personId')
            .where('l.source', '=', 'local')
            .where('l.disabledAt', 'is', null),
        ),
      ),
    )
    .orderBy('m.personId')
    .execute();
