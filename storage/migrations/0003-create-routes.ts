import type { Migration } from '../migrate';

export const createRoutes: Migration = {
  name: '0003-create-routes',
  async up(sql) {
    await sql(`CREATE TABLE IF NOT EXISTS routes (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      document_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      initiator_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      file_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      attempt INT NOT NULL,
      rev INT NOT NULL,
      state VARCHAR(10) CHARACTER SET ascii NOT NULL CHECK (state IN ('active','signed','refused','expired','withdrawn')),
      current INT NOT NULL,
      message TEXT NOT NULL,
      remind_every_ms BIGINT NULL,
      reminded_at DATETIME(3) NULL,
      asked_at DATETIME(3) NOT NULL,
      started_at DATETIME(3) NOT NULL,
      ended_at DATETIME(3) NULL,
      UNIQUE KEY routes_attempt (document_id, attempt),
      KEY routes_live (state, id),
      KEY routes_organisation (organisation_id, state, asked_at, id),
      FOREIGN KEY (document_id) REFERENCES documents (id),
      FOREIGN KEY (file_id) REFERENCES files (id)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS route_stages (
      route_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      position INT NOT NULL,
      kind VARCHAR(10) CHARACTER SET ascii NOT NULL,
      rule VARCHAR(4) CHARACTER SET ascii NOT NULL,
      due_at DATETIME(3) NULL,
      PRIMARY KEY (route_id, position),
      FOREIGN KEY (route_id) REFERENCES routes (id)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS route_participants (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      route_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      document_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      stage INT NOT NULL,
      place INT NOT NULL,
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      name VARCHAR(200) NOT NULL,
      position VARCHAR(200) NOT NULL DEFAULT '',
      email VARCHAR(254) NULL,
      iin CHAR(12) CHARACTER SET ascii NULL,
      language CHAR(2) CHARACTER SET ascii NOT NULL DEFAULT 'ru',
      state VARCHAR(10) CHARACTER SET ascii NOT NULL CHECK (state IN ('waiting','asked','done','refused','not-needed')),
      asked_at DATETIME(3) NULL,
      answered_at DATETIME(3) NULL,
      remark TEXT NULL,
      UNIQUE KEY participants_place (route_id, stage, place),
      KEY participants_waiting (person_id, organisation_id, state, asked_at, id),
      KEY participants_document (document_id, person_id),
      FOREIGN KEY (route_id) REFERENCES routes (id)
    )`);
    // One-person links of outside participants. The token itself is never stored: it is derived from the secret, id and version.
    await sql(`CREATE TABLE IF NOT EXISTS invitations (
      participant_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      token_hash BINARY(32) NOT NULL,
      version INT NOT NULL,
      expires_at DATETIME(3) NOT NULL,
      opened_at DATETIME(3) NULL,
      revoked_at DATETIME(3) NULL,
      UNIQUE KEY invitations_token (token_hash),
      FOREIGN KEY (participant_id) REFERENCES route_participants (id)
    )`);
  },
};
