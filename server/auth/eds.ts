import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { isUlid } from '../../domain/ids';
import { challengeLifeMs, challengeText, type ChallengePurpose } from '../../domain/signing/challenge';
import type { SignerReport } from '../../signature';
import { appendAudit } from '../../storage/audit';
import { queue } from '../../storage/outbox';
import {
  confirmedIin,
  confirmIin,
  insertChallenge,
  isIinKnown,
  membershipsByIin,
  othersOfIin,
  useChallenge,
  waitingChallenge,
} from '../../storage/queries/challenges';
import { holderOfIin, lockPeopleOf, personById, type Membership } from '../../storage/queries/people';
import { noteProof } from '../../storage/queries/sessions';
import { memberOf, type WebDeps } from '../context';
import { checkReceived } from '../signing/check-received';
import { vouched } from './directory-accounts';
import type { Entrant, ShownKey } from './enter';
import { wakeSoon } from './letters';

/** A challenge as a page carries it. `text` is what the person signs, enclosed in the signature. */
export type IssuedChallenge = { id: string; text: string; expiresAt: Date };
/** Who has answered a challenge, by a key that is good today. */
export type Signer = { iin: string; bin: string | null; name: string; serial: string };
export type Answered = { ok: true; signer: Signer } | { ok: false; code: string };

/** What ties a challenge to a browser: the token its forms carry. */
const visitorOf = (req: Request): Buffer => createHash('sha256').update(req.kense.csrf).digest();

/** Issues a challenge to this visitor, good for five minutes and one answer. */
export async function issueChallenge(deps: WebDeps, req: Request, purpose: ChallengePurpose): Promise<IssuedChallenge> {
  const now = deps.now();
  const nonce = randomBytes(32).toString('base64url');
  const issued = {
    id: deps.newId(),
    text: challengeText({ purpose, site: deps.config.publicUrl, nonce, at: now.getTime() }),
    expiresAt: new Date(now.getTime() + challengeLifeMs),
  };
  await insertChallenge(deps.db, { ...issued, purpose, visitor: visitorOf(req), createdAt: now });
  return issued;
}

/**
 * Checks the signature that answers a challenge: issued to this visitor, not answered before, the text inside is the one issued, the key
 * good for signing in and not revoked. A good answer uses the challenge up.
 */
export async function answerChallenge(
  deps: WebDeps,
  req: Request,
  purpose: ChallengePurpose,
  answer: { challenge: unknown; cms: unknown },
): Promise<Answered> {
  const now = deps.now();
  const { challenge: id, cms } = answer;
  const waiting = isUlid(id) ? await waitingChallenge(deps.db, { id, purpose, visitor: visitorOf(req) }, now) : null;
  if (!isUlid(id) || !waiting) return { ok: false, code: 'eds.challenge_over' };
  if (typeof cms !== 'string' || cms === '') return { ok: false, code: 'signing.unreadable' };
  const checked = await checkReceived(deps, {
    purpose: 'sign-in',
    signature: Buffer.from(cms, 'latin1'),
    digests: {},
    content: Buffer.from(waiting.text, 'ascii'),
    at: now.getTime(),
    receivedAt: now.getTime(),
    isArrival: true,
    onlySigner: true,
  });
  if (!checked.ok) return { ok: false, code: checked.code };
  const { report } = checked;
  const [signer, second] = report.signers;
  if (!signer || second) return { ok: false, code: 'signing.several_signers' };
  if (report.verdict !== 'valid') return { ok: false, code: report.code };
  if (!report.attached) return { ok: false, code: 'eds.not_attached' };
  if (signer.iin === null) return { ok: false, code: 'signing.no_iin' };
  if (!(await useChallenge(deps.db, id, now))) return { ok: false, code: 'eds.challenge_over' };
  return { ok: true, signer: signerOf(signer, signer.iin) };
}

/** The person behind a verified certificate. */
export const signerOf = (report: SignerReport, iin: string): Signer => ({
  iin,
  bin: report.bin,
  name: report.name ?? '',
  serial: report.serial ?? '',
});

