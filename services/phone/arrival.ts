import { z } from 'zod';
import type { Actor } from '../../domain/people/roles';
import { decidePhone } from '../../domain/phone/session';
import type { PhoneSender } from '../../integrations/temporal/phone';
import {
  acceptPhoneSigner,
  decidePhoneItem,
  markPhoneItemSent,
  movePhone,
  phoneById,
  type PhoneDocument,
  phoneDocuments,
  type PhoneSession,
} from '../../storage/queries/phone';
import { signingSession } from '../../storage/queries/signatures';
import type { Deps } from '../deps';
import { sideBySide } from '../side-by-side';
import { actOnRoute, type Arrival, checkArrival, type GoodArrival, keepArrival } from '../signing/receive';
import { factsOf } from './create';
import { checkEntry } from './entry';
import { namesOfDocument, namesOfEntry } from './offer';

/** What becomes of a PUT. `malformed`: not what was given out; `refused`: the signatures are not accepted; `over`, `not-yet`: not now. */
export type PutOutcome =
  { kind: 'accepted' } | { kind: 'malformed' | 'refused' | 'over' | 'not-yet'; code: string } | { kind: 'busy'; code: 'phone.busy' };

const name = z.string().max(2_000).optional();
const entrySchema = z.object({
  id: z.union([z.number().int(), z.string().regex(/^\d{1,4}$/)]).transform(Number),
  nameRu: name,
  nameKz: name,
  nameEn: name,
  documentXml: z.string().min(1).optional(),
  document: z.object({ file: z.object({ data: z.string().min(1) }) }).optional(),
});

const putSchema = z.object({ signMethod: z.string().optional(), documentsToSign: z.array(entrySchema).min(1).max(200) });
type Entry = z.output<typeof entrySchema>;
type Expected = { nameRu: string; nameKz: string; nameEn: string };

/** The entries in the order they were given out, or null: each of them once, under its own names, no other, by the same method. */
function entriesOf(body: unknown, session: PhoneSession, expected: readonly Expected[]): Entry[] | null {
  const parsed = putSchema.safeParse(body);
  if (!parsed.success) return null;
  const { signMethod, documentsToSign } = parsed.data;
  if (signMethod !== undefined && signMethod !== session.signMethod) return null;
  if (documentsToSign.length !== expected.length) return null;
  const byId = new Map(documentsToSign.map((entry) => [entry.id, entry]));
  const found = expected.map((names, index) => {
    const entry = byId.get(index + 1);
    const isSame = entry && (['nameRu', 'nameKz', 'nameEn'] as const).every((k) => entry[k] === undefined || entry[k] === names[k]);
    const signed = session.signMethod === 'XML' ? entry?.documentXml : entry?.document?.file.data;
    return isSame && signed !== undefined ? entry : undefined;
  });
  return found.every((entry) => entry !== undefined) ? found : null;
}

/** How long a repeat waits for the request that came before it, and how often it looks. Milliseconds. */
const patienceMs = 20_000;
const lookMs = 200;

/**
 * Takes what the phone has signed. Nothing happens unless every signature is good; then each acts on its own route, and one whose document
 * has moved on meanwhile fails alone. A repeat is answered as before and changes nothing.
 */
export async function receivePut(deps: Deps, phones: PhoneSender, session: PhoneSession, body: unknown): Promise<PutOutcome> {
  const first = decidePhone(factsOf(session), { kind: 'receive' }, deps.now().getTime());
  if (!first.ok && first.code === 'phone.busy') return afterTheOther(deps, session);
  if (!first.ok) return refusalOf(first.code, session);
  if (first.again) return { kind: 'accepted' };
  const documents = await phoneDocuments(deps.db, session.id);
  const expected = session.purpose === 'sign' ? documents.map(namesOfDocument) : [namesOfEntry(deps, session)];
  const entries = entriesOf(body, session, expected);
  if (!entries) return { kind: 'malformed', code: 'phone.changed' };
  if (!(await movePhone(deps.db, session.id, ['given'], 'checking', deps.now()))) return afterTheOther(deps, session);
  try {
    return session.purpose === 'sign'
      ? await receiveSignatures(deps, phones, session, documents, entries)
      : await receiveEntry(deps, session, entries[0]?.documentXml ?? '');
  } catch (error) {
    // Nothing has been decided: the phone may send it again. What has reached a route is found by the session's run.
    const items = await phoneDocuments(deps.db, session.id);
    if (items.every(({ state }) => state === 'waiting')) await movePhone(deps.db, session.id, ['checking'], 'given', deps.now());
    else await phones.nudge(session);
    throw error;
  }
}

