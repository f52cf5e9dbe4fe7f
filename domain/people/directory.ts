import { strongerRole, type OrganisationRole } from './roles';

/** Which directory group gives which role; `group` is a distinguished name or its first value. */
export type GroupRole = { group: string; role: OrganisationRole };

const normal = (dn: string): string => dn.toLowerCase().replace(/\s*([,=])\s*/g, '$1');
const firstValue = (dn: string): string => normal(dn).split(',')[0]?.split('=')[1] ?? '';

/** The strongest role these groups give, or null when none is mapped. */
export function roleFor(groups: readonly string[], mapping: readonly GroupRole[]): OrganisationRole | null {
  const held = new Set(groups.flatMap((dn) => [normal(dn), firstValue(dn)]));
  return mapping
    .filter((m) => held.has(normal(m.group)))
    .reduce<OrganisationRole | null>((best, m) => (best ? strongerRole(best, m.role) : m.role), null);
}

/** A member of one organisation who signs in through the directory. */
export type DirectoryMember = {
  personId: string;
  login: string;
  directoryId: string | null;
  role: OrganisationRole;
  roleSource: 'hand' | 'directory';
};
/** What the directory says of somebody today. */
export type DirectoryEntry = { id: string; login: string; groups: readonly string[]; disabled: boolean };

export type SyncEnding = { personId: string; login: string; why: 'gone' | 'disabled' | 'no-group' };
export type SyncPlan = {
  end: SyncEnding[];
  change: { personId: string; login: string; from: OrganisationRole; to: OrganisationRole }[];
  unchanged: number;
};

/**
 * What the directory's present state means for the members of one organisation: who is gone from it, switched off in it, or in no mapped
 * group any more, and whose role is another one. A role given by hand outlives the loss of a group, not the loss of the person.
 * `keyOf` gives the normal form in which logins are compared.
 */
export function planSync(
  members: readonly DirectoryMember[],
  entries: readonly DirectoryEntry[],
  mapping: readonly GroupRole[],
  keyOf: (login: string) => string,
): SyncPlan {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const byLogin = new Map(entries.map((entry) => [keyOf(entry.login), entry]));
  const plan: SyncPlan = { end: [], change: [], unchanged: 0 };
  for (const { personId, login, directoryId, role, roleSource } of members) {
    const entry = directoryId === null ? byLogin.get(keyOf(login)) : byId.get(directoryId);
    const given = entry && roleFor(entry.groups, mapping);
    if (!entry) plan.end.push({ personId, login, why: 'gone' });
    else if (entry.disabled) plan.end.push({ personId, login, why: 'disabled' });
    else if (roleSource === 'directory' && !given) plan.end.push({ personId, login, why: 'no-group' });
    else if (roleSource === 'directory' && given && given !== role) plan.change.push({ personId, login, from: role, to: given });
    else plan.unchanged++;
  }
  return plan;
}

/** So few endings are everyday life whatever their share, unless they are most of the people there. */
const everydayEndings = 3;

/** Whether a plan ends so large a share of the members that a person must say that it is meant: a directory may also answer wrongly. */
export const needsAWord = (plan: SyncPlan, maxPercent: number): boolean => {
  const members = plan.end.length + plan.change.length + plan.unchanged;
  const isMany = plan.end.length > everydayEndings || (plan.end.length > 1 && plan.end.length * 2 > members);
  return isMany && plan.end.length * 100 > members * maxPercent;
};
