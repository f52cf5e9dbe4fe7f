import { estimateMs, isClosed, needsNoKey } from '../../domain/groups/group';
import type { ErrorRef } from '../../services/texts/types';
import type { ListedItem, SigningGroup } from '../../storage/queries/groups';
import type { WebDeps } from '../kit/context';
import { presentDue } from '../kit/parts/due';
import { groupBase } from '../kit/parts/open-groups';
import type { GroupPage, GroupRow } from './pages';

const presentRow = (item: ListedItem, n: number, now: Date): GroupRow => ({
  id: item.id,
  n,
  href: `/documents/${item.documentId}`,
  title: item.title,
  documentKind: item.documentKind,
  sizeBytes: item.sizeBytes,
  counterparty: item.counterparty || null,
  initiator: item.initiator,
  kind: item.kind,
  due: presentDue(item.dueAt, now),
  state: item.state,
  reason: item.state === 'failed' ? { code: item.code ?? 'route.ended' } : null,
  decidedAt: item.decidedAt?.toISOString() ?? null,
});

/** Everything the page of a group shows. */
export function presentGroup(
  deps: Pick<WebDeps, 'config' | 'newId' | 'now'>,
  group: SigningGroup,
  items: readonly ListedItem[],
  signer: GroupPage['signer'],
  organisation: GroupPage['organisation'],
  form: { command?: string; remark?: string; errors?: Record<string, ErrorRef> } = {},
): GroupPage {
  const now = deps.now();
  const of = (state: string): number => items.filter((item) => item.state === state).length;
  const keyed = items.filter((item) => !needsNoKey(group.purpose, item.kind));
  const waiting = keyed.filter((item) => item.state === 'waiting');
  const isOver = isClosed(group.state) || group.expiresAt <= now;
  const state = !isClosed(group.state) && group.expiresAt <= now ? 'expired' : group.state;
  return {
    id: group.id,
    base: groupBase(group.id),
    purpose: group.purpose,
    state,
    createdAt: group.createdAt.toISOString(),
    startedAt: group.startedAt?.toISOString() ?? null,
    endedAt: group.endedAt?.toISOString() ?? null,
    expiresAt: group.expiresAt.toISOString(),
    counts: { total: items.length, waiting: of('waiting'), sent: of('sent'), done: of('done'), failed: of('failed') },
    kinds: { sign: items.filter(({ kind }) => kind === 'sign').length, approve: items.filter(({ kind }) => kind === 'approve').length },
    unsigned: waiting.length,
    sizeBytes: items.reduce((sum, item) => sum + item.sizeBytes, 0),
    estimateMs: estimateMs(
      waiting.length,
      waiting.reduce((sum, item) => sum + item.sizeBytes, 0),
    ),
    certificateName: group.certificateName,
    remark: form.remark ?? group.remark ?? '',
    errors: form.errors ?? {},
    rows: items.map((item, i) => presentRow(item, i + 1, now)),
    canTryAgain: isOver && group.startedAt !== null && items.some((item) => item.state === 'failed' || item.state === 'waiting'),
    command: form.command ?? deps.newId(),
    signer,
    organisation,
    ncalayerUrl: deps.config.ncalayer.url,
    simulatorUrl: deps.config.ncalayer.windowUrl,
  };
}
