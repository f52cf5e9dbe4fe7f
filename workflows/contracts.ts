import type { RouteCommand, RouteEffect } from '../domain/routes/decide';
import type { Actor } from '../domain/people/roles';
import type { Route } from '../domain/routes/route';

// Messages and types shared by workflows, activities and senders. A name is never reused with another meaning: open runs and stored
// histories still speak it. Fields are only ever added, and as optional ones.

/** Frozen at start, so that a later release cannot change a running route. Durations in milliseconds. */
export type RoutePolicy = {
  /** How long a refused mail server is tried before the mails of one command count as failed. */
  mailPatienceMs: number;
  /** History length after which the run continues as new. */
  maxHistoryEvents: number;
  /** How long an opened but never sent route waits before its run ends. */
  openPatienceMs: number;
};
/** `route` is given when the run continues an earlier one; `resume` makes the run load it from the record. */
export type RouteStart = { documentId: string; attempt: number; policy: RoutePolicy; resume?: boolean; route?: Route };

/** The first message of a route: send the document as its draft says. */
export type OpenRoute = { kind: 'open'; commandId: string; documentId: string; attempt: number; rev: number; by: Actor; at: number };
/** `isBehind`: the sender found the run behind the record; it reads the record before it decides. */
export type RouteMessage =
  { kind: 'command'; commandId: string; command: RouteCommand; isBehind?: boolean } | { kind: 'open'; commandId: string; open: OpenRoute };
export type RouteSaved = { routeId: string; rev: number; state: Route['state'] };

export type ApplyRoute = { commandId: string; command: RouteCommand; before: Route; next: Route; effects: RouteEffect[] };
/**
 * A run that turns out to be behind the record (a conflict, or a command stored before) gets the stored state and `unsent`, the commands
 * whose mails still wait: others may have been stored and forgotten beside this one.
 */
export type Applied =
  { ok: true; route: Route; hasMail: boolean; unsent?: string[] } | { ok: false; code: string; current?: Route; unsent?: string[] };

export const routeUpdateName = 'routeCommand';
export const routeLookName = 'routeLook';
export const routeWorkflowName = 'routeWorkflow';
/** Workflows and their local activities; mail, directory and other outside systems; PDF and other heavy work. */
export const queues = { flow: 'flow', io: 'io', heavy: 'heavy' } as const;

/**
 * A derived file asked for by a reader: the PDF with its sheet of signatures or, with `card`, the card of the electronic document, in
 * Kazakh and Russian at once or with the signatures printed as QR codes. `key` is where it will be stored.
 */
export type DeriveStart = {
  key: string;
  routeId: string;
  documentId: string;
  language: 'ru' | 'kk' | 'en';
  card?: { bilingual: boolean; printed: boolean };
};

/** Type of the failure of a derived file whose original would cost too much however often it is tried. */
export const hopelessOriginal = 'HopelessOriginal';
/**
 * Where it is noted of a route that no sheet or card can be made of its document, so that nobody tries again. The number grows when the
 * maker learns to do more.
 */
export const hopelessKey = ({ routeId, card }: Pick<DeriveStart, 'routeId' | 'card'>): string =>
  `derived/${routeId}/hopeless-1-${card ? 'card' : 'sheet'}`;

/** Gathering the proof of one signature. `waits` replaces the plan of waits between tries, milliseconds. */
export type EvidenceStart = { signatureId: string; patienceMs: number; waits?: number[] };
export const evidenceRetryName = 'evidenceRetry';
export const evidenceWorkflowName = 'evidenceWorkflow';
/** Workflow id of the proof of one signature. */
export const evidenceWorkflowId = (signatureId: string): string => `evidence-${signatureId}`;
/** How long answers from outside are awaited before a proof is left as it is: beyond it certificates have usually ended. */
export const evidencePatienceMs = 60 * 86_400_000;

/** Frozen with a group: how often the record is looked at while answers are under way, and otherwise. Durations in milliseconds. */
export type GroupPolicy = { busyMs: number; idleMs: number; maxHistoryEvents: number };
/** A group of documents answered together. `expiresAt` is milliseconds UTC. */
export type GroupStart = { groupId: string; expiresAt: number; policy: GroupPolicy };
/** What one look into the record of a group found: nothing left to do, something under way, or a person's turn. */
export type GroupLook = { state: 'closed' | 'busy' | 'idle' };
export const groupWorkflowName = 'groupWorkflow';
/** Tells a group that its record has changed. */
export const groupNudgeName = 'groupNudge';
/** Workflow id of a group. */
export const groupWorkflowId = (groupId: string): string => `group-${groupId}`;

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

/** The one sender of letters that belong to no route. */
export const outboxWorkflowName = 'outboxWorkflow';
export const outboxWakeName = 'outboxWake';
export const outboxWorkflowId = 'outbox';
/** Frozen with a run of the sender: history length after which it continues as new. */
export type OutboxStart = { maxHistoryEvents?: number };
