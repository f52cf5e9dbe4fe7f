/**
 * The installation's secret in all its versions. What is written names the version it was made with; the newest writes, all are read, so
 * that the secret can be replaced while what it protected lives on. Each is 32 random bytes.
 */
export type SecretKeys = { newest: number; byVersion: ReadonlyMap<number, Uint8Array> };

/** What was made before secrets had versions belongs to this one; a secret written without a number is it. */
export const firstSecretVersion = 1;
const maxSecretVersion = 9_999;

/** Reads `64 hexadecimal digits` or `1:…,2:…`; the problem says what is wrong without repeating the value. */
export function readSecretKeys(text: string): { ok: true; keys: SecretKeys } | { ok: false; problem: string } {
  const byVersion = new Map<number, Uint8Array>();
  for (const part of text.split(',').map((one) => one.trim())) {
    const match = /^(?:([1-9]\d{0,3}):)?([0-9a-f]{64})$/.exec(part);
    if (!match) return { ok: false, problem: '64 hexadecimal digits are wanted (openssl rand -hex 32), or several as 1:…,2:…' };
    const version = match[1] === undefined ? firstSecretVersion : Number(match[1]);
    if (byVersion.has(version)) return { ok: false, problem: `version ${version} is given twice` };
    byVersion.set(
      version,
      Uint8Array.from(match[2]?.match(/../g) ?? [], (digits) => parseInt(digits, 16)),
    );
  }
  return { ok: true, keys: { newest: Math.max(...byVersion.keys()), byVersion } };
}

/** The form of a version in text that comes from outside, or null. */
export const readSecretVersion = (text: string): number | null =>
  /^[1-9]\d{0,3}$/.test(text) && Number(text) <= maxSecretVersion ? Number(text) : null;

/** Of 32 random bytes at least this many differ, and as many of the steps between them: one in billions has fewer. */
const minDifferent = 20;

/** Whether 32 bytes can have come from a random source: typed, counted and repeated ones have not. */
export function looksRandom(bytes: Uint8Array): boolean {
  const steps = bytes.map((byte, i) => byte - (bytes[i - 1] ?? 0));
  return new Set(bytes).size >= minDifferent && new Set(steps).size >= minDifferent;
}

/** The same for a value that has been checked before; throws on any other. */
export function secretKeysOf(text: string): SecretKeys {
  const read = readSecretKeys(text);
  if (!read.ok) throw new Error(read.problem);
  return read.keys;
}
