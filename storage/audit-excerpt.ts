import { auditContent, contentHash, isLinkable, type StoredAudit } from './audit';
import type { Db } from './db';

/** Rows of one thing and how far the log must be followed to the head that a time-stamp covers. */
type Stretch = { from: number; to: number; own: ReadonlySet<number> };

/** Rows read at once, and links at most: a day of a busy house has some tens of thousands. */
const pageSize = 1_000;
const maxLines = 200_000;

/**
 * The part of an organisation's log that proves the history of one thing, as JSON lines: its rows in full, and from each on to the next
 * stamped head (`stampedSeqs`, ascending) only the digests of what lies between, which tell nothing about other things.
 * `signature/pack/audit-excerpt.ts` describes the lines and checks them. `stamped` are the heads the lines lead to.
 */
export async function auditExcerpt(
  db: Db,
  organisationId: string,
  entityId: string,
  stampedSeqs: readonly number[],
): Promise<{ lines: string[]; stamped: number[] }> {
  const found = await db
    .selectFrom('audit')
    .select('seq')
    .where('organisationId', '=', organisationId)
    .where('entityId', '=', entityId)
    .orderBy('seq')
    .execute();
  const seqs = found.map((row) => row.seq);
  const lines: string[] = [];
  const stamped: number[] = [];
  for (const stretch of stretchesOf(seqs, stampedSeqs)) {
    const isLinked = stretch.to - stretch.from < maxLines - lines.length;
    lines.push(...(await readStretch(db, organisationId, stretch, isLinked)));
    if (isLinked && stampedSeqs.includes(stretch.to)) stamped.push(stretch.to);
  }
  return { lines, stamped };
}

/** Rows covered by the same stamp share a stretch; those no stamp covers yet stand by themselves. */
export function stretchesOf(seqs: readonly number[], stampedSeqs: readonly number[]): Stretch[] {
  const groups = new Map<number, number[]>();
  for (const seq of seqs) {
    const end = stampedSeqs.find((stamped) => stamped >= seq) ?? Infinity;
    groups.set(end, [...(groups.get(end) ?? []), seq]);
  }
  return [...groups].map(([end, own]) => ({ from: own[0]!, to: end === Infinity ? own.at(-1)! : end, own: new Set(own) }));
}

async function readStretch(db: Db, organisationId: string, { from, to, own }: Stretch, isLinked: boolean): Promise<string[]> {
  const lines: string[] = [];
  for (let next = from; next <= to;) {
    const last = Math.min(to, next + pageSize - 1);
    const page = db.selectFrom('audit').selectAll().where('organisationId', '=', organisationId).orderBy('seq');
    const rows = await page
      .where((eb) => eb.between('seq', next, last))
      .$if(!isLinked, (rows) => rows.where('seq', 'in', [...own])) // a stretch too long to be linked still shows the rows it is about
      .execute();
    for (const row of rows) lines.push(JSON.stringify(own.has(row.seq) ? wholeRow(row) : link(row)));
    next = last + 1;
  }
  return lines;
}

const wholeRow = (row: StoredAudit): object => ({
  seq: row.seq,
  row: auditContent(row),
  prev: row.prevHash.toString('hex'),
  hash: row.hash.toString('hex'),
});

const link = (row: StoredAudit): object =>
  isLinkable(row) ? { seq: row.seq, content: contentHash(row).toString('hex') } : { seq: row.seq, hash: row.hash.toString('hex') };
