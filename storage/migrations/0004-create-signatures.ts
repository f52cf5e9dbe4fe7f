import type { Migration } from '../migrate';

export const createSignatures: Migration = {
  name: '0004-create-signatures',
  async up(sql) {
    await sql(`CREATE TABLE IF NOT EXISTS signing_sessions (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      route_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      participant_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      file_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      sha256 BINARY(32) NOT NULL,
      streebog512 BINARY(64) NOT NULL,
      iin CHAR(12) CHARACTER SET ascii NOT NULL,
      bin CHAR(12) CHARACTER SET ascii NULL,
      purpose VARCHAR(10) CHARACTER SET ascii NOT NULL,
      created_at DATETIME(3) NOT NULL,
      expires_at DATETIME(3) NOT NULL,
      used_at DATETIME(3) NULL,
      KEY signing_sessions_participant (participant_id, created_at)
    )`);
    // Received first, accepted by the route's command: a row that stays 'received' is a signature that came too late.
    await sql(`CREATE TABLE IF NOT EXISTS signatures (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      document_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      route_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      participant_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      file_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      session_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      state VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (state IN ('received','accepted')),
      object_key VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      sha256 BINARY(32) NOT NULL,
      verdict VARCHAR(13) CHARACTER SET ascii NOT NULL,
      code VARCHAR(60) CHARACTER SET ascii NOT NULL,
      iin CHAR(12) CHARACTER SET ascii NULL,
      bin CHAR(12) CHARACTER SET ascii NULL,
      signer_name VARCHAR(300) NOT NULL,
      organisation_name VARCHAR(300) NOT NULL DEFAULT '',
      roles VARCHAR(300) CHARACTER SET ascii NOT NULL,
      serial VARCHAR(80) CHARACTER SET ascii NOT NULL,
      claimed_at DATETIME(3) NULL,
      best_at DATETIME(3) NOT NULL,
      received_at DATETIME(3) NOT NULL,
      report LONGTEXT NOT NULL,
      KEY signatures_document (document_id, state, received_at),
      KEY signatures_participant (participant_id, sha256),
      FOREIGN KEY (document_id) REFERENCES documents (id)
    )`);
  },
};
