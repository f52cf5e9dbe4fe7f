import { documentKinds } from '../../domain/documents/document';
import { draftIssues, type DraftPerson, type DraftProblem, outsideProblem, type RouteDraft, routeLimits } from '../../domain/routes/draft';
import type { Card, Document } from '../../storage/queries/documents';
import { type Colleague, colleaguesByIds, searchColleagues } from '../../storage/queries/people';
import type { WebDeps } from '../kit/context';
import { presentFile } from '../kit/parts/file';
import type { FieldErrors } from '../kit/views';
import type { EditorAct, StageInput } from './forms';
import { editorFocus, type EditorForm, type EditorPerson, type PersonSuggestion } from './pages';

/** How many colleagues a search offers at once. */
const suggestionLimit = 8;
const emptyInput: StageInput = { search: '', outside: { email: '', name: '', iin: '' } };

/** The editor between two presses of a button: everything typed so far, saved or not. */
export type EditorState = {
  card: Card;
  draft: RouteDraft;
  inputs: StageInput[];
  errors: FieldErrors;
  remindDays: string;
  focus: string | null;
  suggestFor: number | null;
};

/** The state a stored draft opens with. */
export const stateOf = (document: Document): EditorState => ({
  card: document,
  draft: document.routeDraft,
  inputs: document.routeDraft.stages.map(() => emptyInput),
  errors: {},
  remindDays: document.routeDraft.remindDays === null ? '' : String(document.routeDraft.remindDays),
  focus: null,
  suggestFor: null,
});

const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, i) => i !== index);
const swapped = <T>(list: readonly T[], a: number, b: number): T[] =>
  list.map((item, i) => (i === a ? list[b] : i === b ? list[a] : item) as T);

/** What the editor looks like after a button other than save and send. Pure: the same form with a stage or person more, less or moved. */
export function press(state: EditorState, act: EditorAct): EditorState {
  const { stages } = state.draft;
  const withStages = (next: RouteDraft['stages'], inputs: StageInput[], focus: string): EditorState => ({
    ...state,
    draft: { ...state.draft, stages: next },
    inputs,
    focus,
  });
  const withPeople = (stage: number, people: DraftPerson[], input: StageInput, focus: string): EditorState =>
    withStages(
      stages.map((s, i) => (i === stage ? { ...s, people } : s)),
      state.inputs.map((p, i) => (i === stage ? input : p)),
      focus,
    );
  switch (act.do) {
    case 'save':
    case 'send':
      return state;
    case 'add-stage': {
      if (stages.length >= routeLimits.stages)
        return {
          ...state,
          errors: { route: { code: 'draft.too_many_stages', params: { max: routeLimits.stages } } },
          focus: editorFocus.errors(),
        };
      return withStages(
        [...stages, { kind: 'sign', rule: 'all', due: null, people: [] }],
        [...state.inputs, emptyInput],
        editorFocus.stageKind(stages.length),
      );
    }
    case 'remove-stage':
      return withStages(
        without(stages, act.stage),
        without(state.inputs, act.stage),
        act.stage > 0 ? editorFocus.stageKind(act.stage - 1) : editorFocus.addStage(),
      );
    case 'up-stage':
      if (act.stage === 0) return state;
      return withStages(
        swapped(stages, act.stage, act.stage - 1),
        swapped(state.inputs, act.stage, act.stage - 1),
        act.stage === 1 ? editorFocus.moveDown(0) : editorFocus.moveUp(act.stage - 1),
      );
    case 'down-stage':
      if (act.stage >= stages.length - 1) return state;
      return withStages(
        swapped(stages, act.stage, act.stage + 1),
        swapped(state.inputs, act.stage, act.stage + 1),
        act.stage + 2 === stages.length ? editorFocus.moveUp(act.stage + 1) : editorFocus.moveDown(act.stage + 1),
      );
    case 'find':
      return { ...state, suggestFor: act.stage, focus: editorFocus.search(act.stage) };
    case 'add-person': {
      const people = stages[act.stage]?.people ?? [];
      const isThere = people.some((p) => p.kind === 'member' && p.personId === act.personId);
      return withPeople(
        act.stage,
        isThere ? people : [...people, { kind: 'member', personId: act.personId }],
        emptyInput,
        editorFocus.search(act.stage),
      );
    }
    case 'add-outside':
      return addOutside(state, act.stage, withPeople);
    case 'remove-person':
      return withPeople(
        act.stage,
        without(stages[act.stage]?.people ?? [], act.person),
        state.inputs[act.stage] ?? emptyInput,
        editorFocus.search(act.stage),
      );
  }
}

