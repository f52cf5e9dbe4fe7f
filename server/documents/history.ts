import type { AuditRow } from '../../storage/audit';
import type { Document } from '../../storage/queries/documents';
import type { HistoryEvent, HistoryPage } from './pages';

const asText = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function presentEvent(row: AuditRow): HistoryEvent {
  const params: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(row.details)) if (typeof value === 'string' || typeof value === 'number') params[name] = value;
  return {
    number: row.seq,
    at: row.at.toISOString(),
    who: row.actor.kind === 'system' ? null : row.actor.name,
    action: row.action,
    params,
    remark: asText(row.details.remark),
    from: null,
    hash: row.hash,
  };
}

/** Whether an event is of the attempts a reader may see; what belongs to no attempt is everybody's. */
export const isOfAttempts = ({ details }: AuditRow, attempts: 'all' | readonly number[]): boolean =>
  attempts === 'all' || typeof details.attempt !== 'number' || attempts.includes(details.attempt);

/** The history of a document from its rows of the audit log, with the outcome of checking their hashes. */
export function presentHistory(
  document: Document,
  rows: readonly AuditRow[],
  chain: { isWhole: boolean; count: number },
  now: Date,
): HistoryPage {
  const last = rows.at(-1);
  return {
    document: { id: document.id, title: document.title },
    chain: { ...chain, checkedAt: now.toISOString(), lastHash: last?.hash ?? null },
    events: rows.map(presentEvent),
    pager: {
      previous: null,
      next: rows.length === 200 && last ? `/documents/${document.id}/history?after=${last.seq}` : null,
      shown: rows.length,
      total: chain.count,
    },
  };
}
