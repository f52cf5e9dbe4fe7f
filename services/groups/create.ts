import { groupLifeMs, type GroupPurpose, maxGroupItems } from '../../domain/groups/group';
import { isUlid } from '../../domain/ids';
import type { Member } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { askablesOf, groupById, insertGroup, itemsIn } from '../../storage/queries/groups';
import { listToSign } from '../../storage/queries/lists';
import type { Deps } from '../deps';
import { readToSignFilter } from '../documents/filter';

/** The posted fields of a choice: `id` repeated, or `all` with the list's filter, or `again` with the id of an earlier group. */
export type Choice = Record<string, unknown>;

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');

/** Which documents a form chooses; only their ids, whatever it says of them. */
async function chosenDocuments(deps: Deps, me: Member, choice: Choice): Promise<string[]> {
  if (isUlid(choice.again)) {
    const earlier = await groupById(deps.db, choice.again);
    if (earlier?.personId !== me.personId || earlier.organisationId !== me.organisationId) throw new Refusal('not_found');
    return (await itemsIn(deps.db, earlier.id, ['failed', 'waiting'])).map(({ documentId }) => documentId);
  }
  if (choice.all === undefined) return textsOf(choice.id).filter(isUlid).slice(0, maxGroupItems);
  const { query } = readToSignFilter(choice, deps.now());
  const { rows } = await listToSign(deps.db, me, query, { limit: maxGroupItems });
  return rows.map(({ documentId }) => documentId);
}

/** Makes a group of the chosen documents that wait for this person now; its id is the form's command, so a repeat is the same group. */
export async function createGroup(deps: Deps, me: Member, commandId: string, purpose: GroupPurpose, choice: Choice): Promise<void> {
  const made = await groupById(deps.db, commandId);
  if (made) {
    if (made.personId !== me.personId) throw new Refusal('not_found');
    return;
  }
  const items = await askablesOf(deps.db, me, await chosenDocuments(deps, me, choice));
  if (items.length === 0) throw new Refusal('group.nothing_chosen');
  const now = deps.now();
  const group = {
    id: commandId,
    organisationId: me.organisationId,
    personId: me.personId,
    purpose,
    createdAt: now,
    expiresAt: new Date(now.getTime() + groupLifeMs),
  };
  await deps.inTx((tx) =>
    insertGroup(
      tx,
      group,
      items.map((item) => ({ ...item, id: deps.newId(), commandId: deps.newId() })),
    ),
  );
}