function addOutside(
  state: EditorState,
  stage: number,
  withPeople: (stage: number, people: DraftPerson[], input: StageInput, focus: string) => EditorState,
): EditorState {
  const people = state.draft.stages[stage]?.people ?? [];
  const typed = state.inputs[stage]?.outside ?? emptyInput.outside;
  const problem = outsideProblem(typed);
  const repeated = people.some((p) => p.kind === 'outside' && p.iin === typed.iin);
  if (problem === null && !repeated)
    return withPeople(stage, [...people, { kind: 'outside', ...typed }], emptyInput, editorFocus.search(stage));
  const code = problem ?? 'draft.repeated_person';
  const field = code === 'draft.bad_email' ? 'email' : code === 'draft.name_required' ? 'name' : 'iin';
  return { ...state, errors: { [`stage.${stage}.outside.${field}`]: { code } }, focus: `stage-${stage}-outside-${field}` };
}

/** Everything that keeps this draft from being sent, by field of the form. */
export async function sendingErrors(deps: Pick<WebDeps, 'db' | 'now'>, organisationId: string, draft: RouteDraft): Promise<FieldErrors> {
  const known = await knownPeople(deps, organisationId, draft);
  const errors: FieldErrors = {};
  for (const issue of draftIssues(draft, known, deps.now().getTime()))
    errors[fieldOf(issue)] ??= { code: issue.code, ...paramsOf(issue, draft, known) };
  return errors;
}

function fieldOf({ code, stage }: DraftProblem): string {
  if (code === 'draft.message_too_long') return 'message';
  if (stage === undefined) return 'route';
  return code === 'draft.due_in_past' || code === 'draft.due_before_previous' || code === 'draft.bad_due'
    ? `stage.${stage}.due`
    : `stage.${stage}.people`;
}

function paramsOf(
  { code, stage, person }: DraftProblem,
  draft: RouteDraft,
  known: ReadonlyMap<string, Colleague>,
): { params?: Record<string, string | number> } {
  if (code === 'draft.too_many_stages') return { params: { max: routeLimits.stages } };
  if (code === 'draft.too_many_people') return { params: { max: routeLimits.peopleInRoute } };
  if (code === 'draft.message_too_long') return { params: { max: routeLimits.messageLength } };
  const who = stage === undefined || person === undefined ? undefined : draft.stages[stage]?.people[person];
  if (!who) return {};
  return { params: { name: who.kind === 'outside' ? who.name : (known.get(who.personId)?.name ?? '') } };
}

const knownPeople = (deps: Pick<WebDeps, 'db'>, organisationId: string, draft: RouteDraft): Promise<Map<string, Colleague>> =>
  colleaguesByIds(
    deps.db,
    organisationId,
    draft.stages.flatMap((s) => s.people.flatMap((p) => (p.kind === 'member' ? [p.personId] : []))),
  );

/** Colleagues found for one stage, those already in it marked. */
export async function suggestions(
  deps: Pick<WebDeps, 'db'>,
  organisationId: string,
  text: string,
  taken: readonly DraftPerson[],
): Promise<PersonSuggestion[]> {
  const ids = new Set(taken.flatMap((p) => (p.kind === 'member' ? [p.personId] : [])));
  const found = await searchColleagues(deps.db, organisationId, text, suggestionLimit);
  return found.map((c) => ({ userId: c.personId, name: c.name, position: c.position || null, isTaken: ids.has(c.personId) }));
}

/** The form for the page: names looked up in one query, suggestions of the searched stage. */
export async function presentEditor(
  deps: WebDeps,
  document: Document,
  state: EditorState,
  extra: { command: string; justSaved?: boolean; canDelete: boolean },
): Promise<EditorForm> {
  const known = await knownPeople(deps, document.organisationId, state.draft);
  const person = (p: DraftPerson): EditorPerson => {
    if (p.kind === 'outside') return { type: 'outside', email: p.email, name: p.name, iin: p.iin };
    const colleague = known.get(p.personId);
    return { type: 'member', userId: p.personId, name: colleague?.name ?? '—', position: colleague?.position || null };
  };
  const stages = await Promise.all(
    state.draft.stages.map(async (stage, i) => {
      const input = state.inputs[i] ?? emptyInput;
      const searching = state.suggestFor === i ? await suggestions(deps, document.organisationId, input.search, stage.people) : undefined;
      return {
        kind: stage.kind,
        rule: stage.rule,
        due: stage.due ?? ('' as const),
        people: stage.people.map(person),
        search: input.search,
        suggestions: searching,
        outside: input.outside,
      };
    }),
  );
  return {
    documentId: document.id,
    command: extra.command,
    rev: document.rev,
    title: state.card.title,
    kind: documentKinds.includes(state.card.kind) ? state.card.kind : 'other',
    number: state.card.number,
    date: state.card.date ?? '',
    direction: state.card.direction,
    counterpartyName: state.card.counterpartyName,
    counterpartyBin: state.card.counterpartyBin,
    message: state.draft.message,
    remindDays: state.remindDays,
    stages,
    errors: state.errors,
    savedAt: document.updatedAt.toISOString(),
    isJustSaved: extra.justSaved ?? false,
    focus: state.focus,
    file: presentFile(document),
    canDelete: extra.canDelete,
  };
}
