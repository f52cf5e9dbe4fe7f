import type { Actor } from '../../domain/people/roles';
import type { RefusalCode } from '../../domain/refusals';
import type { RouteCommand, RouteEffect } from '../../domain/routes/decide';
import type { Route } from '../../domain/routes/route';

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
  { ok: true; route: Route; hasMail: boolean; unsent?: string[] } | { ok: false; code: RefusalCode; current?: Route; unsent?: string[] };

export const routeUpdateName = 'routeCommand';
export const routeLookName = 'routeLook';
export const routeWorkflowName = 'routeWorkflow';
