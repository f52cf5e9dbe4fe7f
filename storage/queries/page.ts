import type { Cursor } from '../cursor';
import { select, selectOne, type Bind } from '../sql';
import type { Db } from '../db';

/** Which page of a list: the newest one, or the one after or before a place. */
export type PageRequest = { limit: number; after?: Cursor | null; before?: Cursor | null };
export type Page<Row> = { rows: Row[]; previous: Cursor | null; next: Cursor | null };
/** A list whose newest rows come first: `at` and `id` are the sort columns as SQL, and each row must return them as `sortAt` and `id`. */
export type ListQuery = { columns: string; from: string; where: string[]; at: string; id: string; bind: Bind };

/** Totals are counted up to here; beyond it the page says "more than". */
export const countCap = 1_000;

/** One keyset page. Written with `a <= ? AND (a < ? OR b < ?)`, which uses the index; a row constructor would not. */
export async function readPage<Row extends { sortAt: Date; id: string }>(
  db: Db,
  query: ListQuery,
  request: PageRequest,
): Promise<Page<Row>> {
  const backwards = Boolean(request.before);
  const edge = request.before ?? request.after ?? null;
  const where = [...query.where];
  if (edge) {
    const [weak, strict] = backwards ? ['>=', '>'] : ['<=', '<'];
    where.push(`${query.at} ${weak} :edgeAt AND (${query.at} ${strict} :edgeAt OR ${query.id} ${strict} :edgeId)`);
  }
  const order = backwards ? 'ASC' : 'DESC';
  const rows = await select<Row>(
    db,
    `SELECT ${query.columns}, ${query.at} AS sortAt FROM ${query.from} WHERE ${where.join(' AND ')}
      ORDER BY ${query.at} ${order}, ${query.id} ${order} LIMIT :pageLimit`,
    { ...query.bind, pageLimit: request.limit + 1, ...(edge ? { edgeAt: edge.at, edgeId: edge.id } : {}) },
  );
  const hasMore = rows.length > request.limit;
  const shown = rows.slice(0, request.limit);
  if (backwards) shown.reverse();
  const first = shown[0];
  const last = shown.at(-1);
  const place = (row: Row | undefined): Cursor | null => (row ? { at: row.sortAt, id: row.id } : null);
  return {
    rows: shown,
    previous: (backwards ? hasMore : edge !== null) ? place(first) : null,
    next: (backwards ? edge !== null : hasMore) ? place(last) : null,
  };
}

/** How many rows the list has, counted at most to `countCap`. */
export async function countRows(db: Db, query: Pick<ListQuery, 'from' | 'where' | 'bind'>): Promise<number> {
  const row = await selectOne<{ n: number }>(
    db,
    `SELECT COUNT(*) AS n FROM (SELECT 1 FROM ${query.from} WHERE ${query.where.join(' AND ')} LIMIT ${countCap}) AS capped`,
    query.bind,
  );
  return Number(row?.n ?? 0);
}
