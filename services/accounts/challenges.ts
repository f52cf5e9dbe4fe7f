import { randomBytes } from 'node:crypto';
import { isUlid } from '../../domain/ids';
import { challengeLifeMs, type ChallengePurpose, challengeText } from '../../domain/signing/challenge';
import { insertChallenge, useChallenge, waitingChallenge } from '../../storage/queries/challenges';
import type { Deps } from '../deps';
import { checkReceived } from '../signing/check-received';
import { type Signer, signerOf } from './keys';

/** A challenge as a page carries it. `text` is what the person signs, enclosed in the signature. */
export type IssuedChallenge = { id: string; text: string; expiresAt: Date };
export type Answered = { ok: true; signer: Signer } | { ok: false; code: string };

/** Issues a challenge to this visitor, good for five minutes and one answer. */
export async function issueChallenge(deps: Deps, visitor: Buffer, purpose: ChallengePurpose): Promise<IssuedChallenge> {
  const now = deps.now();
  const nonce = randomBytes(32).toString('base64url');
  const issued = {
    id: deps.newId(),
    text: challengeText({ purpose, site: deps.config.publicUrl, nonce, at: now.getTime() }),
    expiresAt: new Date(now.getTime() + challengeLifeMs),
  };
  await insertChallenge(deps.db, { ...issued, purpose, visitor, createdAt: now });
  return issued;
}

/**
 * Checks the signature that answers a challenge: issued to this visitor, not answered before, the text inside is the one issued, the key
 * good for signing in and not revoked. A good answer uses the challenge up.
 */
export async function answerChallenge(
  deps: Deps,
  visitor: Buffer,
  purpose: ChallengePurpose,
  answer: { challenge: unknown; cms: unknown },
): Promise<Answered> {
  const now = deps.now();
  const { challenge: id, cms } = answer;
  const waiting = isUlid(id) ? await waitingChallenge(deps.db, { id, purpose, visitor }, now) : null;
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
