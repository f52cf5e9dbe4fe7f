import type { Request } from 'express';
import { appendAudit, hasAudit } from '../../storage/audit';
import { isDuplicate } from '../../storage/tx';
import { auditActor, type WebDeps } from '../context';
import type { Place } from './load';

/**
 * Writes down who looked at a document or took something of it away, with login and address. Looking is noted once a session; the rows
 * stand beside the person, not in the history of the document.
 */
export async function noteAccess(
  deps: WebDeps,
  req: Request,
  { actor, document, name }: Place,
  action: 'document.viewed' | 'document.downloaded',
  what?: string,
): Promise<void> {
  const { session } = req.kense;
  const entityId = actor.kind === 'member' ? actor.personId : actor.participantId;
  const commandId = action === 'document.viewed' ? `view-${session?.id ?? entityId}-${document.id}` : deps.newId();
  if (action === 'document.viewed' && (await hasAudit(deps.db, { commandId, action, entityId }))) return;
  const written = deps.inTx((tx) =>
    appendAudit(deps.db, tx, {
      organisationId: document.organisationId,
      at: deps.now(),
      actor: auditActor(actor, name),
      action,
      entityKind: 'person',
      entityId,
      commandId,
      details: {
        document: document.id,
        address: req.ip ?? '',
        ...(session ? { login: session.account.login } : {}),
        ...(what ? { what } : {}),
      },
    }),
  );
  // Two windows opened at once: the other one's row stands for both.
  await written.catch((error: unknown) => (isDuplicate(error) ? undefined : Promise.reject(error as Error)));
}
