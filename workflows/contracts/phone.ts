/** Frozen with a phone session: how often the record is looked at while signatures are under way. Milliseconds. */
export type PhonePolicy = { busyMs: number };
/** One use of the phone. `expiresAt` is milliseconds UTC. */
export type PhoneStart = { phoneId: string; expiresAt: number; policy: PhonePolicy };
/** What one look into the record of a phone session found: ended, signatures under way, or the phone's turn. */
export type PhoneLook = { state: 'closed' | 'busy' | 'idle' };
export const phoneWorkflowName = 'phoneWorkflow';
/** Tells a phone session that its record has changed. */
export const phoneNudgeName = 'phoneNudge';
/** Workflow id of a phone session. */
export const phoneWorkflowId = (phoneId: string): string => `qr-${phoneId}`;
