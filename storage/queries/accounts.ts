import { change, insert, select, selectOne } from '../sql';
import type { Db, Tx } from '../db';

/** Gives an account a new password. `mustChange`: somebody else chose it, its first use asks for another. */
export const setPassword = (tx: Tx, accountId: string, password: { hash: string; mustChange: boolean }, now: Date): Promise<number> =>
  change(
    tx,
    "UPDATE accounts SET password_hash = :hash, must_change = :mustChange, password_at = :now WHERE id = :accountId AND source = 'local'",
    { accountId, ...password, now },
  );

// ---- a link to a new password

/** Stores that a link to a new password was given out; links given out before end. */
export async function insertReset(tx: Tx, reset: { id: string; accountId: string; expiresAt: Date }, now: Date): Promise<void> {
  await change(tx, 'UPDATE password_resets SET used_at = :now WHERE account_id = :accountId AND used_at IS NULL', {
    accountId: reset.accountId,
    now,
  });
  await insert(tx, 'password_resets', [{ id: reset.id, account_id: reset.accountId, created_at: now, expires_at: reset.expiresAt }]);
}

/** The account a link to a new password is for, while it may still be used. */
export const liveReset = (db: Db, id: string, now: Date): Promise<{ accountId: string; login: string; personId: string } | null> =>
  selectOne(
    db,
    `SELECT r.account_id AS accountId, a.login, a.person_id AS personId FROM password_resets r JOIN accounts a ON a.id = r.account_id AND a.disabled_at IS NULL
      WHERE r.id = :id AND r.used_at IS NULL AND r.expires_at > :now`,
    { id, now },
  );

/** Uses a link up; false when another use came first. */
export const useReset = async (tx: Tx, id: string, now: Date): Promise<boolean> =>
  (await change(tx, 'UPDATE password_resets SET used_at = :now WHERE id = :id AND used_at IS NULL AND expires_at > :now', { id, now })) ===
  1;

/** Local accounts of a login or an e-mail address that may be sent a link, with where it goes; at most a handful. */
export const resettable = (
  db: Db,
  wanted: { key: string; email: string },
): Promise<{ id: string; login: string; name: string; email: string; language: 'ru' | 'kk' | 'en'; organisation: string }[]> =>
  select(
    db,
    `SELECT a.id, a.login, p.name, p.email, p.language,
            COALESCE((SELECT o.name FROM memberships m JOIN organisations o ON o.id = m.organisation_id
                       WHERE m.person_id = p.id AND m.ended_at IS NULL ORDER BY o.name LIMIT 1), '') AS organisation
       FROM accounts a JOIN people p ON p.id = a.person_id
      WHERE a.source = 'local' AND a.disabled_at IS NULL AND p.email IS NOT NULL AND (a.login_key = :key OR (:email <> '' AND p.email = :email))
        AND EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = p.id AND m.ended_at IS NULL)
      ORDER BY a.id LIMIT 5`,
    wanted,
  );

// ---- the second factor

/** Keeps a sealed secret that waits to be shown to work. */
export const proposeTotp = (tx: Tx, accountId: string, secret: Buffer): Promise<number> =>
  change(tx, 'UPDATE accounts SET totp_secret = :secret, totp_since = NULL, totp_step = 0 WHERE id = :accountId', { accountId, secret });

/** Switches the second factor on, with its recovery codes as digests. */
export async function confirmTotp(tx: Tx, accountId: string, step: number, codes: readonly Buffer[], now: Date): Promise<void> {
  await change(tx, 'UPDATE accounts SET totp_since = :now, totp_step = :step WHERE id = :accountId', { accountId, now, step });
  await replaceCodes(tx, accountId, codes);
}

/** Replaces the recovery codes. */
export async function replaceCodes(tx: Tx, accountId: string, codes: readonly Buffer[]): Promise<void> {
  await change(tx, 'DELETE FROM recovery_codes WHERE account_id = :accountId', { accountId });
  await insert(
    tx,
    'recovery_codes',
    codes.map((code) => ({ account_id: accountId, code_hash: code })),
  );
}

/** Switches the second factor off. */
export async function removeTotp(tx: Tx, accountId: string): Promise<void> {
  await change(tx, 'UPDATE accounts SET totp_secret = NULL, totp_since = NULL, totp_step = 0 WHERE id = :accountId', { accountId });
  await change(tx, 'DELETE FROM recovery_codes WHERE account_id = :accountId', { accountId });
}

/** Uses up a step of thirty seconds; false when this or a later one was used before (RFC 6238 §5.2: a code is good once). */
export const useTotpStep = async (db: Db, accountId: string, step: number): Promise<boolean> =>
  (await change(db, 'UPDATE accounts SET totp_step = :step WHERE id = :accountId AND totp_step < :step', { accountId, step })) === 1;

/** Uses up a recovery code; false when there is none such. */
export const useRecoveryCode = async (db: Db, accountId: string, code: Buffer, now: Date): Promise<boolean> =>
  (await change(db, 'UPDATE recovery_codes SET used_at = :now WHERE account_id = :accountId AND code_hash = :code AND used_at IS NULL', {
    accountId,
    code,
    now,
  })) === 1;

/** How many recovery codes are left. */
export const codesLeft = async (db: Db, accountId: string): Promise<number> =>
  Number(
    (
      await selectOne<{ n: number }>(db, 'SELECT COUNT(*) AS n FROM recovery_codes WHERE account_id = :accountId AND used_at IS NULL', {
        accountId,
      })
    )?.n ?? 0,
  );

// ---- between the password and the second factor

/** Stores that a visitor has shown the password of an account and owes the second factor. */
export const insertStep = (db: Db, step: { id: string; accountId: string; visitor: Buffer; expiresAt: Date }, now: Date): Promise<void> =>
  insert(db, 'sign_in_steps', [
    { id: step.id, account_id: step.accountId, visitor: step.visitor, created_at: now, expires_at: step.expiresAt },
  ]);

/** The account a visitor owes the second factor of, or null. */
export const waitingStep = (db: Db, id: string, visitor: Buffer, now: Date): Promise<{ accountId: string } | null> =>
  selectOne(
    db,
    'SELECT account_id AS accountId FROM sign_in_steps WHERE id = :id AND visitor = :visitor AND used_at IS NULL AND expires_at > :now',
    { id, visitor, now },
  );

/** Counts one answer before it is looked at; false when there have been `most` already. */
export const countStepAnswer = async (db: Db, id: string, most: number): Promise<boolean> =>
  (await change(db, 'UPDATE sign_in_steps SET attempts = attempts + 1 WHERE id = :id AND used_at IS NULL AND attempts < :most', {
    id,
    most,
  })) === 1;

/** Uses a step up; false when another answer came first. */
export const useStep = async (db: Db, id: string, now: Date): Promise<boolean> =>
  (await change(db, 'UPDATE sign_in_steps SET used_at = :now WHERE id = :id AND used_at IS NULL', { id, now })) === 1;

/** Forgets links and half-made sign-ins that ended more than a day ago. */
export async function sweepSignIns(db: Db, now: Date): Promise<void> {
  const before = new Date(now.getTime() - 86_400_000);
  await change(db, 'DELETE FROM sign_in_steps WHERE expires_at < :before', { before });
  await change(db, 'DELETE FROM password_resets WHERE expires_at < :before', { before });
}
