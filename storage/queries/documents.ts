import { type Expression, expressionBuilder, type InferResult, type Selectable, type SqlBool } from 'kysely';
import type { Direction, DocumentFacts, DocumentKind, DocumentState } from '../../domain/documents/document';
import { type Actor, runsCabinet } from '../../domain/people/roles';
import type { RouteDraft } from '../../domain/routes/draft';
import type { Documents, Files, Schema } from '../schema';
import { type Bind, changes } from '../sql';
import type { Db, Tx } from '../db';

export type StoredFile = Omit<Selectable<Files>, 'documentId' | 'uploadedBy' | 'uploadedAt'>;

export type Document = DocumentFacts & {
  id: string;
  rev: number;
  title: string;
  kind: DocumentKind;
  number: string;
  date: string | null;
  direction: Direction;
  counterpartyName: string;
  counterpartyBin: string;
  attempt: number;
  routeDraft: RouteDraft;
  initiatorName: string;
  initiatorPosition: string;
  organisationName: string;
  organisationBin: string;
  /** SHA-256 of the token of its public check page. */
  checkHash: Buffer;
  createdAt: Date;
  updatedAt: Date;
  file: StoredFile;
};

/**
 * What an actor may see, as one SQL condition on `documents d`: used by lists, pages, search and downloads alike. Owners and
 * administrators see all of their organisation; others what they started and what they have been asked about; a guest one document.
 */
export function visibleTo(actor: Actor): { where: string; bind: Bind } {
  if (actor.kind === 'guest') {
    return {
      where:
        'd.organisation_id = :org AND d.id = (SELECT g.document_id FROM route_participants g WHERE g.id = :guest AND g.asked_at IS NOT NULL)',
      bind: { org: actor.organisationId, guest: actor.participantId },
    };
  }
  if (runsCabinet(actor)) return { where: 'd.organisation_id = :org', bind: { org: actor.organisationId } };
  return {
    where: `d.organisation_id = :org AND (d.initiator_id = :me OR EXISTS (
      SELECT 1 FROM route_participants vp WHERE vp.document_id = d.id AND vp.person_id = :me AND vp.asked_at IS NOT NULL))`,
    bind: { org: actor.organisationId, me: actor.personId },
  };
}

/** The same condition as an expression on `documents as d`. */
function isVisibleTo(actor: Actor): Expression<SqlBool> {
  const eb = expressionBuilder<Schema & { d: Documents }, 'd'>();
  const isOwn = eb('d.organisationId', '=', actor.organisationId);
  if (actor.kind === 'guest') {
    const asked = eb.selectFrom('routeParticipants as g').select('g.documentId').where('g.id', '=', actor.participantId);
    return isOwn.and('d.id', '=', asked.where('g.askedAt', 'is not', null));
  }
  if (runsCabinet(actor)) return isOwn;
  const asked = eb
    .selectFrom('routeParticipants as vp')
    .select('vp.id')
    .whereRef('vp.documentId', '=', 'd.id')
    .where('vp.personId', '=', actor.personId)
    .where('vp.askedAt', 'is not', null);
  return isOwn.and(eb('d.initiatorId', '=', actor.personId).or(eb.exists(asked)));
}

const documentColumns = [
  ...['d.id', 'd.organisationId', 'd.initiatorId', 'd.rev', 'd.state', 'd.title', 'd.kind', 'd.number', 'd.docDate as date', 'd.direction'],
  ...['d.counterpartyName', 'd.counterpartyBin', 'd.attempt', 'd.routeDraft', 'd.checkHash', 'd.trashedAt', 'd.createdAt', 'd.updatedAt'],
  ...['p.name as initiatorName', 'm.position as initiatorPosition', 'o.name as organisationName', 'o.bin as organisationBin'],
] as const;
const fileColumns = [
  ...['f.id as fileId', 'f.version', 'f.name as fileName', 'f.mediaType', 'f.sizeBytes', 'f.sha256', 'f.streebog512', 'f.objectKey'],
] as const;

const documentsWithFiles = (db: Db) =>
  db
    .selectFrom('documents as d')
    .innerJoin('people as p', 'p.id', 'd.initiatorId')
    .innerJoin('organisations as o', 'o.id', 'd.organisationId')
    .innerJoin('files as f', 'f.id', 'd.fileId')
    .leftJoin('memberships as m', (join) =>
      join.onRef('m.organisationId', '=', 'd.organisationId').onRef('m.personId', '=', 'd.initiatorId'),
    )
    .select(documentColumns)
    .select(fileColumns)
    .select((eb) => {
      const answers = eb.selectFrom('routeParticipants as ap').select('ap.id').whereRef('ap.documentId', '=', 'd.id');
      return eb.exists(answers.where('ap.state', 'in', ['done', 'refused'])).as('answered');
    });

