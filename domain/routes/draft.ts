import { isTwelveDigits } from '../people/numbers';
import type { StageKind, StageRule } from './route';

/** A person put on a route by its author: a member of the organisation or somebody outside, known by IIN and e-mail. */
export type DraftPerson = { kind: 'member'; personId: string } | { kind: 'outside'; name: string; email: string; iin: string };
export type DraftStage = { kind: StageKind; rule: StageRule; due: string | null; people: DraftPerson[] };
/** The route as its author composes it; `due` is a calendar date YYYY-MM-DD in UTC+5, the stage ends with that day. */
export type RouteDraft = { stages: DraftStage[]; message: string; remindDays: number | null };

export const emptyDraft: RouteDraft = { stages: [{ kind: 'sign', rule: 'all', due: null, people: [] }], message: '', remindDays: null };

export const routeLimits = {
  stages: 20,
  peopleInRoute: 100,
  messageLength: 2_000,
  nameLength: 200,
  emailLength: 254,
  remindDays: 30,
} as const;

export const draftProblems = [
  'draft.no_stages',
  'draft.too_many_stages',
  'draft.empty_stage',
  'draft.too_many_people',
  'draft.repeated_person',
  'draft.due_in_past',
  'draft.due_before_previous',
  'draft.bad_due',
  'draft.unknown_person',
  'draft.person_without_iin',
  'draft.person_disabled',
  'draft.message_too_long',
  'draft.bad_iin',
  'draft.bad_email',
  'draft.name_required',
] as const;
export type DraftProblemCode = (typeof draftProblems)[number];
/** What hinders sending: `stage` and `person` are positions from 0, absent when the whole route is meant. */
export type DraftProblem = { code: DraftProblemCode; stage?: number; person?: number };

/** What the directory of people says of a member put on a route. */
export type KnownPerson = { personId: string; iin: string | null; active: boolean };

/** Kazakhstan keeps one zone, UTC+5, since 1 March 2024. */
export const zoneOffsetMs = 5 * 3_600_000;

/** The last millisecond (UTC) of a calendar day in UTC+5; NaN when the text is not a real date YYYY-MM-DD. */
export function endOfDay(date: string): number {
  const midnight = Date.parse(`${date}T00:00:00.000Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return NaN;
  return midnight + 86_400_000 - 1 - zoneOffsetMs;
}

const looksLikeEmail = (value: string): boolean =>
  value.length <= routeLimits.emailLength && /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\.]+(\.[^\s@<>,;:"()[\]\\.]+)+$/.test(value);

/** What is wrong with an outside person's data, or null. */
export function outsideProblem(person: { name: string; email: string; iin: string }): DraftProblemCode | null {
  if (person.name.trim() === '' || person.name.length > routeLimits.nameLength) return 'draft.name_required';
  if (!looksLikeEmail(person.email)) return 'draft.bad_email';
  return isTwelveDigits(person.iin) ? null : 'draft.bad_iin';
}

/** Everything that hinders sending this draft now, in reading order; empty when it may be sent. `now` is milliseconds UTC. */
export function draftIssues(draft: RouteDraft, known: ReadonlyMap<string, KnownPerson>, now: number): DraftProblem[] {
  const found: DraftProblem[] = [];
  if (draft.stages.length === 0) found.push({ code: 'draft.no_stages' });
  if (draft.stages.length > routeLimits.stages) found.push({ code: 'draft.too_many_stages' });
  if (draft.stages.reduce((sum, stage) => sum + stage.people.length, 0) > routeLimits.peopleInRoute)
    found.push({ code: 'draft.too_many_people' });
  if (draft.message.length > routeLimits.messageLength) found.push({ code: 'draft.message_too_long' });
  let latestDue = 0;
  draft.stages.forEach((stage, position) => {
    if (stage.people.length === 0) found.push({ code: 'draft.empty_stage', stage: position });
    if (stage.due !== null) {
      const due = endOfDay(stage.due);
      if (Number.isNaN(due)) found.push({ code: 'draft.bad_due', stage: position });
      else if (due <= now) found.push({ code: 'draft.due_in_past', stage: position });
      else if (due < latestDue) found.push({ code: 'draft.due_before_previous', stage: position });
      else latestDue = due;
    }
    found.push(...peopleIssues(stage, position, known));
  });
  return found;
}

/** The same IIN never fills two places in one stage: one person would answer twice for the same thing. */
function peopleIssues(stage: DraftStage, position: number, known: ReadonlyMap<string, KnownPerson>): DraftProblem[] {
  const found: DraftProblem[] = [];
  const seen = new Set<string>();
  stage.people.forEach((person, index) => {
    const at = { stage: position, person: index };
    const member = person.kind === 'member' ? known.get(person.personId) : undefined;
    if (person.kind === 'member') {
      if (!member) return found.push({ code: 'draft.unknown_person', ...at });
      if (!member.active) found.push({ code: 'draft.person_disabled', ...at });
      if (stage.kind === 'sign' && member.iin === null) found.push({ code: 'draft.person_without_iin', ...at });
    } else {
      const code = outsideProblem(person);
      if (code) return found.push({ code, ...at });
    }
    const identity = person.kind === 'outside' ? person.iin : (member?.iin ?? person.personId);
    if (seen.has(identity)) found.push({ code: 'draft.repeated_person', ...at });
    return seen.add(identity);
  });
  return found;
}
