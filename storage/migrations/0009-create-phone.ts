import type { Migration } from '../migrate';

export const createPhone: Migration = {
  name: '0009-create-phone',
  async up(sql) {
    // Addresses and tokens are stored as digests only. `visitor` binds an entry to the browser that shows its code.
    await sql(`CREATE TABLE IF NOT EXISTS phone_sessions (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      purpose VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (purpose IN ('sign','sign-in','confirm')),
      auth_type VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (auth_type IN ('None','Token','Eds')),
      sign_method VARCHAR(16) CHARACTER SET ascii NOT NULL CHECK (sign_method IN ('CMS_SIGN_ONLY','CMS_WITH_DATA','XML')),
      state VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (state IN ('created','fetched','given','checking','signed','refused','expired')),
      code VARCHAR(60) CHARACTER SET ascii NULL,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      participant_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      visitor BINARY(32) NULL,
      iin CHAR(12) CHARACTER SET ascii NULL,
      title VARCHAR(500) NOT NULL,
      xml TEXT NULL,
      code_hash BINARY(32) NOT NULL,
      code_version INT NOT NULL,
      link_hash BINARY(32) NOT NULL,
      data_hash BINARY(32) NOT NULL,
      token_hash BINARY(32) NOT NULL,
      signer_name VARCHAR(300) NULL,
      signer_iin CHAR(12) CHARACTER SET ascii NULL,
      signer_bin CHAR(12) CHARACTER SET ascii NULL,
      signer_serial VARCHAR(80) CHARACTER SET ascii NULL,
      created_at DATETIME(3) NOT NULL,
      code_expires_at DATETIME(3) NOT NULL,
      expires_at DATETIME(3) NOT NULL,
      fetched_at DATETIME(3) NULL,
      given_at DATETIME(3) NULL,
      checking_at DATETIME(3) NULL,
      ended_at DATETIME(3) NULL,
      used_at DATETIME(3) NULL,
      UNIQUE KEY phone_sessions_code (code_hash),
      UNIQUE KEY phone_sessions_link (link_hash),
      UNIQUE KEY phone_sessions_data (data_hash),
      KEY phone_sessions_expiry (expires_at)
    )`);
    // command_id is the intention of the signature, and so the id of the signature itself.
    await sql(`CREATE TABLE IF NOT EXISTS phone_items (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      phone_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      place INT NOT NULL,
      document_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      attempt INT NOT NULL,
      participant_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      session_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      command_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      size_bytes BIGINT NOT NULL,
      state VARCHAR(8) CHARACTER SET ascii NOT NULL CHECK (state IN ('waiting','sent','done','failed')),
      code VARCHAR(60) CHARACTER SET ascii NULL,
      decided_at DATETIME(3) NULL,
      UNIQUE KEY phone_items_place (phone_id, place),
      FOREIGN KEY (phone_id) REFERENCES phone_sessions (id)
    )`);
  },
};
