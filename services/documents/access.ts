import { appendAudit, auditActor, hasAudit } from '../../storage/audit';
import type { Session } from '../../storage/queries/sessions';
import type { Deps } from '../deps';
import type { Place } from './place';
import { isDuplicate } from '../../storage/db';

/** Who looks: a session, or somebody with a link, and from where. */
export type Looker = { session: Session | null; address: string };

/**
 * Writes down who looked at a document or took something of it away, with login and address. Looking is noted once a session; the rows
 * stand beside the person, not in the history of the document.
 */
export async function noteAccess(
  deps: Deps,
  { session, address }: Looker,
  { actor, document, name }: Place,
  action: 'document.viewed' | 'document.downloaded',
  what?: string,
): Promise<void> {
  const entityId = actor.kind === 'member' ? actor.personId : actor.participantId;
  const commandId = action === 'document.viewed' ? `view-${session?.id ?? entityId}-${document.id}` : deps.newId();
  if (action === 'document.viewed' && (await hasAudit(deps.db, { commandId, action, entityId }))) return;
  const written = deps.inTx((tx) =>
    appendAudit(tx, {
      organisationId: document.organisationId,
      at: deps.now(),
      actor: auditActor(actor, name),
      action,
      entityId,
      commandId,
      details: {
        document: document.id,
        address,
        ...(session ? { login: session.account.login } : {}),
        ...(what ? { what } : {}),
      },
    }),
  );
  // Two windows opened at once: the other one's row stands for both.
  await written.catch((error: unknown) => (isDuplicate(error) ? undefined : Promise.reject(error as Error)));
}