type Row = InferResult<ReturnType<typeof documentsWithFiles>>[number];

function asDocument(row: Row): Document {
  const { fileId, version, fileName, mediaType, sizeBytes, sha256, streebog512, objectKey, trashedAt, ...rest } = row;
  return {
    ...rest,
    trashed: trashedAt !== null,
    answered: Boolean(row.answered),
    routeDraft: JSON.parse(row.routeDraft) as RouteDraft,
    initiatorPosition: row.initiatorPosition ?? '',
    file: { id: fileId, version, name: fileName, mediaType, sizeBytes, sha256, streebog512, objectKey },
  };
}

/** One document the actor may see, or null: what is not visible does not exist. */
export async function documentFor(db: Db, actor: Actor, id: string): Promise<Document | null> {
  const row = await documentsWithFiles(db).where('d.id', '=', id).where(isVisibleTo(actor)).executeTakeFirst();
  return row ? asDocument(row) : null;
}

/** Whether a document lies in the trash. */
export const isInTrash = async (db: Db, id: string): Promise<boolean> =>
  (await db.selectFrom('documents').select('id').where('id', '=', id).where('trashedAt', 'is not', null).executeTakeFirst()) !== undefined;

/** Bytes stored of files uploaded since an instant, by one person and by everybody of an organisation. */
export async function uploadedSince(
  db: Db,
  who: { personId: string; organisationId: string },
  since: Date,
): Promise<{ person: number; organisation: number }> {
  const row = await db
    .selectFrom('files as f')
    .innerJoin('documents as d', 'd.id', 'f.documentId')
    .select((eb) => [
      eb.fn.sum<string | null>(eb.case().when('f.uploadedBy', '=', who.personId).then(eb.ref('f.sizeBytes')).else(0).end()).as('person'),
      eb.fn.sum<string | null>('f.sizeBytes').as('organisation'),
    ])
    .where('f.uploadedAt', '>', since)
    .where('d.organisationId', '=', who.organisationId)
    .executeTakeFirst();
  return { person: Number(row?.person ?? 0), organisation: Number(row?.organisation ?? 0) };
}

/** One document inside a command's transaction, locked; rights have been checked before. */
export async function lockDocument(tx: Tx, id: string): Promise<Document | null> {
  const locked = await tx.selectFrom('documents').select('id').where('id', '=', id).forUpdate().executeTakeFirst();
  if (!locked) return null;
  const row = await documentsWithFiles(tx).where('d.id', '=', id).executeTakeFirst();
  return row ? asDocument(row) : null;
}

/** The document a public check code stands for, or null. */
export async function documentByCheckHash(db: Db, checkHash: Buffer): Promise<Document | null> {
  const row = await documentsWithFiles(db).where('d.checkHash', '=', checkHash).where('d.trashedAt', 'is', null).executeTakeFirst();
  return row ? asDocument(row) : null;
}

export type NewDocument = {
  id: string;
  organisationId: string;
  initiatorId: string;
  title: string;
  kind: DocumentKind;
  direction: Direction;
  routeDraft: RouteDraft;
  checkHash: Buffer;
  file: Omit<StoredFile, 'version'>;
};

/** Stores a new draft with its first file. */
export async function insertDocument(tx: Tx, document: NewDocument, now: Date): Promise<void> {
  const row = {
    id: document.id,
    organisationId: document.organisationId,
    initiatorId: document.initiatorId,
    rev: 1,
    state: 'draft' as const,
    title: document.title,
    kind: document.kind,
    direction: document.direction,
    fileId: document.file.id,
    routeDraft: JSON.stringify(document.routeDraft),
    checkHash: document.checkHash,
    createdAt: now,
    updatedAt: now,
  };
  await tx.insertInto('documents').values(row).execute();
  await insertFile(tx, document.id, { ...document.file, version: 1 }, document.initiatorId, now);
}

