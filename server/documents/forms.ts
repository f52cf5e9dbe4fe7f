import { z } from 'zod';
import { directions, documentKinds } from '../../domain/documents/document';
import { isUlid } from '../../domain/ids';
import { isTwelveDigits } from '../../domain/people/numbers';
import { type DraftPerson, type DraftStage, outsideProblem, type RouteDraft, routeLimits } from '../../domain/routes/draft';
import { stageKinds, stageRules } from '../../domain/routes/route';
import type { Card } from '../../storage/queries/documents';
import type { Posted } from '../kit/form';
import { wholeNumberIn } from '../kit/input';
import type { FieldErrors } from '../kit/views';

const oneOf = <T extends string>(values: readonly T[], value: string | undefined, fallback: T): T =>
  values.find((v) => v === value) ?? fallback;
const isDate = (value: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString().startsWith(value);

/** The card as posted, with what is wrong in it. A value too long is cut by nobody: it is said. */
export function readCard(posted: Posted): { card: Card; errors: FieldErrors } {
  const errors: FieldErrors = {};
  const text = (name: string, max: number): string => {
    const value = (posted[name] ?? '').trim();
    if (value.length > max) errors[name] = { code: 'field.too_long', params: { max } };
    return value;
  };
  const title = text('title', 300);
  if (title === '') errors.title = { code: 'field.required' };
  const date = (posted.date ?? '').trim();
  if (date !== '' && !isDate(date)) errors.date = { code: 'field.bad_date' };
  const counterpartyBin = (posted.counterparty_bin ?? '').replace(/\s/g, '');
  if (counterpartyBin !== '' && !isTwelveDigits(counterpartyBin)) errors.counterparty_bin = { code: 'field.bad_bin' };
  const card: Card = {
    title: title.slice(0, 300),
    kind: oneOf(documentKinds, posted.kind, 'other'),
    number: text('number', 60).slice(0, 60),
    date: date === '' || errors.date ? null : date,
    direction: oneOf(directions, posted.direction, 'internal'),
    counterpartyName: text('counterparty_name', 300).slice(0, 300),
    counterpartyBin: errors.counterparty_bin ? '' : counterpartyBin,
  };
  return { card, errors };
}

const outsidePerson = z.object({ email: z.string().max(254), name: z.string().max(200), iin: z.string().max(12) });

/** `user:<ULID>` or `outside:<base64url JSON>`, or null when it is neither. */
export function readPerson(value: string): DraftPerson | null {
  if (value.startsWith('user:')) {
    const personId = value.slice('user:'.length);
    return isUlid(personId) ? { kind: 'member', personId } : null;
  }
  if (!value.startsWith('outside:')) return null;
  try {
    const parsed = outsidePerson.safeParse(JSON.parse(Buffer.from(value.slice('outside:'.length), 'base64url').toString('utf8')));
    return parsed.success && outsideProblem(parsed.data) === null ? { kind: 'outside', ...parsed.data } : null;
  } catch {
    return null;
  }
}

/** What stands in the controls of one stage beside the people already chosen. */
export type StageInput = { search: string; outside: { email: string; name: string; iin: string } };

/** The route as posted: `stage.N.…` with N from 0 without gaps; at most one stage and person above the limits is read. */
export function readRoute(posted: Posted): { draft: RouteDraft; inputs: StageInput[]; errors: FieldErrors } {
  const errors: FieldErrors = {};
  const stages: DraftStage[] = [];
  const inputs: StageInput[] = [];
  for (let n = 0; posted[`stage.${n}.kind`] !== undefined && n <= routeLimits.stages; n++) {
    const people: DraftPerson[] = [];
    for (let k = 0; posted[`stage.${n}.person.${k}`] !== undefined && k <= routeLimits.peopleInRoute; k++) {
      const person = readPerson(posted[`stage.${n}.person.${k}`] ?? '');
      if (person) people.push(person);
    }
    const due = (posted[`stage.${n}.due`] ?? '').trim();
    if (due !== '' && !isDate(due)) errors[`stage.${n}.due`] = { code: 'draft.bad_due' };
    stages.push({
      kind: oneOf(stageKinds, posted[`stage.${n}.kind`], 'sign'),
      rule: oneOf(stageRules, posted[`stage.${n}.rule`], 'all'),
      due: due === '' || !isDate(due) ? null : due,
      people,
    });
    const typed = (name: string): string => (posted[`stage.${n}.${name}`] ?? '').trim();
    inputs.push({
      search: typed('search').slice(0, 100),
      outside: { email: typed('outside.email'), name: typed('outside.name'), iin: typed('outside.iin').replace(/\s/g, '') },
    });
  }
  const remind = (posted.remind_days ?? '').trim();
  const remindDays = remind === '' ? null : wholeNumberIn(remind, { min: 1, max: routeLimits.remindDays });
  if (remind !== '' && remindDays === null) {
    errors.remind_days = { code: 'draft.bad_reminder', params: { max: routeLimits.remindDays } };
  }
  const message = (posted.message ?? '').replace(/\r\n/g, '\n').trim();
  if (message.length > routeLimits.messageLength) errors.message = { code: 'field.too_long', params: { max: routeLimits.messageLength } };
  return {
    draft: { stages, message: message.slice(0, routeLimits.messageLength), remindDays },
    inputs,
    errors,
  };
}

/** What a button of the editor asks for, with its positions. */
export type EditorAct =
  | { do: 'save' | 'send' | 'add-stage' }
  | { do: 'remove-stage' | 'up-stage' | 'down-stage' | 'find' | 'add-outside'; stage: number }
  | { do: 'add-person'; stage: number; personId: string }
  | { do: 'remove-person'; stage: number; person: number };

/** Reads the pressed button; Enter in a search field with text means "find". Anything unknown saves, which loses nothing. */
export function readAct(posted: Posted, inputs: readonly StageInput[]): EditorAct {
  const [name, first, second] = (posted.do ?? 'save').split(':');
  const stage = wholeNumberIn(first, { max: inputs.length - 1 });
  switch (name) {
    case 'send':
    case 'add-stage':
      return { do: name };
    case 'remove-stage':
    case 'up-stage':
    case 'down-stage':
    case 'find':
    case 'add-outside':
      return stage === null ? { do: 'save' } : { do: name, stage };
    case 'add-person':
      return stage !== null && isUlid(second) ? { do: name, stage, personId: second } : { do: 'save' };
    case 'remove-person': {
      const person = wholeNumberIn(second);
      return stage !== null && person !== null ? { do: name, stage, person } : { do: 'save' };
    }
    default: {
      const searched = inputs.findIndex((i) => i.search !== '');
      return searched >= 0 ? { do: 'find', stage: searched } : { do: 'save' };
    }
  }
}
