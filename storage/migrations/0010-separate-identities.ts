import type { Migration } from '../migrate';
import { addColumns, addIndex, dropIndex } from './lib';

export const separateIdentities: Migration = {
  name: '0010-separate-identities',
  async up(sql, facts) {
    // A typed number proves nothing: two organisations may write down the same IIN, and each has a person of its own until a key joins them.
    await dropIndex(sql, facts, 'people', 'people_iin');
    await addIndex(sql, facts, 'people', 'people_by_iin', 'KEY people_by_iin (iin)');
    await dropIndex(sql, facts, 'confirmed_iins', 'confirmed_iins_iin');
    await addIndex(sql, facts, 'confirmed_iins', 'confirmed_by_iin', 'KEY confirmed_by_iin (iin)');

    // Logins are compared byte by byte in one normal form; the collation of the first release took "petrová" for "petrova".
    await addColumns(sql, facts, 'accounts', {
      login_key: 'VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL',
      // Whose account it is: the organisation that may give it a new password; null for the operator of the installation.
      organisation_id: 'CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL',
      must_change: 'TINYINT NOT NULL DEFAULT 0',
      password_at: 'DATETIME(3) NULL',
      totp_secret: 'VARBINARY(200) NULL',
      totp_since: 'DATETIME(3) NULL',
      totp_step: 'BIGINT NOT NULL DEFAULT 0',
    });
    await sql('UPDATE accounts SET login_key = LOWER(login) WHERE login_key IS NULL');
    await sql('ALTER TABLE accounts MODIFY login_key VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL');
    await dropIndex(sql, facts, 'accounts', 'accounts_login');
    await addIndex(sql, facts, 'accounts', 'accounts_login_key', 'UNIQUE KEY accounts_login_key (login_key)');
    await addIndex(sql, facts, 'accounts', 'accounts_directory', 'KEY accounts_directory (directory_id)');
    await sql(`UPDATE accounts a SET a.organisation_id = (SELECT MIN(m.organisation_id) FROM memberships m WHERE m.person_id = a.person_id)
      WHERE a.source = 'local' AND a.organisation_id IS NULL
        AND (SELECT COUNT(*) FROM memberships m WHERE m.person_id = a.person_id) = 1`);

    // Nobody knows in whose hands the sessions are of a person on whom a second account of a kind was hung: they end.
    await sql(`UPDATE sessions s SET s.revoked_at = UTC_TIMESTAMP(3) WHERE s.revoked_at IS NULL AND s.person_id IN
      (SELECT a.person_id FROM accounts a GROUP BY a.person_id, a.source HAVING COUNT(*) > 1)`);

    // One account of a kind a person: whatever was hung on somebody later becomes a person of its own, who belongs nowhere.
    await sql(`INSERT IGNORE INTO people (id, iin, name, email, language, created_at)
      SELECT later.id, NULL, p.name, NULL, p.language, later.created_at FROM accounts later JOIN people p ON p.id = later.person_id
       WHERE EXISTS (SELECT 1 FROM accounts first WHERE first.person_id = later.person_id AND first.source = later.source
                      AND (first.created_at < later.created_at OR (first.created_at = later.created_at AND first.id < later.id)))`);
    await sql('UPDATE accounts a JOIN people p ON p.id = a.id SET a.person_id = a.id, a.organisation_id = NULL WHERE a.person_id <> a.id');
    await addIndex(sql, facts, 'accounts', 'accounts_kind', 'UNIQUE KEY accounts_kind (person_id, source)');

    // Activity belongs to the membership. Accounts that an organisation had switched off become ended memberships, which each gives back.
    await addColumns(sql, facts, 'memberships', { ended_by: 'VARCHAR(9) CHARACTER SET ascii NULL' });
    await sql("UPDATE memberships SET ended_by = 'directory' WHERE ended_at IS NOT NULL AND ended_by IS NULL");
    await sql(`UPDATE memberships m JOIN accounts a ON a.person_id = m.person_id AND a.disabled_at IS NOT NULL
      SET m.ended_at = a.disabled_at, m.ended_by = 'hand', m.rev = m.rev + 1 WHERE m.ended_at IS NULL`);
    await sql('UPDATE accounts SET disabled_at = NULL WHERE disabled_at IS NOT NULL');

    await addColumns(sql, facts, 'sessions', {
      proof: "VARCHAR(10) CHARACTER SET ascii NOT NULL DEFAULT 'password'",
      // The IIN whose key has been shown in this session: leads between the organisations that have written it down.
      key_iin: 'CHAR(12) CHARACTER SET ascii NULL',
      key_serial: 'VARCHAR(80) CHARACTER SET ascii NULL',
      proved_at: 'DATETIME(3) NULL',
    });
    await sql("UPDATE sessions SET proof = 'key' WHERE source IN ('eds', 'qr') AND proof = 'password'");

    await sql(`CREATE TABLE IF NOT EXISTS sign_in_steps (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      account_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      visitor BINARY(32) NOT NULL,
      attempts INT NOT NULL DEFAULT 0,
      created_at DATETIME(3) NOT NULL,
      expires_at DATETIME(3) NOT NULL,
      used_at DATETIME(3) NULL,
      KEY sign_in_steps_expiry (expires_at),
      FOREIGN KEY (account_id) REFERENCES accounts (id)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS recovery_codes (
      account_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      code_hash BINARY(32) NOT NULL,
      used_at DATETIME(3) NULL,
      PRIMARY KEY (account_id, code_hash),
      FOREIGN KEY (account_id) REFERENCES accounts (id)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS password_resets (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      account_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      created_at DATETIME(3) NOT NULL,
      expires_at DATETIME(3) NOT NULL,
      used_at DATETIME(3) NULL,
      KEY password_resets_account (account_id, used_at),
      KEY password_resets_expiry (expires_at),
      FOREIGN KEY (account_id) REFERENCES accounts (id)
    )`);
    // Messages that belong to no route: decided in the transaction of what causes them, delivered afterwards.
    await sql(`CREATE TABLE IF NOT EXISTS outbox (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      template VARCHAR(30) CHARACTER SET ascii NOT NULL,
      recipient VARCHAR(254) NOT NULL,
      language CHAR(2) CHARACTER SET ascii NOT NULL,
      data LONGTEXT NOT NULL,
      state VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (state IN ('queued','retrying','sent','refused','failed')),
      attempts INT NOT NULL DEFAULT 0,
      last_error VARCHAR(500) NOT NULL DEFAULT '',
      created_at DATETIME(3) NOT NULL,
      next_at DATETIME(3) NULL,
      done_at DATETIME(3) NULL,
      KEY outbox_next (next_at)
    )`);
  },
};
