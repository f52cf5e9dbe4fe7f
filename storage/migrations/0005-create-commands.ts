import type { Migration } from '../migrate';

export const createCommands: Migration = {
  name: '0005-create-commands',
  async up(sql) {
    await sql(`CREATE TABLE IF NOT EXISTS commands (
      id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      actor VARCHAR(40) CHARACTER SET ascii NOT NULL,
      kind VARCHAR(40) CHARACTER SET ascii NOT NULL,
      entity_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      result LONGTEXT NOT NULL,
      done_at DATETIME(3) NOT NULL,
      KEY commands_entity (entity_id, done_at)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS audit (
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      seq BIGINT NOT NULL,
      at DATETIME(3) NOT NULL,
      actor_kind VARCHAR(8) CHARACTER SET ascii NOT NULL,
      actor_id VARCHAR(40) CHARACTER SET ascii NOT NULL,
      actor_name VARCHAR(200) NOT NULL,
      action VARCHAR(60) CHARACTER SET ascii NOT NULL,
      entity_kind VARCHAR(20) CHARACTER SET ascii NOT NULL,
      entity_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      command_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      details LONGTEXT NOT NULL,
      prev_hash BINARY(32) NOT NULL,
      hash BINARY(32) NOT NULL,
      PRIMARY KEY (organisation_id, seq),
      UNIQUE KEY audit_command (command_id, action, entity_id),
      KEY audit_entity (organisation_id, entity_id, seq)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS audit_heads (
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      seq BIGINT NOT NULL,
      hash BINARY(32) NOT NULL
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS mail_deliveries (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      command_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      document_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      route_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      participant_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      audience VARCHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      recipient VARCHAR(254) NOT NULL,
      template VARCHAR(30) CHARACTER SET ascii NOT NULL,
      language CHAR(2) CHARACTER SET ascii NOT NULL,
      state VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (state IN ('queued','retrying','sent','refused','failed')),
      attempts INT NOT NULL DEFAULT 0,
      last_error VARCHAR(500) NOT NULL DEFAULT '',
      created_at DATETIME(3) NOT NULL,
      updated_at DATETIME(3) NOT NULL,
      UNIQUE KEY mail_once (command_id, audience, template),
      KEY mail_route (route_id, created_at),
      KEY mail_state (state, created_at)
    )`);
  },
};
