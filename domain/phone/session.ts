/** What a person does with the phone: signs documents, signs in, or shows that an account is theirs. */
export const phonePurposes = ['sign', 'sign-in', 'confirm'] as const;
export type PhonePurpose = (typeof phonePurposes)[number];
/** How the application on the phone proves itself when it fetches the documents. */
export const phoneAuthTypes = ['None', 'Token', 'Eds'] as const;
export type PhoneAuthType = (typeof phoneAuthTypes)[number];
/** What the phone is to make of the documents; XML is for signing in and confirming. */
export const phoneSignMethods = ['CMS_SIGN_ONLY', 'CMS_WITH_DATA', 'XML'] as const;
export type PhoneSignMethod = (typeof phoneSignMethods)[number];

/**
 * `fetched`: the application knows where the documents are; `given`: it has them; `checking`: its signatures have arrived and their
 * outcome is not written yet; the last three are final.
 */
export const phoneStates = ['created', 'fetched', 'given', 'checking', 'signed', 'refused', 'expired'] as const;
export type PhoneState = (typeof phoneStates)[number];

/** How long a code stays on the screen, and good: long enough for a camera, too short for a picture passed on. Milliseconds. */
export const codeLifeMs = 2 * 60_000;
/** The camera that saw the code at its last second still needs its application to open. Milliseconds. */
export const codeGraceMs = 20_000;
/** How long a link serves from its making: for signing in and confirming, and for documents. Milliseconds. */
export const entryLifeMs = 10 * 60_000;
export const signingLifeMs = 30 * 60_000;
/** How long signatures under way are left alone before somebody looks into the record for their outcome. Milliseconds. */
export const settleAfterMs = 20_000;
/** Most bytes of documents in one session: they travel to the phone as text. */
export const maxSessionBytes = 20 * 1024 * 1024;
/** Most documents in one session: a person looks through them on a small screen. */
export const maxSessionItems = 50;
/** How far the time a phone states may be from ours when it proves itself with a signature. Milliseconds. */
export const freshWithinMs = 10 * 60_000;

/** How long a session lives. Milliseconds. */
export const lifeOf = (purpose: PhonePurpose): number => (purpose === 'sign' ? signingLifeMs : entryLifeMs);
/** True once a session will not change any more. */
export const isFinal = (state: PhoneState): boolean => state === 'signed' || state === 'refused' || state === 'expired';

/** What decides about a session; instants in milliseconds UTC. */
export type PhoneFacts = { state: PhoneState; expiresAt: number; codeExpiresAt: number; checkingAt: number | null };

/** What happens to a session. `offer`: the application asks where the documents are, having come by the code or by the link. */
export type PhoneEvent =
  | { kind: 'offer'; by: 'code' | 'link' }
  | { kind: 'give' }
  | { kind: 'receive' }
  | { kind: 'accept' }
  | { kind: 'refuse' }
  | { kind: 'give-back' }
  | { kind: 'new-code' }
  | { kind: 'expire' };

export type PhoneCode =
  | 'phone.expired'
  | 'phone.code_over'
  | 'phone.already_signed'
  | 'phone.already_refused'
  | 'phone.not_given'
  | 'phone.busy'
  | 'phone.too_soon';
/** `again`: the same has happened before; it is answered as then and changes nothing. */
export type PhoneDecision = { ok: true; next: PhoneState; again: boolean } | { ok: false; code: PhoneCode };

const go = (next: PhoneState, again = false): PhoneDecision => ({ ok: true, next, again });
const no = (code: PhoneCode): PhoneDecision => ({ ok: false, code });

/** Decides what an event makes of a session at an instant (milliseconds UTC). Pure: guards the requests and draws the page. */
export function decidePhone(session: PhoneFacts, event: PhoneEvent, now: number): PhoneDecision {
  const { state } = session;
  const ended = state === 'signed' ? no('phone.already_signed') : state === 'refused' ? no('phone.already_refused') : null;
  const isOver = state === 'expired' || (session.expiresAt <= now && !isFinal(state) && state !== 'checking');
  switch (event.kind) {
    case 'offer':
      if (ended) return ended;
      if (isOver) return no('phone.expired');
      // An application that has the offer may ask for it again; a code nobody used in its time is dead.
      if (event.by === 'code' && state === 'created' && session.codeExpiresAt + codeGraceMs <= now) return no('phone.code_over');
      return state === 'created' ? go('fetched') : go(state, true);
    case 'give':
      if (ended) return ended;
      if (isOver) return no('phone.expired');
      if (state === 'given' || state === 'checking') return go(state, true);
      return go('given');
    case 'receive':
      if (state === 'signed') return go('signed', true);
      if (state === 'refused') return no('phone.already_refused');
      if (isOver) return no('phone.expired');
      if (state === 'checking') return no('phone.busy');
      return state === 'given' ? go('checking') : no('phone.not_given');
    case 'accept':
    case 'refuse':
    case 'give-back': {
      const next = { accept: 'signed', refuse: 'refused', 'give-back': 'given' } as const;
      if (state === 'checking') return go(next[event.kind]);
      return state === next[event.kind] ? go(state, true) : no('phone.not_given');
    }
    case 'new-code':
      if (ended) return ended;
      if (isOver) return no('phone.expired');
      return state === 'created' ? go('created') : no('phone.busy');
    case 'expire':
      if (isFinal(state)) return go(state, true);
      if (state === 'checking') return no('phone.busy');
      return session.expiresAt <= now ? go('expired') : no('phone.too_soon');
  }
}

/** What the page shows: the state, or that the code on it is over while nobody has used it. */
export type PhoneStage = PhoneState | 'code-over';
export function stageOf(session: PhoneFacts, now: number): PhoneStage {
  if (!isFinal(session.state) && session.state !== 'checking' && session.expiresAt <= now) return 'expired';
  return session.state === 'created' && session.codeExpiresAt <= now ? 'code-over' : session.state;
}
