import type { Migration } from '../migrate';

export const createEvidence: Migration = {
  name: '0007-create-evidence',
  async up(sql) {
    // One row for each accepted signature: how far the gathering of its proof has come. The signature itself is never changed.
    await sql(`CREATE TABLE IF NOT EXISTS evidence (
      signature_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      state VARCHAR(9) CHARACTER SET ascii NOT NULL CHECK (state IN ('gathering','complete','given-up')),
      verdict VARCHAR(13) CHARACTER SET ascii NOT NULL,
      code VARCHAR(60) CHARACTER SET ascii NOT NULL,
      level VARCHAR(12) CHARACTER SET ascii NOT NULL,
      pending VARCHAR(120) CHARACTER SET ascii NOT NULL DEFAULT '',
      problem VARCHAR(300) NOT NULL DEFAULT '',
      attempts INT NOT NULL DEFAULT 0,
      checked_at DATETIME(3) NULL,
      next_at DATETIME(3) NULL,
      object_key VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
      proof_ends_at DATETIME(3) NULL,
      report LONGTEXT NULL,
      created_at DATETIME(3) NOT NULL,
      KEY evidence_next (state, next_at),
      KEY evidence_organisation (organisation_id, state),
      FOREIGN KEY (signature_id) REFERENCES signatures (id)
    )`);
    // Signatures accepted by an earlier release get their proof too.
    await sql(`INSERT IGNORE INTO evidence (signature_id, organisation_id, state, verdict, code, level, next_at, created_at)
      SELECT id, organisation_id, 'gathering', verdict, code, '', received_at, received_at FROM signatures WHERE state = 'accepted'`);
    await sql(`CREATE TABLE IF NOT EXISTS revocation_lists (
      url VARCHAR(300) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      der LONGBLOB NOT NULL,
      this_update DATETIME(3) NOT NULL,
      next_update DATETIME(3) NULL,
      fetched_at DATETIME(3) NOT NULL
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS audit_stamps (
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      seq BIGINT NOT NULL,
      hash BINARY(32) NOT NULL,
      token BLOB NOT NULL,
      stamped_at DATETIME(3) NOT NULL,
      PRIMARY KEY (organisation_id, seq)
    )`);
  },
};
