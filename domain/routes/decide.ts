import { never } from '../outcome';
import type { Actor } from '../people/roles';
import { runsCabinet } from '../people/roles';
import { currentStage, findParticipant, isFinal, type Participant, type Route, type Stage } from './route';
import type { RefusalCode } from '../refusals';

/** What people and timers may ask of a running route. Instants are milliseconds UTC. */
export type RouteCommand =
  | { kind: 'approve'; by: Actor; participantId: string; remark?: string | undefined; at: number }
  | { kind: 'sign'; by: Actor; participantId: string; signatureId: string; at: number }
  | { kind: 'refuse'; by: Actor; participantId: string; remark: string; at: number }
  | { kind: 'withdraw'; by: Actor; remark?: string | undefined; at: number }
  | { kind: 'remind'; by: Actor | System; at: number }
  | { kind: 'extend'; by: Actor; position: number; dueAt: number | null; at: number }
  | { kind: 'expire'; by: System; position: number; at: number };
/** The route's own timers. */
export type System = { kind: 'system' };

/** What must happen outside the database once the command is stored. */
export type RouteEffect =
  | { kind: 'invite'; participantIds: string[] }
  | { kind: 'remind'; participantIds: string[] }
  | { kind: 'tell-initiator'; of: 'answered' | 'signed' | 'refused' | 'expired' }
  | { kind: 'tell-participants'; of: 'signed' | 'refused' | 'withdrawn' | 'expired'; participantIds: string[] };

export type RouteRefusal = Extract<RefusalCode, `route.${string}`>;
export type RouteDecision = { ok: true; next: Route; effects: RouteEffect[] } | { ok: false; code: RouteRefusal };

/** People may repeat a reminder at most once in this time, so that a nervous initiator does not become a mail bomb. */
export const manualReminderPauseMs = 10 * 60_000;
/** Longest remark kept, in characters. */
export const maxRemarkLength = 2_000;

const refuse = (code: RouteRefusal): RouteDecision => ({ ok: false, code });
const isInitiator = (by: Actor | System, route: Route): boolean =>
  by.kind === 'member' && by.organisationId === route.organisationId && (by.personId === route.initiatorId || runsCabinet(by));
const isParticipant = (by: Actor, participant: Participant, route: Route): boolean =>
  by.organisationId === route.organisationId &&
  (by.kind === 'member' ? participant.personId === by.personId : participant.id === by.participantId);

const replaceStage = (route: Route, position: number, stage: Stage): Stage[] => route.stages.map((s, i) => (i === position ? stage : s));
const raise = (route: Route, change: Partial<Route>): Route => ({ ...route, ...change, rev: route.rev + 1 });
/** Everybody who was asked or has answered: those who know of the document and must learn how it ended. */
const toldSoFar = (route: Route, except?: string): string[] =>
  route.stages.flatMap((s) =>
    s.participants.filter((p) => (p.state === 'asked' || p.state === 'done') && p.id !== except).map((p) => p.id),
  );

/**
 * Decides one command on one route: the next state with its effects, or a refusal. Pure; the same function draws the buttons,
 * validates the Update and runs inside its handler.
 */
export function decide(route: Route, command: RouteCommand): RouteDecision {
  if (isFinal(route)) return refuse('route.ended');
  switch (command.kind) {
    case 'approve':
    case 'sign':
      return answer(route, command);
    case 'refuse':
      return refuseRoute(route, command);
    case 'withdraw':
      if (!isInitiator(command.by, route)) return refuse('route.forbidden');
      return {
        ok: true,
        next: raise(route, { state: 'withdrawn', stages: closeOpen(route.stages) }),
        effects: [{ kind: 'tell-participants', of: 'withdrawn', participantIds: toldSoFar(route) }],
      };
    case 'remind':
      return remind(route, command);
    case 'extend':
      return extend(route, command);
    case 'expire': {
      const stage = currentStage(route);
      if (!stage || command.position !== route.current || stage.dueAt === null || stage.dueAt > command.at) return refuse('route.not_due');
      return {
        ok: true,
        next: raise(route, { state: 'expired', stages: closeOpen(route.stages) }),
        effects: [
          { kind: 'tell-initiator', of: 'expired' },
          {
            kind: 'tell-participants',
            of: 'expired',
            participantIds: stage.participants.filter((p) => p.state === 'asked').map((p) => p.id),
          },
        ],
      };
    }
    default:
      return never(command);
  }
}

function answer(route: Route, command: Extract<RouteCommand, { kind: 'approve' | 'sign' }>): RouteDecision {
  const found = mayAnswer(route, command.by, command.participantId);
  if (!found.ok) return found;
  if (found.stage.kind !== command.kind) return refuse('route.wrong_kind');
  const anyIsEnough = found.stage.rule === 'any';
  const participants = found.stage.participants.map((p): Participant => {
    if (p.id === command.participantId) return { ...p, state: 'done' };
    return anyIsEnough && p.state === 'asked' ? { ...p, state: 'not-needed' } : p;
  });
  const stages = replaceStage(route, route.current, { ...found.stage, participants });
  if (participants.some((p) => p.state === 'asked')) {
    return { ok: true, next: raise(route, { stages }), effects: [{ kind: 'tell-initiator', of: 'answered' }] };
  }
  return openStage(raise(route, { stages, current: route.current + 1 }), command.at);
}

