import type { Migration } from '../migrate';

export const createPeople: Migration = {
  name: '0001-create-people',
  async up(sql) {
    await sql(`CREATE TABLE IF NOT EXISTS organisations (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      bin CHAR(12) CHARACTER SET ascii NOT NULL,
      name VARCHAR(300) NOT NULL,
      created_at DATETIME(3) NOT NULL,
      UNIQUE KEY organisations_bin (bin)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS people (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      iin CHAR(12) CHARACTER SET ascii NULL,
      name VARCHAR(200) NOT NULL,
      email VARCHAR(254) NULL,
      language CHAR(2) CHARACTER SET ascii NOT NULL DEFAULT 'ru',
      theme VARCHAR(5) CHARACTER SET ascii NOT NULL DEFAULT '',
      menu VARCHAR(6) CHARACTER SET ascii NOT NULL DEFAULT 'wide',
      created_at DATETIME(3) NOT NULL,
      UNIQUE KEY people_iin (iin),
      KEY people_name (name)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS accounts (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      source VARCHAR(5) CHARACTER SET ascii NOT NULL CHECK (source IN ('local','ldap')),
      login VARCHAR(120) NOT NULL,
      password_hash VARCHAR(200) CHARACTER SET ascii NULL,
      directory_id VARCHAR(200) NULL,
      disabled_at DATETIME(3) NULL,
      created_at DATETIME(3) NOT NULL,
      UNIQUE KEY accounts_login (login),
      KEY accounts_person (person_id),
      FOREIGN KEY (person_id) REFERENCES people (id)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS memberships (
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      role VARCHAR(10) CHARACTER SET ascii NOT NULL CHECK (role IN ('owner','admin','employee','user')),
      role_source VARCHAR(9) CHARACTER SET ascii NOT NULL DEFAULT 'hand' CHECK (role_source IN ('hand','directory')),
      position VARCHAR(200) NOT NULL DEFAULT '',
      rev INT NOT NULL DEFAULT 1,
      ended_at DATETIME(3) NULL,
      created_at DATETIME(3) NOT NULL,
      PRIMARY KEY (organisation_id, person_id),
      KEY memberships_person (person_id),
      FOREIGN KEY (organisation_id) REFERENCES organisations (id),
      FOREIGN KEY (person_id) REFERENCES people (id)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS sessions (
      id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      token_hash BINARY(32) NOT NULL,
      csrf CHAR(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      person_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      organisation_id CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NULL,
      address VARCHAR(45) CHARACTER SET ascii NOT NULL,
      user_agent VARCHAR(300) NOT NULL,
      source VARCHAR(5) CHARACTER SET ascii NOT NULL,
      created_at DATETIME(3) NOT NULL,
      seen_at DATETIME(3) NOT NULL,
      expires_at DATETIME(3) NOT NULL,
      revoked_at DATETIME(3) NULL,
      UNIQUE KEY sessions_token (token_hash),
      KEY sessions_person (person_id, revoked_at, seen_at),
      KEY sessions_expiry (expires_at),
      FOREIGN KEY (person_id) REFERENCES people (id)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS settings (
      scope CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      name VARCHAR(60) CHARACTER SET ascii NOT NULL,
      value LONGTEXT NOT NULL,
      updated_at DATETIME(3) NOT NULL,
      PRIMARY KEY (scope, name)
    )`);
    await sql(`CREATE TABLE IF NOT EXISTS rate_limits (
      \`key\` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
      points INT NOT NULL DEFAULT 0,
      expire BIGINT UNSIGNED NULL
    )`);
  },
};
