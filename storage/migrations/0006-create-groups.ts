import type { Migration } from '../migrate';

export const createGroups: Migration = {
  name: '0006-create-groups',
  async up(sql) {
    await sql(`CREATE TABLE IF NOT EXISTS signing_groups (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      purpose VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (purpose IN ('answer','refuse')),
      state VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (state IN ('listed','running','done','stopped','expired')),
      remark TEXT NULL,
      certificate BINARY(32) NULL,
      certificate_name VARCHAR(300) NOT NULL DEFAULT '',
      key_digest VARCHAR(12) CHARACTER SET ascii NULL,
      created_at DATETIME(3) NOT NULL,
      started_at DATETIME(3) NULL,
      ended_at DATETIME(3) NULL,
      expires_at DATETIME(3) NOT NULL,
      KEY signing_groups_person (person_id, organisation_id, state, created_at),
      KEY signing_groups_live (state, id)
    )`);
    // command_id is the answer's command; for a signature it is renewed with each session, so that a new try is a new intention.
    await sql(`CREATE TABLE IF NOT EXISTS signing_group_items (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      group_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      place INT NOT NULL,
      participant_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      document_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      attempt INT NOT NULL,
      file_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      kind VARCHAR(10) CHARACTER SET ascii NOT NULL,
      size_bytes BIGINT NOT NULL,
      state VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (state IN ('waiting','sent','done','failed','removed')),
      code VARCHAR(60) CHARACTER SET ascii NULL,
      command_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      session_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      sent_at DATETIME(3) NULL,
      decided_at DATETIME(3) NULL,
      UNIQUE KEY signing_group_items_place (group_id, place),
      UNIQUE KEY signing_group_items_participant (group_id, participant_id),
      KEY signing_group_items_state (group_id, state, place),
      FOREIGN KEY (group_id) REFERENCES signing_groups (id)
    )`);
  },
};
