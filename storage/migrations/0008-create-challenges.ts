import type { Migration } from '../migrate';

export const createChallenges: Migration = {
  name: '0008-create-challenges',
  async up(sql) {
    await sql(`CREATE TABLE IF NOT EXISTS challenges (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      purpose VARCHAR(10) CHARACTER SET ascii NOT NULL CHECK (purpose IN ('sign-in','confirm')),
      text VARCHAR(1000) CHARACTER SET ascii NOT NULL,
      visitor BINARY(32) NOT NULL,
      created_at DATETIME(3) NOT NULL,
      expires_at DATETIME(3) NOT NULL,
      used_at DATETIME(3) NULL,
      KEY challenges_expiry (expires_at)
    )`);
    // That a person holds the key of this IIN: shown by a signature, not only written down by an administrator or the directory.
    await sql(`CREATE TABLE IF NOT EXISTS confirmed_iins (
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      iin CHAR(12) CHARACTER SET ascii NOT NULL,
      serial VARCHAR(80) CHARACTER SET ascii NOT NULL,
      confirmed_at DATETIME(3) NOT NULL,
      UNIQUE KEY confirmed_iins_iin (iin),
      FOREIGN KEY (person_id) REFERENCES people (id)
    )`);
  },
};
