import type { Request, Response } from 'express';
import { Refusal } from '../../domain/refusals';
import { answerChallenge } from '../../services/accounts/challenges';
import type { Place } from '../../services/documents/place';
import { isModuleOn } from '../../services/settings/modules';
import type { ErrorRef } from '../../services/texts/types';
import { appendAudit, auditActor } from '../../storage/audit';
import { participantById } from '../../storage/queries/routes';
import type { WebDeps } from '../kit/context';
import { flatten } from '../kit/form';
import type { GuestKey } from '../kit/place';
import type { Responder } from '../kit/respond';
import { visitorOf } from '../kit/visitor';
import { keyForm } from './eds-web';
import { askForProof } from './prove';

/**
 * Where an organisation lets people from outside agree only with a key: the answer to a press without one is a page that asks for it and
 * carries the form on. Returns false when it has answered the request.
 */
export function guestKeyProof(deps: WebDeps, respond: Responder): GuestKey {
  const accept = async (req: Request, place: Place): Promise<ErrorRef | 'shown' | null> => {
    const { cms, challenge } = flatten(req.body);
    if (cms === undefined || cms === '' || place.actor.kind !== 'guest') return null;
    const participant = await participantById(deps.db, place.actor.participantId);
    if (!participant?.iin) throw new Refusal('signing.person_without_iin');
    const answered = await answerChallenge(deps, visitorOf(req), 'confirm', { challenge, cms });
    if (!answered.ok) return { code: answered.code };
    if (answered.signer.iin !== participant.iin) return { code: 'signing.wrong_iin' };
    const { actor, document, name } = place;
    await deps.inTx((tx) =>
      appendAudit(tx, {
        organisationId: document.organisationId,
        at: deps.now(),
        actor: auditActor(actor, name),
        action: 'route.guest_key_shown',
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