/** Stores a version of a document's file and forgets the upload that brought it. */
export async function insertFile(tx: Tx, documentId: string, file: StoredFile, personId: string, now: Date): Promise<void> {
  const row = {
    id: file.id,
    documentId,
    version: file.version,
    name: file.name,
    mediaType: file.mediaType,
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
    streebog512: file.streebog512,
    objectKey: file.objectKey,
    uploadedBy: personId,
    uploadedAt: now,
  };
  await tx.insertInto('files').values(row).execute();
  await forgetUpload(tx, file.objectKey);
}

export type Card = Pick<Document, 'title' | 'kind' | 'number' | 'date' | 'direction' | 'counterpartyName' | 'counterpartyBin'>;

/** A change of a document that counts one revision on, in the row as it stood at `rev`. */
const revised = (tx: Tx, id: string, rev: number, now: Date) =>
  tx
    .updateTable('documents')
    .set((eb) => ({ rev: eb('rev', '+', 1), updatedAt: now }))
    .where('id', '=', id)
    .where('rev', '=', rev);

/** Saves the card and the route being composed; 0 when the row has moved on since `rev`. */
export function saveDraft(tx: Tx, id: string, rev: number, card: Card, draft: RouteDraft, now: Date): Promise<number> {
  const { title, kind, number, date, direction, counterpartyName, counterpartyBin } = card;
  const columns = { title, kind, number, docDate: date, direction, counterpartyName, counterpartyBin, routeDraft: JSON.stringify(draft) };
  return changes(revised(tx, id, rev, now).set(columns));
}

/** Moves a document to another state; 0 when the row has moved on since `rev`. */
export const setDocumentState = (tx: Tx, id: string, rev: number, state: DocumentState, attempt: number, now: Date): Promise<number> =>
  changes(revised(tx, id, rev, now).set({ state, attempt }));

/** Puts a new file under a document and makes it a draft again. */
export const replaceFile = (tx: Tx, id: string, rev: number, fileId: string, now: Date): Promise<number> =>
  changes(revised(tx, id, rev, now).set({ fileId, state: 'draft' }));

/** Puts a document into the trash or takes it out. */
export const setTrashed = (tx: Tx, id: string, rev: number, trashedAt: Date | null, now: Date): Promise<number> =>
  changes(revised(tx, id, rev, now).set({ trashedAt }));

/** Newest version number of a document's files. */
export async function lastFileVersion(tx: Tx, documentId: string): Promise<number> {
  const row = await tx
    .selectFrom('files')
    .select(({ fn }) => fn.max<number | null>('version').as('version'))
    .where('documentId', '=', documentId)
    .executeTakeFirst();
  return row?.version ?? 0;
}

/** A particular version of a document's file, or null. */
export const fileById = async (db: Db, documentId: string, fileId: string): Promise<StoredFile | null> =>
  (await db
    .selectFrom('files')
    .select(['id', 'version', 'name', 'mediaType', 'sizeBytes', 'sha256', 'streebog512', 'objectKey'])
    .where('id', '=', fileId)
    .where('documentId', '=', documentId)
    .executeTakeFirst()) ?? null;

/** Announces an object before its first byte, so that an interrupted upload can be found and removed. */
export async function beginUpload(db: Db, objectKey: string, personId: string, now: Date): Promise<void> {
  await db.insertInto('uploads').values({ objectKey, personId, startedAt: now }).onDuplicateKeyUpdate({ startedAt: now }).execute();
}

/** Uploads begun before `before` that never became a file. */
export const staleUploads = (db: Db, before: Date, limit: number): Promise<{ objectKey: string }[]> =>
  db.selectFrom('uploads').select('objectKey').where('startedAt', '<', before).orderBy('startedAt').limit(limit).execute();

/** Forgets an upload whose object has been removed. */
export const forgetUpload = (db: Db, objectKey: string): Promise<number> =>
  changes(db.deleteFrom('uploads').where('objectKey', '=', objectKey));

/** A document follows its route: the state it has come to, and the moment it last moved. */
export const followRoute = (tx: Tx, route: { documentId: string; attempt: number; state: DocumentState }, at: Date): Promise<number> =>
  changes(
    tx
      .updateTable('documents')
      .set((eb) => ({ state: route.state, updatedAt: at, rev: eb('rev', '+', 1) }))
      .where('id', '=', route.documentId)
      .where('attempt', '=', route.attempt),
  );

/** Whether there is any document at all. */
export const hasDocuments = async (db: Db): Promise<boolean> =>
  (await db.selectFrom('documents').select('id').limit(1).executeTakeFirst()) !== undefined;
