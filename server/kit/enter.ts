import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Entrant } from '../../services/accounts/entrant';
import { opens } from '../../services/accounts/rules';
import { appendAudit } from '../../storage/audit';
import { personById } from '../../storage/queries/people';
import { insertSession, revokeSession } from '../../storage/queries/sessions';
import { installation } from '../../storage/queries/settings';
import type { WebDeps } from './context';
import { setSessionCookie } from './cookies';

/** The path of the choice of an organisation, and back to where the person was going. */
export const choicePath = (target: string): string =>
  `/sign-in/organisation${target === '/' ? '' : `?return_to=${encodeURIComponent(target)}`}`;

export async function openSession(
  deps: WebDeps,
  req: Request,
  res: Response,
  entrant: Pick<Entrant, 'personId' | 'source' | 'proof' | 'key'>,
  organisationId: string | null,
): Promise<void> {
  const former = req.kense.session;
  if (former) await revokeSession(deps.db, former.person.id, former.id, deps.now());
  const token = randomBytes(32).toString('base64url');
  await insertSession(
    deps.db,
    {
      id: deps.newId(),
      token,
      csrf: randomBytes(32).toString('base64url'),
      personId: entrant.personId,
      organisationId,
      source: entrant.source,
      proof: entrant.proof,
      key: entrant.key,
      address: req.ip ?? '',
      userAgent: req.get('User-Agent') ?? '',
    },
    deps.config.session,
    deps.now(),
  );
  setSessionCookie(res, deps.config, token);
}

/** Writes down that somebody came in, in the log of the organisation they entered. */
export async function noteEntry(
  deps: WebDeps,
  req: Request,
  { personId, source, proof, login }: Pick<Entrant, 'personId' | 'source' | 'proof' | 'login'>,
  organisationId: string,
): Promise<void> {
  const person = await personById(deps.db, personId);
  await deps.inTx((tx) =>
    appendAudit(tx, {
      organisationId,
      at: deps.now(),
      actor: { kind: 'member', id: personId, name: person?.name ?? '' },
      action: 'person.signed_in',
      entityId: personId,
      commandId: deps.newId(),
      details: { source, proof, login, address: req.ip ?? '' },
    }),
  );
}

/**
 * Lets a person in: opens a session under a fresh token (the visitor's former one ends), writes the log and leads on. A place whose rules
 * ask for a better proof is not entered; the page of the choice says what is missing.
 */
export async function enter(deps: WebDeps, req: Request, res: Response, entrant: Entrant, target: string): Promise<void> {
  const wanted = entrant.wanted ?? (entrant.places.length === 1 ? (entrant.places[0] ?? null) : null);
  const place = wanted && (await opens(deps, entrant.proof, wanted)) ? wanted : null;
  const personId = place?.personId ?? entrant.personId;
  await openSession(deps, req, res, { ...entrant, personId }, place?.organisationId ?? null);
  // Who has not entered anywhere yet stands in the installation's log; the choice writes the organisation's.
  await noteEntry(deps, req, { ...entrant, personId }, place?.organisationId ?? installation);
  res.redirect(303, place ? target : choicePath(target));
}
