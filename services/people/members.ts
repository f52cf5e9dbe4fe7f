import { isUlid } from '../../domain/ids';
import type { Member, OrganisationRole } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import type { AuditAction, AuditDetails } from '../../storage/audit-actions';
import { type Act, type Done, perform } from '../../storage/command';
import type { Tx } from '../../storage/db';
import { countOwners, createPerson, holderOfIin, insertMembership, lockMember, lockPeopleOf } from '../../storage/queries/people';
import { hashPassword } from '../accounts/passwords';
import type { Deps } from '../deps';

/** A person as an administrator writes one down; the password is for the first sign-in only. */
export type NewMember = {
  login: string;
  name: string;
  email: string;
  iin: string;
  position: string;
  role: OrganisationRole;
  password: string;
};

class Taken extends Error {
  constructor(readonly what: 'taken' | 'iin-taken') {
    super(what);
  }
}

/** Makes a person of this organisation; `taken`: the login exists, `iin-taken`: a colleague carries the IIN. */
export async function createMember(
  deps: Deps,
  act: Act,
  { organisationId }: Member,
  person: NewMember,
): Promise<'created' | Taken['what']> {
  const passwordHash = await hashPassword(person.password);
  const { login, role, position } = person;
  try {
    return await perform(deps, act, { organisationId, id: organisationId }, 'person.created', async (tx) => {
      await lockPeopleOf(tx, organisationId);
      if (person.iin && (await holderOfIin(tx, organisationId, person.iin))) throw new Taken('iin-taken');
      const facts = { name: person.name, email: person.email || null, iin: person.iin || null };
      const made = await createPerson(tx, facts, { login, source: 'local', passwordHash, organisationId, mustChange: true }, act.at);
      if (made === 'taken') throw new Taken('taken');
      await insertMembership(tx, { organisationId, personId: made.personId, role, roleSource: 'hand', position }, act.at);
      return { details: { login, role }, result: 'created' as const, made: made.personId };
    });
  } catch (error) {
    if (error instanceof Taken) return error.what;
    throw error;
  }
}

type Locked = NonNullable<Awaited<ReturnType<typeof lockMember>>>;
type Change<Action extends AuditAction, Result> = { action: Action; details: AuditDetails[Action] } & {
  work: (tx: Tx, personId: string, member: Locked) => Promise<Result>;
};

/** Changes one member; nobody but an owner touches owners, and the last owner stays. */
export function changeMember<Action extends AuditAction, Result>(
  deps: Deps,
  act: Act,
  me: Member,
  personId: string,
  { action, details, work }: Change<Action, Result>,
): Promise<Result> {
  const { organisationId } = me;
  if (!isUlid(personId)) throw new Refusal('not_found');
  return perform(deps, act, { organisationId, id: personId }, action, async (tx): Promise<Done<Action, Result>> => {
    await lockPeopleOf(tx, organisationId);
    const member = await lockMember(tx, organisationId, personId);
    if (!member) throw new Refusal('not_found');
    if (member.role === 'owner' && me.role !== 'owner') throw new Refusal('forbidden');
    const result = await work(tx, personId, member);
    if (member.role === 'owner' && (await countOwners(tx, organisationId)) === 0) throw new Refusal('person.last_owner');
    return { details, result };
  });
}
