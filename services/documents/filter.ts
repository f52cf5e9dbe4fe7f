import { zoneOffsetMs } from '../../domain/routes/draft';
import { stageKinds } from '../../domain/routes/route';
import type * as lists from '../../storage/queries/lists';

/** Query or posted fields, as they came. */
type Values = Record<string, unknown>;

/** What a GET filter form holds; empty strings when not set. Field names are the property names. */
export interface ListFilter {
  q: string;
  /** /to-sign: `sign` or `approve`; elsewhere a DocumentKind. */
  kind: string;
  /** /documents: a DocumentState; /in-signing: '' | 'mine' | 'outside' | 'undelivered' | 'overdue'; /to-sign: '' | 'overdue'. */
  state: string;
  /** Person or organisation, free text. */
  who: string;
  /** CivilDate or ''. */
  from: string;
  to: string;
}

/** One field as text, trimmed and cut to 200 characters; empty when it is missing or given twice. */
export const param = (values: Values, name: string): string => {
  const value = values[name];
  return typeof value === 'string' ? value.trim().slice(0, 200) : '';
};

const dateParam = (values: Values, name: string): string => {
  const value = param(values, name);
  return /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : '';
};

const startOf = (date: string): Date => new Date(Date.parse(`${date}T00:00:00Z`) - zoneOffsetMs);
export const endOf = (date: string): Date => new Date(startOf(date).getTime() + 86_400_000 - 1);

/** The filter as shown in the form and as the queries take it. Unknown values of a choice are dropped. */
export function readFilter(
  values: Values,
  kinds: readonly string[],
  states: readonly string[],
  now: Date,
): { shown: ListFilter; query: lists.ListFilter } {
  const kind = kinds.includes(param(values, 'kind')) ? param(values, 'kind') : '';
  const state = states.includes(param(values, 'state')) ? param(values, 'state') : '';
  const shown: ListFilter = {
    q: param(values, 'q'),
    kind,
    state,
    who: param(values, 'who'),
    from: dateParam(values, 'from'),
    to: dateParam(values, 'to'),
  };
  return {
    shown,
    query: {
      ...(shown.q ? { text: shown.q } : {}),
      ...(kind ? { kind } : {}),
      ...(state ? { state } : {}),
      ...(shown.who ? { who: shown.who } : {}),
      ...(shown.from ? { from: startOf(shown.from) } : {}),
      ...(shown.to ? { to: endOf(shown.to) } : {}),
      ...(state === 'overdue' ? { overdueAt: now } : {}),
    },
  };
}

/** The filter of the list «to sign», from its address or from a form that chose everything it shows. */
export const readToSignFilter = (values: Values, now: Date): ReturnType<typeof readFilter> =>
  readFilter(values, stageKinds, ['overdue'], now);
