import { z } from 'zod';
import { organisationRoles, strongerRole, type OrganisationRole } from '../../domain/people/roles';
import type { DirectoryPerson } from '../../integrations/directory/directory';
import { accountByLogin, createPerson, organisations, putMembership, refreshPerson } from '../../storage/queries/people';
import { readSetting } from '../../storage/queries/settings';
import { change, select } from '../../storage/sql';
import type { WebDeps } from '../context';

/** Which directory group gives which role in one organisation; group is a distinguished name or its first value. */
export const directoryMapping = z.array(z.object({ group: z.string().min(1).max(500), role: z.enum(organisationRoles) })).max(200);
export type DirectoryMapping = z.output<typeof directoryMapping>;
export const mappingSetting = 'directory.mapping';

const normal = (dn: string): string => dn.toLowerCase().replace(/\s*([,=])\s*/g, '$1');
const firstValue = (dn: string): string => normal(dn).split(',')[0]?.split('=')[1] ?? '';

/** The strongest role these groups give, or null when none is mapped. */
export function roleFor(groups: readonly string[], mapping: DirectoryMapping): OrganisationRole | null {
  const held = new Set(groups.flatMap((dn) => [normal(dn), firstValue(dn)]));
  return mapping
    .filter((m) => held.has(normal(m.group)))
    .reduce<OrganisationRole | null>((best, m) => (best ? strongerRole(best, m.role) : m.role), null);
}

/** Every organisation's mapping. */
export async function allMappings(deps: Pick<WebDeps, 'db'>): Promise<{ organisationId: string; mapping: DirectoryMapping }[]> {
  const found = [];
  for (const { id } of await organisations(deps.db))
    found.push({ organisationId: id, mapping: await readSetting(deps.db, id, mappingSetting, directoryMapping, []) });
  return found;
}

/**
 * Makes the account of a person the directory has just vouched for, or brings it up to date: name, e-mail, IIN, position, and the roles
 * of the mapped groups. Returns null when no group gives a role anywhere, or when the login belongs to a local account.
 */
export async function admitDirectoryPerson(deps: Pick<WebDeps, 'db' | 'inTx' | 'now'>, person: DirectoryPerson): Promise<string | null> {
  const mappings = await allMappings(deps);
  const now = deps.now();
  return deps.inTx(async (tx) => {
    const account = await accountByLogin(deps.db, person.login, tx);
    if (account?.source === 'local' || account?.disabledAt) return null;
    const roles = mappings.flatMap(({ organisationId, mapping }) => {
      const role = roleFor(person.groups, mapping);
      return role ? [{ organisationId, role }] : [];
    });
    if (!account && roles.length === 0) return null;
    const facts = { name: person.name, email: person.email, iin: person.iin };
    const created = account
      ? { personId: account.personId }
      : await createPerson(deps.db, tx, facts, { login: person.login, source: 'ldap', passwordHash: null, directoryId: person.id }, now);
    if (created === 'taken') return null;
    const { personId } = created;
    await refreshPerson(deps.db, tx, personId, facts);
    const held = await select<{ organisation_id: string; role_source: string }>(
      deps.db,
      'SELECT organisation_id, role_source FROM memberships WHERE person_id = :personId',
      { personId },
      tx,
    );
    for (const { organisationId, role } of roles) {
      if (held.some((m) => m.organisation_id === organisationId && m.role_source === 'hand')) continue; // a role given by hand stands
      await putMembership(deps.db, tx, { organisationId, personId, role, roleSource: 'directory', position: person.position }, now);
    }
    const kept = roles.map((r) => r.organisationId);
    await change(
      deps.db,
      `UPDATE memberships SET ended_at = :now, rev = rev + 1 WHERE person_id = :personId AND role_source = 'directory' AND ended_at IS NULL
         AND organisation_id NOT IN (:kept)`,
      { now, personId, kept: kept.length > 0 ? kept : [''] },
      tx,
    );
    return personId;
  });
}
