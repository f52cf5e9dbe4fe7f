import { type Request, Router } from 'express';
import { documentKinds, documentStates } from '../../domain/documents/document';
import { maxGroupItems } from '../../domain/groups/group';
import { type ListFilter, param, readFilter, readToSignFilter } from '../../services/documents/filter';
import { isModuleOn } from '../../services/settings/modules';
import { type Cursor, packCursor, unpackCursor } from '../../storage/cursor';
import { openGroupsOf } from '../../storage/queries/groups';
import * as lists from '../../storage/queries/lists';
import { countCap, type Page, type PageRequest } from '../../storage/queries/page';
import { memberOf, type WebDeps } from '../kit/context';
import { presentDue } from '../kit/parts/due';
import { presentOpenGroups } from '../kit/parts/open-groups';
import { presentDelivery } from '../kit/parts/route';
import type { Responder } from '../kit/respond';
import type { Pager } from '../kit/views';
import type { DocumentRow } from './pages';

const pageSize = 50;

const isSet = (filter: ListFilter): boolean => Object.values(filter).some((value) => value !== '');

const documentRow = (row: lists.ListedDocument): DocumentRow => ({
  id: row.documentId,
  href: `/documents/${row.documentId}`,
  title: row.title,
  number: row.number || null,
  kind: row.kind,
  sizeBytes: Number(row.sizeBytes),
  counterparty: row.counterparty || null,
  initiator: row.initiator,
});

/** The lists: to sign, in signing, all documents, trash. A filter is in the address; with htmx only the list is answered. */
export function listRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const place = (req: Request, name: string): Cursor | null =>
    param(req.query, name) ? unpackCursor(deps.config.secrets, param(req.query, name)) : null;
  const pageOf = (req: Request): PageRequest => ({ limit: pageSize, after: place(req, 'after'), before: place(req, 'before') });
  const pager = (req: Request, page: Page<unknown>, total: number): Pager => {
    const link = (name: 'after' | 'before', cursor: Cursor | null): string | null => {
      if (!cursor) return null;
      const query = new URLSearchParams(
        Object.entries(req.query).filter(
          (e): e is [string, string] => typeof e[1] === 'string' && e[1] !== '' && !['after', 'before'].includes(e[0]),
        ),
      );
      query.set(name, packCursor(deps.config.secrets, cursor));
      return `${req.path}?${query.toString()}`;
    };
    return {
      previous: link('before', page.previous),
      next: link('after', page.next),
      shown: page.rows.length,
      total,
      isTotalCapped: total >= countCap,
    };
  };

  router.get('/to-sign', async (req, res) => {
    const me = memberOf(req);
    const now = deps.now();
    const { shown, query } = readToSignFilter(req.query, now);
    const [page, total, all, sign, approve, overdue, groups, isGroupOn] = await Promise.all([
      lists.listToSign(deps.db, me, query, pageOf(req)),
      lists.countToSign(deps.db, me, query),
      lists.countToSign(deps.db, me, {}),
      lists.countToSign(deps.db, me, { kind: 'sign' }),
      lists.countToSign(deps.db, me, { kind: 'approve' }),
      lists.countToSign(deps.db, me, { overdueAt: now }),
      openGroupsOf(deps.db, me, now),
      isModuleOn(deps, me.organisationId, 'group_signing'),
    ]);
    const rows = page.rows.map((row) => ({
      ...documentRow(row),
      action: row.action,
      since: row.sortAt.toISOString(),
      due: presentDue(row.dueAt, now),
    }));
    const data = {
      filter: shown,
      isFiltered: isSet(shown),
      rows,
      pager: pager(req, page, total),
      counts: { all, sign, approve, overdue },
      groups: presentOpenGroups(groups),
      choose:
        isGroupOn && rows.length > 0
          ? { command: deps.newId(), all: total, limit: maxGroupItems, usesPhone: deps.config.phone !== null }
          : null,
    };
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/lists/to-sign', data);
    else await respond.page(req, res, 'pages/to-sign', data, 'to-sign');
  });

  router.get('/in-signing', async (req, res) => {
    const me = memberOf(req);
    const now = deps.now();
    const { shown, query } = readFilter(req.query, documentKinds, ['mine', 'outside', 'undelivered', 'overdue'], now);
    const [page, total, all, mine, outside, undelivered, overdue] = await Promise.all([
      lists.listInSigning(deps.db, me, query, pageOf(req)),
      lists.countInSigning(deps.db, me, query),
      lists.countInSigning(deps.db, me, {}),
      lists.countInSigning(deps.db, me, { state: 'mine' }),
      lists.countInSigning(deps.db, me, { state: 'outside' }),
      lists.countInSigning(deps.db, me, { state: 'undelivered' }),
      lists.countInSigning(deps.db, me, { overdueAt: now }),
    ]);
    const awaited = await lists.awaitedOf(
      deps.db,
      page.rows.map((row) => row.routeId),
    );
    const rows = page.rows.map((row) => ({
      ...documentRow(row),
      stage: { kind: row.stageKind, index: row.current + 1, count: Number(row.stageCount) },
      awaited: (awaited.get(row.routeId) ?? []).map((a) => ({
        name: a.name,
        isOutside: a.isOutside,
        delivery:
          a.mailState && a.mailAt
            ? presentDelivery(a.mailState as Parameters<typeof presentDelivery>[0], a.mailAt, a.mailError ?? '')
            : null,
      })),
      sentAt: row.startedAt.toISOString(),
      due: presentDue(row.dueAt, now),
    }));
    const data = {
      filter: shown,
      isFiltered: isSet(shown),
      rows,
      pager: pager(req, page, total),
      counts: { all, mine, outside, undelivered, overdue },
    };
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/lists/in-signing', data);
    else await respond.page(req, res, 'pages/in-signing', data, 'in-signing');
  });

  router.get('/documents', async (req, res) => {
    const me = memberOf(req);
    const now = deps.now();
    const { shown, query } = readFilter(req.query, documentKinds, documentStates, now);
    const [page, total] = await Promise.all([
      lists.listDocuments(deps.db, me, query, pageOf(req)),
      lists.countDocuments(deps.db, me, query),
    ]);
    const rows = page.rows.map((row) => ({
      ...documentRow(row),
      state: row.state,
      updatedAt: row.sortAt.toISOString(),
      due: presentDue(row.dueAt, now),
    }));
    const data = { filter: shown, isFiltered: isSet(shown), rows, pager: pager(req, page, total) };
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/lists/documents', data);
    else await respond.page(req, res, 'pages/documents/list', data, 'documents');
  });

  router.get('/trash', async (req, res) => {
    const me = memberOf(req);
    const { shown, query } = readFilter(req.query, documentKinds, documentStates, deps.now());
    const [page, total] = await Promise.all([lists.listTrash(deps.db, me, query, pageOf(req)), lists.countTrash(deps.db, me, query)]);
    const rows = page.rows.map((row) => ({
      ...documentRow(row),
      deletedAt: row.trashedAt.toISOString(),
    }));
    const data = { filter: shown, isFiltered: isSet(shown), rows, pager: pager(req, page, total) };
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/lists/trash', data);
    else await respond.page(req, res, 'pages/trash', data, 'trash');
  });

  return router;
}
