import { sealBoundaries } from '../audit';
import { errnoOf } from '../db';
import type { Migration } from '../migrate';

/** "Duplicate column": the statement adds all its columns or none, so it has run before. */
const isThere = (error: unknown): boolean => errnoOf(error) === 1060;

export const keyAudit: Migration = {
  name: '0012-key-audit',
  async up(sql) {
    // Rows from here on carry a MAC under a key that is not in the database; `key_version` is the version of the installation's secret.
    await sql('ALTER TABLE audit ADD COLUMN key_version SMALLINT UNSIGNED NULL, ADD COLUMN mac BINARY(32) NULL').catch((error: unknown) => {
      if (!isThere(error)) throw error;
    });
    // The last row of each organisation without a MAC, itself under one: it can be neither moved nor made anew by whoever writes here.
    await sql(`CREATE TABLE IF NOT EXISTS audit_boundaries (
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      seq BIGINT NOT NULL,
      hash BINARY(32) NOT NULL,
      key_version SMALLINT UNSIGNED NOT NULL,
      mac BINARY(32) NOT NULL
    )`);
    // A head that stands still is stamped again every night: a log that was cut back to an old stamp shows by the stamp's age.
    await sql(`CREATE TABLE IF NOT EXISTS audit_confirmations (
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      seq BIGINT NOT NULL,
      hash BINARY(32) NOT NULL,
      token BLOB NOT NULL,
      stamped_at DATETIME(3) NOT NULL
    )`);
    // Nights whose head an organisation's owners have been sent.
    await sql(`CREATE TABLE IF NOT EXISTS audit_head_mails (
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      night DATE NOT NULL,
      sent_at DATETIME(3) NOT NULL,
      PRIMARY KEY (organisation_id, night)
    )`);
  },
  after: sealBoundaries,
};
