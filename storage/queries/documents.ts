import type { Direction, DocumentFacts, DocumentKind, DocumentState } from '../../domain/documents/document';
import { type Actor, runsCabinet } from '../../domain/people/roles';
import type { RouteDraft } from '../../domain/routes/draft';
import { type Bind, change, execute, insert, select, selectOne } from '../sql';
import type { Db, Tx } from '../db';

export type StoredFile = {
  id: string;
  version: number;
  name: string;
  mediaType: string;
  sizeBytes: number;
  sha256: Buffer;
  streebog512: Buffer;
  objectKey: string;
};

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

type Row = {
  id: string;
  organisation_id: string;
  initiator_id: string;
  rev: number;
  state: DocumentState;
  title: string;
  kind: DocumentKind;
  number: string;
  doc_date: string | null;
  direction: Direction;
  counterparty_name: string;
  counterparty_bin: string;
  attempt: number;
  route_draft: string;
  check_hash: Buffer;
  trashed_at: Date | null;
  created_at: Date;
  updated_at: Date;
  initiator_name: string;
  initiator_position: string | null;
  organisation_name: string;
  organisation_bin: string;
  answered: number;
  file_id: string;
  version: number;
  file_name: string;
  media_type: string;
  size_bytes: number;
  sha256: Buffer;
  streebog512: Buffer;
  object_key: string;
};

const asDocument = (row: Row): Document => ({
  id: row.id,
  organisationId: row.organisation_id,
  initiatorId: row.initiator_id,
  rev: row.rev,
  state: row.state,
  trashed: row.trashed_at !== null,
  answered: Boolean(Number(row.answered)),
  title: row.title,
  kind: row.kind,
  number: row.number,
  date: row.doc_date,
  direction: row.direction,
  counterpartyName: row.counterparty_name,
  counterpartyBin: row.counterparty_bin,
  attempt: row.attempt,
  routeDraft: JSON.parse(row.route_draft) as RouteDraft,
  initiatorName: row.initiator_name,
  initiatorPosition: row.initiator_position ?? '',
  organisationName: row.organisation_name,
  organisationBin: row.organisation_bin,
  checkHash: row.check_hash,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  file: {
    id: row.file_id,
    version: row.version,
    name: row.file_name,
    mediaType: row.media_type,
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256,
    streebog512: row.streebog512,
    objectKey: row.object_key,
  },
});

const documentSelect = `SELECT d.*, DATE_FORMAT(d.doc_date, '%Y-%m-%d') AS doc_date, p.name AS initiator_name, m.position AS initiator_position,
    o.name AS organisation_name, o.bin AS organisation_bin, f.version, f.name AS file_name, f.media_type, f.size_bytes, f.sha256, f.streebog512, f.object_key,
    EXISTS (SELECT 1 FROM route_participants ap WHERE ap.document_id = d.id AND ap.state IN ('done','refused')) AS answered
  FROM documents d JOIN people p ON p.id = d.initiator_id JOIN organisations o ON o.id = d.organisation_id JOIN files f ON f.id = d.file_id
  LEFT JOIN memberships m ON m.organisation_id = d.organisation_id AND m.person_id = d.initiator_id`;

/** One document the actor may see, or null: what is not visible does not exist. */
export async function documentFor(db: Db, actor: Actor, id: string): Promise<Document | null> {
  const visible = visibleTo(actor);
  const row = await selectOne<Row>(db, `${documentSelect} WHERE d.id = :id AND ${visible.where}`, { ...visible.bind, id });
  return row && asDocument(row);
}

/** Whether a document lies in the trash. */
export const isInTrash = async (db: Db, id: string): Promise<boolean> =>
  (await selectOne(db, 'SELECT id FROM documents WHERE id = :id AND trashed_at IS NOT NULL', { id })) !== null;

/** Bytes stored of files uploaded since an instant, by one person and by everybody of an organisation. */
export async function uploadedSince(
  db: Db,
  who: { personId: string; organisationId: string },
  since: Date,
): Promise<{ person: number; organisation: number }> {
  const row = await selectOne<{ person: string | number | null; organisation: string | number | null }>(
    db,
    `SELECT SUM(IF(f.uploaded_by = :personId, f.size_bytes, 0)) AS person, SUM(f.size_bytes) AS organisation
       FROM files f JOIN documents d ON d.id = f.document_id WHERE f.uploaded_at > :since AND d.organisation_id = :organisationId`,
    { ...who, since },
  );
  return { person: Number(row?.person ?? 0), organisation: Number(row?.organisation ?? 0) };
}

/** One document inside a command's transaction, locked; rights have been checked before. */
export async function lockDocument(tx: Tx, id: string): Promise<Document | null> {
  const locked = await selectOne<{ id: string }>(tx, 'SELECT id FROM documents WHERE id = :id FOR UPDATE', { id });
  if (!locked) return null;
  const row = await selectOne<Row>(tx, `${documentSelect} WHERE d.id = :id`, { id });
  return row && asDocument(row);
}

/** The document a public check code stands for, or null. */
export async function documentByCheckHash(db: Db, checkHash: Buffer): Promise<Document | null> {
  const row = await selectOne<Row>(db, `${documentSelect} WHERE d.check_hash = :checkHash AND d.trashed_at IS NULL`, { checkHash });
  return row && asDocument(row);
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
  await insert(tx, 'documents', [
    {
      id: document.id,
      organisation_id: document.organisationId,
      initiator_id: document.initiatorId,
      rev: 1,
      state: 'draft',
      title: document.title,
      kind: document.kind,
      direction: document.direction,
      file_id: document.file.id,
      route_draft: JSON.stringify(document.routeDraft),
      check_hash: document.checkHash,
      created_at: now,
      updated_at: now,
    },
  ]);
  await insertFile(tx, document.id, { ...document.file, version: 1 }, document.initiatorId, now);
}

