import type { Migration } from '../migrate';

export const createDocuments: Migration = {
  name: '0002-create-documents',
  async up(sql) {
    await sql(`CREATE TABLE IF NOT EXISTS documents (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      initiator_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      rev INT NOT NULL,
      state VARCHAR(10) CHARACTER SET ascii NOT NULL
        CHECK (state IN ('draft','in-signing','signed','refused','expired','withdrawn')),
      title VARCHAR(300) NOT NULL,
      kind VARCHAR(20) CHARACTER SET ascii NOT NULL,
      number VARCHAR(60) NOT NULL DEFAULT '',
      doc_date DATE NULL,
      direction VARCHAR(8) CHARACTER SET ascii NOT NULL,
      counterparty_name VARCHAR(300) NOT NULL DEFAULT '',
      counterparty_bin VARCHAR(12) CHARACTER SET ascii NOT NULL DEFAULT '',
      file_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      attempt INT NOT NULL DEFAULT 0,
      route_draft LONGTEXT NOT NULL,
      check_hash BINARY(32) NOT NULL,
      trashed_at DATETIME(3) NULL,
      created_at DATETIME(3) NOT NULL,
      updated_at DATETIME(3) NOT NULL,
      UNIQUE KEY documents_check (check_hash),
      KEY documents_list (organisation_id, trashed_at, updated_at, id),
      KEY documents_state (organisation_id, trashed_at, state, updated_at, id),
      KEY documents_initiator (organisation_id, initiator_id, state, updated_at, id),
      KEY documents_person (initiator_id),
      FOREIGN KEY (organisation_id) REFERENCES organisations (id),
      FOREIGN KEY (initiator_id) REFERENCES people (id)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS files (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      document_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      version INT NOT NULL,
      name VARCHAR(255) NOT NULL,
      media_type VARCHAR(120) CHARACTER SET ascii NOT NULL,
      size_bytes BIGINT NOT NULL,
      sha256 BINARY(32) NOT NULL,
      streebog512 BINARY(64) NOT NULL,
      object_key VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      uploaded_by CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      uploaded_at DATETIME(3) NOT NULL,
      UNIQUE KEY files_version (document_id, version),
      UNIQUE KEY files_object (object_key),
      FOREIGN KEY (document_id) REFERENCES documents (id)
    )`);
    // An object without a file row is an interrupted upload; the row here, written before the first byte, lets the sweep find it.
    await sql(`CREATE TABLE IF NOT EXISTS uploads (
      object_key VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      started_at DATETIME(3) NOT NULL,
      KEY uploads_started (started_at)
    )`);
  },
};
