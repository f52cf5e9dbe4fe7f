import { roleFor } from '../../domain/people/directory';
import { normalLogin } from '../../domain/people/logins';
import type { DirectoryPerson } from '../../integrations/directory/directory';
import { appendAudit } from '../../storage/audit';
import { allMappings } from '../../storage/queries/directory';
import {
  type Account,
  accountByDirectoryId,
  accountById,
  accountByLogin,
  accountOf,
  allMembershipsOf,
  createPerson,
  endMembership,
  holderOfIin,
  insertMembership,
  lockPeopleOf,
  type Membership,
  personById,
  refreshAccount,
  refreshMembership,
  refreshPerson,
} from '../../storage/queries/people';
import type { Deps } from '../deps';
import type { Tx } from '../../storage/db';

export type DirectoryAdmitted = { ok: true; account: Account } | { ok: false; code: 'sign_in.no_role' | 'sign_in.login_reused' };

type AdmitDeps = Pick<Deps, 'db' | 'inTx' | 'now'>;

/**
 * Makes the account of a person the directory has just vouched for, or brings it up to date: name, e-mail, position, and the roles of the
 * mapped groups. An account is known by the directory's own id; a login that has passed to somebody else opens nothing. The IIN of a
 * directory is written down, and proves nothing: it never leads to a person who is there already.
 */
export async function admitDirectoryPerson(deps: AdmitDeps, person: DirectoryPerson): Promise<DirectoryAdmitted> {
  const mappings = await allMappings(deps.db);
  const roles = mappings.flatMap(({ organisationId, mapping }) => {
    const role = roleFor(person.groups, mapping);
    return role ? [{ organisationId, role }] : [];
  });
  return deps.inTx(async (tx) => {
    const found = await accountFor(tx, person);
    if (found === 'reused') return { ok: false, code: 'sign_in.login_reused' };
    if (found === 'local' || found?.disabledAt || (!found && roles.length === 0)) return { ok: false, code: 'sign_in.no_role' };
    const now = deps.now();
    const iin = await iinFor(
      tx,
      person,
      found?.personId ?? null,
      roles.map((r) => r.organisationId),
    );
    const facts = { name: person.name, email: person.email, iin };
    if (found) {
      await refreshPerson(tx, found.personId, facts);
      await refreshAccount(tx, found.id, { login: person.login, directoryId: person.id });
    }
    const made =
      found ?? (await createPerson(tx, facts, { login: person.login, source: 'ldap', passwordHash: null, directoryId: person.id }, now));
    if (made === 'taken') return { ok: false, code: 'sign_in.login_reused' };
    await placeByGroups(tx, made.personId, person.position, roles, now);
    const account = await accountOf(tx, made.personId, 'ldap');
    return account ? { ok: true, account } : { ok: false, code: 'sign_in.no_role' };
  });
}

/** The directory account of a person; `local`: the login is a local one's; `reused`: it was somebody else's in the directory. */
async function accountFor(tx: Tx, person: DirectoryPerson): Promise<Account | 'local' | 'reused' | null> {
  const byId = await accountByDirectoryId(tx, person.id);
  const byLogin = await accountByLogin(tx, person.login);
  if (byId) return byLogin && byLogin.id !== byId.id ? 'reused' : byId;
  if (!byLogin) return null;
  if (byLogin.source === 'local') return 'local';
  return byLogin.directoryId === null ? byLogin : 'reused';
}

/** The IIN to write down: none where a colleague carries it already, for inside an organisation it names one person. */
async function iinFor(tx: Tx, { iin }: DirectoryPerson, personId: string | null, organisations: readonly string[]): Promise<string | null> {
  if (iin === null || (personId !== null && (await personById(tx, personId))?.iin)) return null;
  for (const organisationId of [...organisations].sort()) {
    await lockPeopleOf(tx, organisationId);
    if (await holderOfIin(tx, organisationId, iin, personId ?? '')) return null;
  }
  return iin;
}

async function placeByGroups(
  tx: Tx,
  personId: string,
  position: string,
  roles: readonly { organisationId: string; role: Membership['role'] }[],
  now: Date,
): Promise<void> {
  const held = new Map((await allMembershipsOf(tx, personId)).map((m) => [m.organisationId, m]));
  for (const { organisationId, role } of roles) {
    if (held.has(organisationId)) await refreshMembership(tx, { organisationId, personId, role, position });
    else await insertMembership(tx, { organisationId, personId, role, roleSource: 'directory', position }, now);
  }
  const given = new Set(roles.map((r) => r.organisationId));
  for (const { organisationId, roleSource, endedAt } of held.values())
    if (roleSource === 'directory' && endedAt === null && !given.has(organisationId))
      await endMembership(tx, organisationId, personId, 'directory', now);
}

/**
 * Leaves those places whose people may still enter: whoever signs in through the directory alone is asked about there, whatever proof they
 * bring. Somebody gone or switched off leaves the organisations of the directory at once; while it is away nobody vouches for them.
 */
export async function vouched<Place extends Membership>(
  deps: Pick<Deps, 'db' | 'inTx' | 'now' | 'newId' | 'directory'>,
  places: readonly Place[],
): Promise<{ places: Place[]; isDown: boolean }> {
  let isDown = false;
  const open = new Set<string>();
  for (const personId of new Set(places.map((place) => place.personId))) {
    const [local, ldap] = [await accountOf(deps.db, personId, 'local'), await accountOf(deps.db, personId, 'ldap')];
    if (!ldap || (local && !local.disabledAt)) {
      open.add(personId);
      continue;
    }
    const asked = await ask(deps, ldap);
    if (asked === 'down') isDown = true;
    else if (asked === 'there') open.add(personId);
  }
  const live = new Set<string>();
  for (const personId of open)
    for (const { organisationId, endedAt } of await allMembershipsOf(deps.db, personId))
      if (!endedAt) live.add(`${personId} ${organisationId}`);
  return { places: places.filter((place) => live.has(`${place.personId} ${place.organisationId}`)), isDown };
}

async function ask(deps: Pick<Deps, 'db' | 'inTx' | 'now' | 'newId' | 'directory'>, account: Account): Promise<'there' | 'gone' | 'down'> {
  if (!deps.directory) return 'gone';
  const entry = await deps.directory.find(account.login).catch(() => 'down' as const);
  if (entry === 'down') return 'down';
  const isSame = entry !== null && !entry.disabled && (account.directoryId === null || account.directoryId === entry.id);
  if (isSame) return (await admitDirectoryPerson(deps, entry)).ok ? 'there' : 'gone';
  await leaveDirectory(deps, account, entry === null ? 'gone' : 'disabled');
  return 'gone';
}

/** Ends what the directory no longer vouches for, with its sessions. */
async function leaveDirectory(
  deps: Pick<Deps, 'db' | 'inTx' | 'now' | 'newId'>,
  { id, personId }: Account,
  why: 'gone' | 'disabled',
): Promise<void> {
  const now = deps.now();
  await deps.inTx(async (tx) => {
    const account = await accountById(tx, id);
    for (const { organisationId, endedAt } of await allMembershipsOf(tx, personId)) {
      if (endedAt) continue;
      await endMembership(tx, organisationId, personId, 'directory', now);
      await appendAudit(tx, {
        organisationId,
        at: now,
        actor: { kind: 'system', id: 'directory', name: 'directory' },
        action: 'person.left_directory',
        entityId: personId,
        commandId: deps.newId(),
        details: { login: normalLogin(account?.login ?? '') ?? '', why },
      });
    }
  });
}
