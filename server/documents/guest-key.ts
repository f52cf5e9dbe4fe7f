import type { Request, Response } from 'express';
import { appendAudit } from '../../storage/audit';
import { participantById } from '../../storage/queries/routes';
import { answerChallenge } from '../auth/eds';
import { keyForm } from '../auth/eds-routes';
import { askForProof } from '../auth/prove';
import { auditActor, Refusal, type WebDeps } from '../context';
import type { Responder } from '../respond';
import { isModuleOn } from '../settings/modules';
import type { ErrorRef } from '../views';
import { flatten } from './forms';
import type { Place } from './load';

/**
 * Where an organisation lets people from outside agree only with a key: the answer to a press without one is a page that asks for it and
 * carries the form on. Returns false when it has answered the request.
 */
export function guestKeyProof(deps: WebDeps, respond: Responder) {
  const accept = async (req: Request, place: Place): Promise<ErrorRef | 'shown' | null> => {
    const { cms, challenge } = flatten(req.body);
    if (cms === undefined || cms === '' || place.actor.kind !== 'guest') return null;
    const participant = await participantById(deps.db, place.actor.participantId);
    if (!participant?.iin) throw new Refusal('signing.person_without_iin');
    const answered = await answerChallenge(deps, req, 'confirm', { challenge, cms });
    if (!answered.ok) return { code: answered.code };
    if (answered.signer.iin !== participant.iin) return { code: 'signing.wrong_iin' };
    const { actor, document, name } = place;
    await deps.inTx((tx) =>
      appendAudit(deps.db, tx, {
        organisationId: document.organisationId,
        at: deps.now(),
        actor: auditActor(actor, name),
        action: 'route.guest_key_shown',
        entityKind: 'document',
        entityId: document.id,
        commandId: deps.newId(),
        details: { participant: participant.id, attempt: participant.attempt, serial: answered.signer.serial },
      }),
    );
    return 'shown';
  };

  return async (req: Request, res: Response, place: Place): Promise<boolean> => {
    const { actor, document } = place;
    if (actor.kind !== 'guest' || !(await isModuleOn(deps, document.organisationId, 'outside_key'))) return true;
    const shown = await accept(req, place);
    if (shown === 'shown') return true;
    const participant = await participantById(deps.db, actor.participantId);
    const key = await keyForm(deps, req, 'confirm', req.originalUrl, participant?.iin ?? null, null);
    await askForProof(respond, req, res, { usesPassword: false, key, error: shown }, null);
    return false;
  };
}
