import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { isUlid } from '../../domain/ids';
import { challengeLifeMs, challengeText, type ChallengePurpose } from '../../domain/signing/challenge';
import type { SignerReport } from '../../signature';
import { appendAudit } from '../../storage/audit';
import { confirmIin, insertChallenge, personByIin, useChallenge, waitingChallenge } from '../../storage/queries/challenges';
import { memberOf, type WebDeps } from '../context';
import { checkReceived } from '../signing/check-received';

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

export type Admitted = { ok: true; personId: string } | { ok: false; code: 'eds.unknown_iin' | 'eds.no_place' };

/** Whose account the holder of this key may open. */
export async function admitSigner(deps: WebDeps, signer: Signer): Promise<Admitted> {
  const person = await personByIin(deps.db, signer.iin);
  if (!person) return { ok: false, code: 'eds.unknown_iin' };
  if (!Number(person.mayEnter)) return { ok: false, code: 'eds.no_place' };
  await deps.inTx((tx) => confirmIin(deps.db, tx, person.id, signer, deps.now()));
  return { ok: true, personId: person.id };
}

/** Ties the IIN of a verified key to the signed-in person; null when done, else why not. */
export async function confirmAccount(deps: WebDeps, req: Request, signer: Signer, means: 'eds' | 'qr'): Promise<string | null> {
  const me = memberOf(req);
  const person = req.kense.session?.person;
  if (person?.iin && person.iin !== signer.iin) return 'eds.other_iin';
  const now = deps.now();
  return deps.inTx(async (tx) => {
    const holder = await personByIin(deps.db, signer.iin, tx);
    if (holder && holder.id !== me.personId) return 'eds.iin_taken';
    await confirmIin(deps.db, tx, me.personId, signer, now);
    await appendAudit(deps.db, tx, {
      organisationId: me.organisationId,
      at: now,
      actor: { kind: 'member', id: me.personId, name: person?.name ?? '' },
      action: 'person.iin_confirmed',
      entityKind: 'person',
      entityId: me.personId,
      commandId: deps.newId(),
      details: { serial: signer.serial, means },
    });
    return null;
  });
}