export type Admitted = { ok: true; entrant: Entrant } | { ok: false; code: 'eds.unknown_iin' | 'eds.no_place' | 'sign_in.directory_down' };

/**
 * Where the holder of a key may work. People of several organisations may carry the same IIN; those this key has confirmed before come
 * first, and an organisation that has only written the number down is joined by choosing it.
 */
export async function admitSigner(deps: WebDeps, signer: Signer, source: 'eds' | 'qr'): Promise<Admitted> {
  const known = await membershipsByIin(deps.db, signer.iin);
  const { places, isDown } = await vouched(deps, known);
  const [first] = places;
  if (!first) {
    if (isDown) return { ok: false, code: 'sign_in.directory_down' };
    return { ok: false, code: known.length > 0 || (await isIinKnown(deps.db, signer.iin)) ? 'eds.no_place' : 'eds.unknown_iin' };
  }
  const confirmed = places.filter((place) => Boolean(place.isConfirmed));
  const candidates = confirmed.length > 0 ? confirmed : places;
  const wanted = candidates.length === 1 ? candidates[0] : candidates.find((place) => place.bin === signer.bin);
  const key = { iin: signer.iin, serial: signer.serial };
  if (wanted && !wanted.isConfirmed) await joinByKey(deps, wanted, key, source);
  return {
    ok: true,
    entrant: { personId: first.personId, login: '', source, proof: 'key', key, places, wanted: wanted ?? null },
  };
}

/**
 * Ties an IIN to the person of a place by its key; null when done, `eds.iin_taken` when a colleague carries it. Accounts that showed the
 * same key before are told when this one is new.
 */
export async function joinByKey(
  deps: WebDeps,
  place: Pick<Membership, 'personId' | 'organisationId' | 'organisationName'>,
  key: ShownKey,
  means: 'eds' | 'qr',
): Promise<'eds.iin_taken' | null> {
  const now = deps.now();
  const { personId, organisationId } = place;
  const outcome = await deps.inTx(async (tx) => {
    await lockPeopleOf(deps.db, tx, organisationId);
    if (await holderOfIin(deps.db, tx, organisationId, key.iin, personId)) return 'eds.iin_taken';
    const before = await confirmedIin(deps.db, personId, tx);
    await confirmIin(deps.db, tx, personId, key, now);
    const others = before ? [] : await othersOfIin(deps.db, key.iin, personId, tx);
    const person = await personById(deps.db, personId, tx);
    await queue(
      deps.db,
      tx,
      others.map(({ email, language, name }) => ({
        template: 'iin-elsewhere',
        to: email,
        language,
        data: { recipient: name, organisation: place.organisationName, at: now.toISOString(), serial: key.serial },
      })),
      now,
    );
    await appendAudit(deps.db, tx, {
      organisationId,
      at: now,
      actor: { kind: 'member', id: personId, name: person?.name ?? '' },
      action: 'person.iin_confirmed',
      entityKind: 'person',
      entityId: personId,
      commandId: deps.newId(),
      details: { serial: key.serial, means },
    });
    return others.length;
  });
  if (outcome === 'eds.iin_taken') return outcome;
  if (outcome > 0) wakeSoon(deps);
  return null;
}

/** Ties the IIN of a verified key to the signed-in person; null when done, else why not. */
export async function confirmAccount(deps: WebDeps, req: Request, signer: Signer, means: 'eds' | 'qr'): Promise<string | null> {
  const me = memberOf(req);
  const { session } = req.kense;
  if (!session) return 'sign_in.needed';
  if (session.person.iin && session.person.iin !== signer.iin) return 'eds.other_iin';
  const key = { iin: signer.iin, serial: signer.serial };
  const problem = await joinByKey(deps, { ...me, organisationName: session.organisation?.name ?? '' }, key, means);
  if (problem === null) await noteProof(deps.db, session.id, { proof: 'key', key }, deps.now());
  return problem;
}