/** Stores a version of a document's file and forgets the upload that brought it. */
export async function insertFile(tx: Tx, documentId: string, file: StoredFile, personId: string, now: Date): Promise<void> {
  await insert(tx, 'files', [
    {
      id: file.id,
      document_id: documentId,
      version: file.version,
      name: file.name,
      media_type: file.mediaType,
      size_bytes: file.sizeBytes,
      sha256: file.sha256,
      streebog512: file.streebog512,
      object_key: file.objectKey,
      uploaded_by: personId,
      uploaded_at: now,
    },
  ]);
  await change(tx, 'DELETE FROM uploads WHERE object_key = :key', { key: file.objectKey });
}

export type Card = Pick<Document, 'title' | 'kind' | 'number' | 'date' | 'direction' | 'counterpartyName' | 'counterpartyBin'>;

/** Saves the card and the route being composed; 0 when the row has moved on since `rev`. */
export const saveDraft = (tx: Tx, id: string, rev: number, card: Card, draft: RouteDraft, now: Date): Promise<number> =>
  change(
    tx,
    `UPDATE documents SET title = :title, kind = :kind, number = :number, doc_date = :date, direction = :direction, counterparty_name = :counterpartyName,
       counterparty_bin = :counterpartyBin, route_draft = :draft, rev = rev + 1, updated_at = :now WHERE id = :id AND rev = :rev`,
    { ...card, draft: JSON.stringify(draft), now, id, rev },
  );

/** Moves a document to another state; 0 when the row has moved on since `rev`. */
export const setDocumentState = (tx: Tx, id: string, rev: number, state: DocumentState, attempt: number, now: Date): Promise<number> =>
  change(tx, 'UPDATE documents SET state = :state, attempt = :attempt, rev = rev + 1, updated_at = :now WHERE id = :id AND rev = :rev', {
    state,
    attempt,
    now,
    id,
    rev,
  });

/** Puts a new file under a document and makes it a draft again. */
export const replaceFile = (tx: Tx, id: string, rev: number, fileId: string, now: Date): Promise<number> =>
  change(tx, "UPDATE documents SET file_id = :fileId, state = 'draft', rev = rev + 1, updated_at = :now WHERE id = :id AND rev = :rev", {
    fileId,
    now,
    id,
    rev,
  });

/** Puts a document into the trash or takes it out. */
export const setTrashed = (tx: Tx, id: string, rev: number, trashedAt: Date | null, now: Date): Promise<number> =>
  change(tx, 'UPDATE documents SET trashed_at = :trashedAt, rev = rev + 1, updated_at = :now WHERE id = :id AND rev = :rev', {
    trashedAt,
    now,
    id,
    rev,
  });

/** Newest version number of a document's files. */
export async function lastFileVersion(tx: Tx, documentId: string): Promise<number> {
  const row = await selectOne<{ version: number }>(tx, 'SELECT MAX(version) AS version FROM files WHERE document_id = :documentId', {
    documentId,
  });
  return Number(row?.version ?? 0);
}

/** A particular version of a document's file, or null. */
export async function fileById(db: Db, documentId: string, fileId: string): Promise<StoredFile | null> {
  const row = await selectOne<StoredFile>(
    db,
    `SELECT id, version, name, media_type AS mediaType, size_bytes AS sizeBytes, sha256, streebog512, object_key AS objectKey
       FROM files WHERE id = :fileId AND document_id = :documentId`,
    { fileId, documentId },
  );
  return row && { ...row, sizeBytes: Number(row.sizeBytes) };
}

/** Announces an object before its first byte, so that an interrupted upload can be found and removed. */
export const beginUpload = (db: Db, objectKey: string, personId: string, now: Date): Promise<void> =>
  execute(
    db,
    'INSERT INTO uploads (object_key, person_id, started_at) VALUES (:objectKey, :personId, :now) ON DUPLICATE KEY UPDATE started_at = VALUES(started_at)',
    { objectKey, personId, now },
  );

/** Uploads begun before `before` that never became a file. */
export const staleUploads = (db: Db, before: Date, limit: number): Promise<{ objectKey: string }[]> =>
  select(db, 'SELECT object_key AS objectKey FROM uploads WHERE started_at < :before ORDER BY started_at LIMIT :limit', { before, limit });

/** Forgets an upload whose object has been removed. */
export const forgetUpload = (db: Db, objectKey: string): Promise<number> =>
  change(db, 'DELETE FROM uploads WHERE object_key = :objectKey', { objectKey });

/** A document follows its route: the state it has come to, and the moment it last moved. */
export const followRoute = (tx: Tx, route: { documentId: string; attempt: number; state: DocumentState }, at: Date): Promise<number> =>
  change(tx, 'UPDATE documents SET state = :state, updated_at = :at, rev = rev + 1 WHERE id = :id AND attempt = :attempt', {
    state: route.state,
    at,
    id: route.documentId,
    attempt: route.attempt,
  });

/** Whether there is any document at all. */
export const hasDocuments = async (db: Db): Promise<boolean> => (await selectOne(db, 'SELECT id FROM documents LIMIT 1')) !== null;
