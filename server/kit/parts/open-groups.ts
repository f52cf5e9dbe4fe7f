import type { GroupPurpose, GroupState } from '../../../domain/groups/group';
import type { openGroupsOf } from '../../../storage/queries/groups';

/** Address of a group's page. */
export const groupBase = (id: string): string => `/groups/${id}`;

/** Lines about groups that wait for their person. */
export const presentOpenGroups = (groups: Awaited<ReturnType<typeof openGroupsOf>>): OpenGroup[] =>
  groups.map(({ id, purpose, state, counts }) => ({
    href: groupBase(id),
    purpose,
    state,
    answered: counts.done + counts.failed,
    total: counts.total,
  }));

/** A line of the list «to sign»: a group that waits for its person. */
export interface OpenGroup {
  href: string;
  purpose: GroupPurpose;
  state: GroupState;
  answered: number;
  total: number;
}

/** What the list «to sign» offers for many documents at once; null when the module is off. */
export interface ChooseMany {
  command: string;
  /** Documents the filter finds, at most `limit`. */
  all: number;
  limit: number;
  /** Documents may be signed with the phone together. */
  usesPhone: boolean;
}
