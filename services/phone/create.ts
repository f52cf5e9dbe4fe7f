import { randomBytes } from 'node:crypto';
import type { Actor, Member } from '../../domain/people/roles';
import { phoneProblem } from '../../domain/phone/offered';
import { codeLifeMs, lifeOf, signingLifeMs } from '../../domain/phone/session';
import { Refusal } from '../../domain/refusals';
import { type ChallengePurpose, saysWhat } from '../../domain/signing/challenge';
import type { PhoneSender } from '../../integrations/temporal/phone';
import { type Document, documentFor } from '../../storage/queries/documents';
import { askablesOf } from '../../storage/queries/groups';
import { insertPhone, phoneById, type PhoneSession } from '../../storage/queries/phone';
import type { Session } from '../../storage/queries/sessions';
import type { Deps } from '../deps';
import { isModuleOn } from '../settings/modules';
import { openSession } from '../signing/sessions';
import { phoneHashes, phoneTokens } from './addresses';
import { entryXml } from './entry-xml';

/** The settings of the phone, or a refusal where it is not offered. */
export function phoneConfig(deps: Pick<Deps, 'config'>): NonNullable<Deps['config']['phone']> {
  if (!deps.config.phone) throw new Refusal('phone.not_offered');
  return deps.config.phone;
}

/** Whether this actor may sign with the phone: members always, outside people where their host has switched it on. */
export async function isPhoneOffered(deps: Pick<Deps, 'config' | 'db'>, actor: Actor): Promise<boolean> {
  if (!deps.config.phone) return false;
  return actor.kind === 'member' || isModuleOn(deps, actor.organisationId, 'outside_phone');
}

/** The documents among these that this member may sign with the phone together now; refuses when none is left or they are too large. */
export async function signableOf(deps: Deps, me: Member, documentIds: readonly string[]): Promise<Document[]> {
  const asked = (await askablesOf(deps.db, me, documentIds)).filter(({ kind }) => kind === 'sign');
  const documents: Document[] = [];
  for (const { documentId } of asked) {
    const document = await documentFor(deps.db, me, documentId);
    if (document) documents.push(document);
  }
  if (documents.length === 0) throw new Refusal('phone.nothing_chosen');
  return documents;
}

/**
 * Freezes what these people are about to sign with the phone and starts the session's run; its id is the form's command, so a repeat is
 * the same session. Refuses who is not asked for a signature now, and what may not or cannot go to a phone.
 */
export async function createSigning(
  deps: Deps,
  phones: PhoneSender,
  id: string,
  actor: Actor,
  documents: readonly Document[],
): Promise<void> {
  const config = phoneConfig(deps);
  if (!(await isPhoneOffered(deps, actor))) throw new Refusal('phone.not_offered');
  const made = await phoneById(deps.db, id);
  if (made) return wake(phones, made);
  const problem = phoneProblem(documents.map(({ kind, file }) => ({ kind, sizeBytes: file.sizeBytes })));
  if (problem) throw new Refusal(problem);
  const opened = [];
  for (const document of documents) opened.push({ document, ...(await openSession(deps, { document, actor }, signingLifeMs)) });
  const [first] = opened;
  if (!first) throw new Refusal('phone.nothing_chosen');
  await store(
    deps,
    phones,
    {
      id,
      purpose: 'sign',
      authType: config.authType,
      signMethod: config.signMethod,
      organisationId: actor.organisationId,
      personId: actor.kind === 'member' ? actor.personId : null,
      participantId: actor.kind === 'guest' ? actor.participantId : null,
      visitor: null,
      iin: first.session.iin,
      title: first.document.title,
      xml: null,
    },
    opened.map(({ document, session }) => ({
      id: deps.newId(),
      documentId: document.id,
      attempt: document.attempt,
      participantId: session.participantId,
      sessionId: session.id,
      commandId: deps.newId(),
      sizeBytes: document.file.sizeBytes,
    })),
  );
}

/** Starts a session by which this browser's person enters, or confirms that the account is theirs. Returns its id. */
export async function createEntry(
  deps: Deps,
  phones: PhoneSender,
  { session, visitor }: { session: Session | null; visitor: Buffer },
  purpose: ChallengePurpose,
): Promise<string> {
  const config = phoneConfig(deps);
  const id = deps.newId();
  const at = deps.now().getTime();
  const nonce = randomBytes(32).toString('base64url');
  await store(
    deps,
    phones,
    {
      id,
      purpose,
      authType: config.authType === 'None' ? 'None' : 'Token', // whose key it will be is not known yet: there is no IIN to ask for
      signMethod: 'XML',
      organisationId: session?.organisation?.id ?? null,
      personId: purpose === 'confirm' ? (session?.person.id ?? null) : null,
      participantId: null,
      visitor,
      iin: purpose === 'confirm' ? (session?.person.iin ?? null) : null,
      title: saysWhat[purpose],
      xml: entryXml({ purpose, site: deps.config.publicUrl, nonce, at }),
    },
    [],
  );
  return id;
}

type Fresh = Omit<Parameters<typeof insertPhone>[1], 'createdAt' | 'codeExpiresAt' | 'expiresAt'>;

async function store(deps: Deps, phones: PhoneSender, fresh: Fresh, items: Parameters<typeof insertPhone>[3]): Promise<void> {
  const now = deps.now();
  const expiresAt = new Date(now.getTime() + lifeOf(fresh.purpose));
  const session: Parameters<typeof insertPhone>[1] = {
    ...fresh,
    createdAt: now,
    codeExpiresAt: new Date(now.getTime() + codeLifeMs),
    expiresAt,
  };
  const hashes = phoneHashes(phoneTokens(deps.config.secrets, fresh.id, 1));
  await deps.inTx((tx) => insertPhone(tx, session, hashes, items));
  await wake(phones, session);
}

/** A session nobody would end or finish must not be shown. */
async function wake(phones: PhoneSender, session: { id: string; expiresAt: Date }): Promise<void> {
  if (!(await phones.nudge(session))) throw new Refusal('temporal_down');
}

/** What a decision about a session needs to know. */
export const factsOf = (session: PhoneSession) => ({
  state: session.state,
  expiresAt: session.expiresAt.getTime(),
  codeExpiresAt: session.codeExpiresAt.getTime(),
  checkingAt: session.checkingAt?.getTime() ?? null,
});
