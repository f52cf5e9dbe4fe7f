import type { DocumentKind, DocumentState } from '../../domain/documents/document';
import type { Actor, Member } from '../../domain/people/roles';
import type { StageKind } from '../../domain/routes/route';
import { containing, select, selectOne, type Bind } from '../sql';
import { visibleTo } from './documents';
import { countRows, readPage, type ListQuery, type Page, type PageRequest } from './page';
import type { Db } from '../db';

/** What narrows a list; undefined means "any". `from` and `to` are instants of the list's own date column. */
export type ListFilter = { text?: string; kind?: string; state?: string; who?: string; from?: Date; to?: Date; overdueAt?: Date };

export type ListedDocument = {
  id: string;
  documentId: string;
  sortAt: Date;
  title: string;
  number: string;
  kind: DocumentKind;
  counterparty: string;
  initiator: string;
  sizeBytes: number;
  state: DocumentState;
  dueAt: Date | null;
};
export type ListedToSign = ListedDocument & { action: StageKind };
export type ListedInSigning = ListedDocument & {
  routeId: string;
  stageKind: StageKind;
  current: number;
  stageCount: number;
  startedAt: Date;
};
export type ListedTrash = ListedDocument & { trashedAt: Date };

const documentColumns = `d.id AS documentId, d.title, d.number, d.kind, d.counterparty_name AS counterparty, d.state, ip.name AS initiator, f.size_bytes AS sizeBytes`;
const documentTables = 'JOIN people ip ON ip.id = d.initiator_id JOIN files f ON f.id = d.file_id';

function narrow(filter: ListFilter, at: string): { where: string[]; bind: Bind } {
  const where: string[] = [];
  const bind: Bind = {};
  if (filter.text) {
    // A BIN is ASCII: comparing that column with Cyrillic text would be refused by MariaDB.
    const byBin = /^\d+$/.test(filter.text) ? ' OR d.counterparty_bin LIKE :text' : '';
    where.push(`(d.title LIKE :text OR d.number LIKE :text OR d.counterparty_name LIKE :text${byBin})`);
    bind.text = containing(filter.text);
  }
  if (filter.who) {
    where.push('(ip.name LIKE :who OR d.counterparty_name LIKE :who)');
    bind.who = containing(filter.who);
  }
  if (filter.from) {
    where.push(`${at} >= :from`);
    bind.from = filter.from;
  }
  if (filter.to) {
    where.push(`${at} <= :to`);
    bind.to = filter.to;
  }
  return { where, bind };
}

const toSignQuery = (me: Member, filter: ListFilter): ListQuery => {
  const narrowed = narrow(filter, 'rp.asked_at');
  const where = ['rp.person_id = :me', 'rp.organisation_id = :org', "rp.state = 'asked'", ...narrowed.where];
  if (filter.kind) where.push('s.kind = :stageKind');
  if (filter.overdueAt) where.push('s.due_at < :overdueAt');
  return {
    columns: `rp.id, ${documentColumns}, s.kind AS action, s.due_at AS dueAt`,
    from: `route_participants rp JOIN documents d ON d.id = rp.document_id ${documentTables}
      JOIN route_stages s ON s.route_id = rp.route_id AND s.position = rp.stage`,
    where,
    at: 'rp.asked_at',
    id: 'rp.id',
    bind: { ...narrowed.bind, me: me.personId, org: me.organisationId, stageKind: filter.kind ?? '', overdueAt: filter.overdueAt ?? null },
  };
};

/** What waits for this person's answer, the newest first. */
export const listToSign = (db: Db, me: Member, filter: ListFilter, page: PageRequest): Promise<Page<ListedToSign>> =>
  readPage(db, toSignQuery(me, filter), page);
export const countToSign = (db: Db, me: Member, filter: ListFilter): Promise<number> => countRows(db, toSignQuery(me, filter));

const inSigningQuery = (actor: Member, filter: ListFilter): ListQuery => {
  const visible = visibleTo(actor);
  const narrowed = narrow(filter, 'r.started_at');
  const where = [visible.where, "d.state = 'in-signing'", 'd.trashed_at IS NULL', ...narrowed.where];
  if (filter.kind) where.push('d.kind = :documentKind');
  if (filter.overdueAt) where.push('s.due_at < :overdueAt');
  const asked = `SELECT 1 FROM route_participants ap WHERE ap.route_id = r.id AND ap.state = 'asked'`;
  if (filter.state === 'mine') where.push('d.initiator_id = :initiator');
  if (filter.state === 'outside') where.push(`EXISTS (${asked} AND ap.person_id IS NULL)`);
  if (filter.state === 'undelivered')
    where.push("EXISTS (SELECT 1 FROM mail_deliveries md WHERE md.route_id = r.id AND md.state IN ('retrying','refused','failed'))");
  return {
    columns: `d.id, ${documentColumns}, r.id AS routeId, r.current, r.started_at AS startedAt, s.kind AS stageKind, s.due_at AS dueAt,
      (SELECT COUNT(*) FROM route_stages sc WHERE sc.route_id = r.id) AS stageCount`,
    from: `documents d JOIN routes r ON r.document_id = d.id AND r.attempt = d.attempt ${documentTables}
      JOIN route_stages s ON s.route_id = r.id AND s.position = r.current`,
    where,
    at: 'd.updated_at',
    id: 'd.id',
    bind: {
      ...visible.bind,
      ...narrowed.bind,
      documentKind: filter.kind ?? '',
      overdueAt: filter.overdueAt ?? null,
      initiator: actor.personId,
    },
  };
};

