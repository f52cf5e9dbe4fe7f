/** Kinds of request a stage can make; later areas add register, acquaint and execute. */
export const stageKinds = ['approve', 'sign'] as const;
export type StageKind = (typeof stageKinds)[number];
/** `all` waits for every participant of the stage, `any` for the first answer. */
export const stageRules = ['all', 'any'] as const;
export type StageRule = (typeof stageRules)[number];

export const routeStates = ['active', 'signed', 'refused', 'expired', 'withdrawn'] as const;
export type RouteState = (typeof routeStates)[number];
export const participantStates = ['waiting', 'asked', 'done', 'refused', 'not-needed'] as const;
export type ParticipantState = (typeof participantStates)[number];

/** One asked person; `personId` is null for an outside person, who answers through a one-person link. */
export type Participant = { id: string; personId: string | null; state: ParticipantState };
export type Stage = { kind: StageKind; rule: StageRule; dueAt: number | null; participants: Participant[] };

/**
 * The state of one attempt to pass a route: ids, states and instants (milliseconds UTC) only. Names, remarks and bytes stay in
 * the database, so that the workflow's history can be dropped without losing a fact.
 */
export type Route = {
  id: string;
  documentId: string;
  organisationId: string;
  initiatorId: string;
  attempt: number;
  rev: number;
  state: RouteState;
  /** Index of the stage that is asked now; equals `stages.length` once all have passed. */
  current: number;
  stages: Stage[];
  /** Milliseconds between reminders, or null for none. */
  remindEveryMs: number | null;
  remindedAt: number | null;
  /** When the current stage was asked. */
  askedAt: number;
};

/** True once nobody will be asked anything more. */
export const isFinal = (route: Route): boolean => route.state !== 'active';

/** The stage being asked now, or null when the route has ended. */
export const currentStage = (route: Route): Stage | null => (isFinal(route) ? null : (route.stages[route.current] ?? null));

/** The participant with this id together with its stage's position, or null. */
export function findParticipant(route: Route, participantId: string): { participant: Participant; stage: Stage; position: number } | null {
  for (const [position, stage] of route.stages.entries()) {
    const participant = stage.participants.find((p) => p.id === participantId);
    if (participant) return { participant, stage, position };
  }
  return null;
}

/** Participants whose answer the route is waiting for now. */
export const askedNow = (route: Route): Participant[] => currentStage(route)?.participants.filter((p) => p.state === 'asked') ?? [];
