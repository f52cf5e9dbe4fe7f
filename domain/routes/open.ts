import { openStage } from './decide';
import { endOfDay, type DraftPerson, type RouteDraft } from './draft';
import type { Route } from './route';

const dayMs = 86_400_000;

/** Where a new route belongs; `at` is milliseconds UTC. */
export type OpeningFacts = { id: string; documentId: string; organisationId: string; initiatorId: string; attempt: number; at: number };

/**
 * The route a sound draft stands for, its first stage already asked, together with who stands behind each participant id. The draft
 * must have passed `draftIssues`.
 */
export function openRoute(draft: RouteDraft, facts: OpeningFacts, newId: () => string): { route: Route; people: Map<string, DraftPerson> } {
  const people = new Map<string, DraftPerson>();
  const stages = draft.stages.map((stage) => ({
    kind: stage.kind,
    rule: stage.rule,
    dueAt: stage.due === null ? null : endOfDay(stage.due),
    participants: stage.people.map((person) => {
      const id = newId();
      people.set(id, person);
      return { id, personId: person.kind === 'member' ? person.personId : null, state: 'waiting' as const };
    }),
  }));
  const { at, ...place } = facts;
  const remindEveryMs = draft.remindDays === null ? null : draft.remindDays * dayMs;
  const route: Route = { ...place, rev: 1, state: 'active', current: 0, stages, remindEveryMs, remindedAt: null, askedAt: at };
  return { route: openStage(route, at).next, people };
}