/** Asks the people of the current stage, or ends the route when no stage is left. */
export function openStage(route: Route, at: number): Extract<RouteDecision, { ok: true }> {
  const stage = route.stages[route.current];
  if (!stage) {
    const effects: RouteEffect[] = [
      { kind: 'tell-initiator', of: 'signed' },
      { kind: 'tell-participants', of: 'signed', participantIds: toldSoFar(route) },
    ];
    return { ok: true, next: { ...route, state: 'signed' }, effects };
  }
  const participants = stage.participants.map((p): Participant => ({ ...p, state: 'asked' }));
  const next = { ...route, stages: replaceStage(route, route.current, { ...stage, participants }), askedAt: at, remindedAt: null };
  const effects: RouteEffect[] = [{ kind: 'invite', participantIds: participants.map((p) => p.id) }];
  if (route.current > 0) effects.unshift({ kind: 'tell-initiator', of: 'answered' });
  return { ok: true, next, effects };
}

function refuseRoute(route: Route, command: Extract<RouteCommand, { kind: 'refuse' }>): RouteDecision {
  const found = mayAnswer(route, command.by, command.participantId);
  if (!found.ok) return found;
  if (command.remark.trim() === '') return refuse('route.remark_required');
  const participants = found.stage.participants.map((p): Participant => (p.id === command.participantId ? { ...p, state: 'refused' } : p));
  const stages = closeOpen(replaceStage(route, route.current, { ...found.stage, participants }));
  return {
    ok: true,
    next: raise(route, { state: 'refused', stages }),
    effects: [
      { kind: 'tell-initiator', of: 'refused' },
      { kind: 'tell-participants', of: 'refused', participantIds: toldSoFar(route, command.participantId) },
    ],
  };
}

function remind(route: Route, command: Extract<RouteCommand, { kind: 'remind' }>): RouteDecision {
  const last = route.remindedAt ?? route.askedAt;
  if (command.by.kind === 'system') {
    if (route.remindEveryMs === null || command.at < last + route.remindEveryMs) return refuse('route.not_due');
  } else {
    if (!isInitiator(command.by, route)) return refuse('route.forbidden');
    if (route.remindedAt !== null && command.at < route.remindedAt + manualReminderPauseMs) return refuse('route.too_soon');
  }
  const ids = (currentStage(route)?.participants ?? []).filter((p) => p.state === 'asked').map((p) => p.id);
  return { ok: true, next: raise(route, { remindedAt: command.at }), effects: [{ kind: 'remind', participantIds: ids }] };
}

function extend(route: Route, command: Extract<RouteCommand, { kind: 'extend' }>): RouteDecision {
  if (!isInitiator(command.by, route)) return refuse('route.forbidden');
  const stage = route.stages[command.position];
  if (!stage || command.position < route.current) return refuse('route.ended');
  if (command.dueAt !== null && command.dueAt <= command.at) return refuse('route.due_in_past');
  return {
    ok: true,
    next: raise(route, { stages: replaceStage(route, command.position, { ...stage, dueAt: command.dueAt }) }),
    effects: [],
  };
}

type MayAnswer = { ok: true; participant: Participant; stage: Stage } | { ok: false; code: RouteRefusal };

/** Whether this actor may answer for this participant now. Somebody else's place is `route.forbidden` whatever its state. */
export function mayAnswer(route: Route, by: Actor, participantId: string): MayAnswer {
  const found = findParticipant(route, participantId);
  if (!found || !isParticipant(by, found.participant, route)) return { ok: false, code: 'route.forbidden' };
  if (isFinal(route)) return { ok: false, code: 'route.ended' };
  if (found.participant.state === 'done' || found.participant.state === 'refused') return { ok: false, code: 'route.already_answered' };
  if (found.participant.state !== 'asked' || found.position !== route.current) return { ok: false, code: 'route.not_asked' };
  return { ok: true, participant: found.participant, stage: found.stage };
}

const closeOpen = (stages: Stage[]): Stage[] =>
  stages.map((s) => ({
    ...s,
    participants: s.participants.map((p): Participant =>
      p.state === 'asked' || p.state === 'waiting' ? { ...p, state: 'not-needed' } : p,
    ),
  }));

/** Instant (milliseconds UTC) at which a timer of the route must run next, with what it does; null when nothing is timed. */
export function nextTimer(route: Route): { at: number; kind: 'expire' | 'remind' } | null {
  const stage = currentStage(route);
  if (!stage) return null;
  const expire = stage.dueAt === null ? null : { at: stage.dueAt, kind: 'expire' as const };
  const remind =
    route.remindEveryMs === null ? null : { at: (route.remindedAt ?? route.askedAt) + route.remindEveryMs, kind: 'remind' as const };
  if (!expire) return remind;
  return remind && remind.at < expire.at ? remind : expire;
}
