import { needsAWord, planSync, type SyncPlan } from '../../domain/people/directory';
import { normalLogin } from '../../domain/people/logins';
import type { DirectoryPerson } from '../../integrations/directory/directory';
import { appendAudit, type AuditEntry } from '../../storage/audit';
import { allMappings, type DirectoryMapping, directoryMembers, type DirectorySync, syncSetting } from '../../storage/queries/directory';
import { countOwners, endMembership, lockPeopleOf, setDirectoryRole } from '../../storage/queries/people';
import { saveSetting } from '../../storage/queries/settings';
import type { CommonDeps } from '../deps';
import type { Tx } from '../../storage/db';
import type { AuditAction, AuditDetails } from '../../storage/audit-actions';

/**
 * Looks at the whole directory once and brings the members of every organisation in line. An organisation that would lose more than the
 * permitted share waits for the word of one of its own people: `only` names one organisation to look at, and who has given the word.
 * Rejects, having changed nothing, when the directory cannot be read to its end.
 */
export async function syncDirectory(
  deps: SyncDeps,
  only: { organisationId: string; by: AuditEntry['actor'] | null } | null = null,
): Promise<void> {
  const { directory } = deps;
  if (!directory) return;
  const entries = await directory.people(everybody);
  // A tree that was moved, or a service account that sees it no more, answers with an empty list and no error.
  if (entries.length === 0) throw new Error('the directory lists nobody: is the place where people are looked for right?');
  for (const { organisationId, mapping } of await allMappings(deps.db)) {
    if (only && only.organisationId !== organisationId) continue;
    await syncOrganisation(deps, organisationId, mapping, entries, only?.by ?? null);
  }
}

type SyncDeps = Pick<CommonDeps, 'config' | 'db' | 'inTx' | 'now' | 'newId' | 'directory'>;

/** More people than any directory of one organisation holds; beyond it the listing counts as failed. */
const everybody = 200_000;
const system: AuditEntry['actor'] = { kind: 'system', id: 'directory', name: 'directory' };
type Event<Action extends AuditAction> = { action: Action; personId: string; details: AuditDetails[Action] };
type SyncEvent = Event<'person.left_directory'> | Event<'person.role_changed'>;
async function carryOut(tx: Tx, organisationId: string, plan: SyncPlan, now: Date): Promise<SyncEvent[]> {
  const events: SyncEvent[] = [];
  for (const { personId, login, why } of plan.end) {
    await endMembership(tx, organisationId, personId, 'directory', now);
    events.push({ action: 'person.left_directory', personId, details: { login, why } });
  }
  for (const { personId, login, from, to } of plan.change) {
    if (from === 'owner' && (await countOwners(tx, organisationId)) < 2) continue; // the last owner stays, whatever group is missing
    await setDirectoryRole(tx, organisationId, personId, to);
    events.push({ action: 'person.role_changed', personId, details: { login, role: to, by: 'directory' } });
  }
  return events;
}

async function syncOrganisation(
  deps: SyncDeps,
  organisationId: string,
  mapping: DirectoryMapping,
  entries: readonly DirectoryPerson[],
  confirmedBy: AuditEntry['actor'] | null,
): Promise<void> {
  const now = deps.now();
  await deps.inTx(async (tx) => {
    await lockPeopleOf(tx, organisationId);
    const members = await directoryMembers(tx, organisationId);
    if (members.length === 0 && mapping.length === 0) return;
    const names = new Map(members.map((m) => [m.personId, m.name]));
    const plan = planSync(members, entries, mapping, (login) => normalLogin(login) ?? login);
    const waits = confirmedBy === null && needsAWord(plan, deps.config.directory?.syncMaxPercent ?? 0);
    const actor = confirmedBy ?? system;
    const events = waits ? [] : await carryOut(tx, organisationId, plan, now);
    const outcome: DirectorySync = {
      at: now.toISOString(),
      ended: waits ? 0 : plan.end.length,
      changed: plan.change.length,
      members: members.length,
      waiting: waits ? plan.end.map(({ personId, login, why }) => ({ personId, login, why, name: names.get(personId) ?? login })) : null,
    };
    await saveSetting(tx, organisationId, syncSetting, outcome, now);
    for (const { personId, ...event } of events)
      await appendAudit(tx, { organisationId, at: now, actor, entityId: personId, commandId: deps.newId(), ...event });
  });
}
