import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RefusalCode } from '../domain/refusals';
import type { Activities } from '../activities';
import { decide, nextTimer, type RouteCommand } from '../domain/routes/decide';
import { isFinal, type Route } from '../domain/routes/route';
import { type Applied, routeLookName, type RouteMessage, type RouteSaved, type RouteStart, routeUpdateName } from './contracts/route';
import { Serial } from './lib/serial';

export const routeCommand = defineUpdate<RouteSaved, [RouteMessage]>(routeUpdateName);
/** Tells a run to read its record: something in it has waited too long. */
export const routeLook = defineSignal(routeLookName);

const db = proxyLocalActivities<Activities>({ startToCloseTimeout: '10s', retry: { initialInterval: '200ms', maximumInterval: '5s' } });

const refused = (code: RefusalCode): ApplicationFailure => ApplicationFailure.nonRetryable(code, 'Refused');

/**
 * One attempt of a document to pass its route. Every command becomes one transaction (a local activity); mails follow beside it, so that
 * a dead mail server never holds up a deadline. Holds ids, states and instants only.
 */
export async function routeWorkflow(start: RouteStart): Promise<void> {
  const { policy } = start;
  let route: Route | null = start.route ?? null;
  const serial = new Serial();
  const sending = new Set<string>();
  let stopping = false;

  const io = proxyActivities<Activities>({
    taskQueue: 'io',
    startToCloseTimeout: '2m',
    heartbeatTimeout: '15s', // a worker that died in the middle is noticed long before the two minutes
    scheduleToCloseTimeout: policy.mailPatienceMs,
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '10m' },
  });

  /** Sends the mails of one command; after the patience has run out they are marked as failed and a person sees it on the page. */
  const sendMails = async (commandId: string): Promise<void> => {
    if (sending.has(commandId)) return;
    sending.add(commandId);
    try {
      await io.deliverMails({ commandId });
    } catch {
      await db.giveUpMails({ commandId });
    } finally {
      sending.delete(commandId);
    }
  };

  const settle = (commandId: string, applied: Applied): RouteSaved => {
    if (!applied.ok) {
      // The record has moved without us (a restore; a command stored just before worker and server died): follow it, its mails too.
      if (applied.current) route = applied.current;
      for (const left of applied.unsent ?? []) void sendMails(left);
      throw refused(applied.code);
    }
    route = applied.route;
    if (applied.hasMail) void sendMails(commandId);
    for (const left of applied.unsent ?? []) void sendMails(left);
    return { routeId: route.id, rev: route.rev, state: route.state };
  };

  /** Takes the route over from the record. */
  const load = async (): Promise<void> => {
    const loaded = await db.loadRoute({ documentId: start.documentId, attempt: start.attempt });
    route = loaded.route;
    for (const commandId of loaded.unsent) void sendMails(commandId);
  };
  /** The same when it is there: its opening may have been stored just before the server forgot it. */
  const recall = (): Promise<void> => load().catch(ignoreMissing);

  const apply = async (commandId: string, command: RouteCommand): Promise<RouteSaved> => {
    if (!route) throw refused('route.not_sent');
    const before = route;
    const decision = decide(before, command); // again: the state may have moved while this one queued
    if (!decision.ok) throw refused(decision.code);
    return settle(commandId, await db.applyRoute({ commandId, command, before, next: decision.next, effects: decision.effects }));
  };

  setHandler(
    routeCommand,
    async (message: RouteMessage) => {
      if (start.resume && !route) await condition(() => route !== null || stopping);
      return serial.run(async () => {
        if (message.kind === 'command') {
          if (!route || message.isBehind) await recall();
          return apply(message.commandId, message.command);
        }
        if (route) throw refused('route.already_sent');
        return settle(message.commandId, await db.openRoute(message.open));
      });
    },
    {
      validator: (message?: RouteMessage) => {
        if (!message) throw ApplicationFailure.nonRetryable('the command cannot be read', 'Unreadable'); // refused by the codec
        if (message.kind === 'open') {
          if (route) throw refused('route.already_sent');
          return;
        }
        if (!route || message.isBehind) return; // not known yet, or known wrongly: the handler asks the record
        const decision = decide(route, message.command);
        if (!decision.ok) throw refused(decision.code);
      },
    },
  );

  setHandler(routeLook, () => serial.run(recall));

  if (start.resume) await serial.run(async () => (route ? undefined : load()));
  let patienceMs = policy.openPatienceMs;
  for (let waitMs = Math.min(firstRecallMs, patienceMs); !route && patienceMs > 0; waitMs = Math.min(waitMs * 2, patienceMs)) {
    patienceMs -= waitMs;
    if (!(await condition(() => route !== null, waitMs))) await serial.run(async () => (route ? undefined : recall()));
  }
  if (!route) {
    stopping = true;
    await condition(allHandlersFinished);
    return;
  }

  for (let current = live(route); current; current = live(route)) {
    const { rev } = current;
    const moved = (): boolean => route?.rev !== rev || isFinal(route);
    const timer = nextTimer(current);
    if (workflowInfo().historyLength > policy.maxHistoryEvents && sending.size === 0 && allHandlersFinished()) {
      return continueAsNew<typeof routeWorkflow>({ ...start, resume: false, route: current });
    }
    if (timer === null) {
      await condition(moved);
      continue;
    }
    const waitMs = Math.max(1, timer.at - Date.now());
    if (await condition(moved, Math.min(waitMs, maxTimerMs))) continue;
    if (Date.now() < timer.at) continue;
    const command: RouteCommand =
      timer.kind === 'expire'
        ? { kind: 'expire', by: { kind: 'system' }, position: current.current, at: Date.now() }
        : { kind: 'remind', by: { kind: 'system' }, at: Date.now() };
    await serial.run(() => apply(`${timer.kind}-${current.id}-${rev}`, command)).catch(ignoreRefusal);
  }
  await condition(() => sending.size === 0 && allHandlersFinished());
}

/** One timer never sleeps longer than this, so that a corrected clock or a far date cannot overflow the server's limits. */
const maxTimerMs = 30 * 86_400_000;

/** How long a run without a route waits for its opening before it looks into the record, for the first time. Milliseconds. */
const firstRecallMs = 30_000;

const live = (route: Route | null): Route | null => (route && !isFinal(route) ? route : null);

/** A timer that lost the race against a person's command has nothing left to do. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ApplicationFailure && error.type === 'Refused')) throw error;
}

/** A document that was never sent has no route to take over. */
function ignoreMissing(error: unknown): void {
  const isMissing = error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'RouteMissing';
  if (!isMissing) throw error;
}