function refusalOf(code: string, session: PhoneSession): PutOutcome {
  if (code === 'phone.already_refused') return { kind: 'refused', code: session.code ?? code };
  return { kind: code === 'phone.not_given' ? 'not-yet' : 'over', code };
}

/** Waits for the request that is being worked on and answers as it was answered. */
async function afterTheOther(deps: Deps, { id }: PhoneSession): Promise<PutOutcome> {
  for (let waited = 0; waited < patienceMs; waited += lookMs) {
    const session = await phoneById(deps.db, id);
    if (!session) return { kind: 'over', code: 'phone.expired' };
    if (session.state === 'signed') return { kind: 'accepted' };
    if (session.state !== 'checking') {
      const { state } = session;
      return state === 'given' ? { kind: 'busy', code: 'phone.busy' } : refusalOf(`phone.already_${state}`, session);
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return { kind: 'busy', code: 'phone.busy' };
}

/** Signatures stored at a time. */
const keptAtATime = 4;

type Received = { document: PhoneDocument; arrival: Arrival; good: GoodArrival | null };

async function receiveSignatures(
  deps: Deps,
  phones: PhoneSender,
  session: PhoneSession,
  documents: readonly PhoneDocument[],
  entries: readonly Entry[],
): Promise<PutOutcome> {
  const received: Received[] = [];
  const arrivedAt = deps.now();
  for (const [index, document] of documents.entries()) {
    const frozen = await signingSession(deps.db, document.sessionId, document.participantId);
    if (!frozen) throw new Error('a phone session has lost what it froze');
    const arrival: Arrival = {
      session: frozen,
      documentId: document.documentId,
      attempt: document.attempt,
      by: actorOf(session, document),
      commandId: document.commandId,
      signature: Buffer.from(entries[index]?.document?.file.data ?? '', 'latin1'),
      arrivedAt,
    };
    const checked = await checkArrival(deps, arrival);
    if (checked.kind === 'refused') {
      await movePhone(deps.db, session.id, ['checking'], 'refused', deps.now(), checked.code);
      await phones.nudge(session);
      return { kind: 'refused', code: checked.code };
    }
    received.push({ document, arrival, good: checked.kind === 'good' ? checked : null });
  }
  await sideBySide(received, keptAtATime, async ({ arrival, good }) => (good ? keepArrival(deps, arrival, good) : undefined));
  return act(deps, phones, session, received);
}

/** Lets every signature act on its route and writes what each of them said. */
async function act(deps: Deps, phones: PhoneSender, session: PhoneSession, received: readonly Received[]): Promise<PutOutcome> {
  let done = 0;
  let open = 0;
  let refusal: string | null = null;
  for (const { document, arrival, good } of received) {
    await markPhoneItemSent(deps.db, document.id);
    const receipt = good ? await actOnRoute(deps, arrival, good) : { kind: 'accepted' as const };
    switch (receipt.kind) {
      case 'accepted':
        done++;
        await decidePhoneItem(deps.db, document.id, { state: 'done', code: null }, deps.now());
        break;
      case 'pending':
      case 'down':
        open++; // kept: the run brings it to its route
        break;
      case 'refused':
        refusal ??= receipt.code;
        await decidePhoneItem(deps.db, document.id, { state: 'failed', code: receipt.code }, deps.now());
        break;
    }
  }
  if (open === 0) {
    const isRefused = done === 0;
    await movePhone(deps.db, session.id, ['checking'], isRefused ? 'refused' : 'signed', deps.now(), isRefused ? refusal : null);
  }
  await phones.nudge(session);
  return done === 0 && open === 0 ? { kind: 'refused', code: refusal ?? 'route.ended' } : { kind: 'accepted' };
}

const actorOf = (session: PhoneSession, { participantId }: PhoneDocument): Actor => {
  const organisationId = session.organisationId ?? '';
  return session.personId
    ? { kind: 'member', personId: session.personId, organisationId, role: 'employee' }
    : { kind: 'guest', participantId, organisationId };
};

async function receiveEntry(deps: Deps, session: PhoneSession, xml: string): Promise<PutOutcome> {
  const checked = await checkEntry(deps, session, xml);
  if (checked.ok) {
    await acceptPhoneSigner(deps.db, session.id, checked.signer, deps.now());
    return { kind: 'accepted' };
  }
  await movePhone(deps.db, session.id, ['checking'], 'refused', deps.now(), checked.code);
  return { kind: 'refused', code: checked.code };
}
