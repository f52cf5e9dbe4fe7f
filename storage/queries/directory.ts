import { z } from 'zod';
import type { DirectoryMember } from '../../domain/people/directory';
import { organisationRoles } from '../../domain/people/roles';
import { select } from '../sql';
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
  select(
    db,
    `SELECT m.person_id AS personId, p.name, a.login, a.directory_id AS directoryId, m.role, m.role_source AS roleSource
       FROM memberships m JOIN people p ON p.id = m.person_id JOIN accounts a ON a.person_id = m.person_id AND a.source = 'ldap'
      WHERE m.organisation_id = :organisationId AND m.ended_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM accounts l WHERE l.person_id = m.person_id AND l.source = 'local' AND l.disabled_at IS NULL)
      ORDER BY m.person_id`,
    { organisationId },
  );