/** Documents on their way through a route, the last moved first. */
export const listInSigning = (db: Db, actor: Member, filter: ListFilter, page: PageRequest): Promise<Page<ListedInSigning>> =>
  readPage(db, inSigningQuery(actor, filter), page);
export const countInSigning = (db: Db, actor: Member, filter: ListFilter): Promise<number> => countRows(db, inSigningQuery(actor, filter));

const documentsQuery = (actor: Actor, filter: ListFilter, trashed: boolean): ListQuery => {
  const visible = visibleTo(actor);
  const narrowed = narrow(filter, 'd.updated_at');
  const where = [visible.where, trashed ? 'd.trashed_at IS NOT NULL' : 'd.trashed_at IS NULL', ...narrowed.where];
  if (filter.kind) where.push('d.kind = :documentKind');
  if (filter.state) where.push('d.state = :state');
  return {
    columns: `d.id, ${documentColumns}, d.trashed_at AS trashedAt,
      (SELECT s.due_at FROM routes r JOIN route_stages s ON s.route_id = r.id AND s.position = r.current WHERE r.document_id = d.id AND r.attempt = d.attempt AND r.state = 'active') AS dueAt`,
    from: `documents d ${documentTables}`,
    where,
    at: 'd.updated_at',
    id: 'd.id',
    bind: { ...visible.bind, ...narrowed.bind, documentKind: filter.kind ?? '', state: filter.state ?? '' },
  };
};

/** Every document the actor may see, the last changed first. */
export const listDocuments = (db: Db, actor: Actor, filter: ListFilter, page: PageRequest): Promise<Page<ListedDocument>> =>
  readPage(db, documentsQuery(actor, filter, false), page);
export const countDocuments = (db: Db, actor: Actor, filter: ListFilter): Promise<number> =>
  countRows(db, documentsQuery(actor, filter, false));
/** What lies in the trash. */
export const listTrash = (db: Db, actor: Actor, filter: ListFilter, page: PageRequest): Promise<Page<ListedTrash>> =>
  readPage(db, documentsQuery(actor, filter, true), page);
export const countTrash = (db: Db, actor: Actor, filter: ListFilter): Promise<number> => countRows(db, documentsQuery(actor, filter, true));

export type Awaited = {
  routeId: string;
  name: string;
  isOutside: boolean;
  mailState: string | null;
  mailAt: Date | null;
  mailError: string | null;
};

/** People whom these routes wait for now, with the state of the last mail to each. */
export async function awaitedOf(db: Db, routeIds: readonly string[]): Promise<Map<string, Awaited[]>> {
  const found = new Map<string, Awaited[]>();
  if (routeIds.length === 0) return found;
  const rows = await select<Omit<Awaited, 'isOutside'> & { personId: string | null }>(
    db,
    `SELECT ap.route_id AS routeId, ap.name, ap.person_id AS personId, md.state AS mailState, md.updated_at AS mailAt, md.last_error AS mailError
       FROM route_participants ap
       LEFT JOIN mail_deliveries md ON md.id = (SELECT MAX(m2.id) FROM mail_deliveries m2 WHERE m2.route_id = ap.route_id AND m2.participant_id = ap.id)
      WHERE ap.route_id IN (:routeIds) AND ap.state = 'asked' ORDER BY ap.route_id, ap.place`,
    { routeIds },
  );
  for (const { personId, ...row } of rows)
    found.set(row.routeId, [...(found.get(row.routeId) ?? []), { ...row, isOutside: personId === null }]);
  return found;
}

/** Numbers beside the menu's entries. */
export async function menuCounts(db: Db, me: Member): Promise<{ toSign: number; inSigning: number }> {
  const [toSign, inSigning] = await Promise.all([
    selectOne<{ n: number }>(
      db,
      "SELECT COUNT(*) AS n FROM route_participants WHERE person_id = :me AND organisation_id = :org AND state = 'asked'",
      {
        me: me.personId,
        org: me.organisationId,
      },
    ),
    countInSigning(db, me, {}),
  ]);
  return { toSign: Number(toSign?.n ?? 0), inSigning };
}
