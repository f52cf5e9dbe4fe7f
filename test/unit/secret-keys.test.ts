import { createHash, randomBytes } from 'node:crypto';
import { looksRandom, readSecretKeys, type SecretKeys } from '../../domain/secret-keys';
import { anonymousCsrf } from '../../server/kit/cookies';
import { phoneHashes, phoneTokens } from '../../services/phone/addresses';
import { capabilityHash, newCapability, storedCapability } from '../../storage/capabilities';
import { packCursor, unpackCursor } from '../../storage/cursor';

const [first, second] = [randomBytes(32), randomBytes(32)];
const before: SecretKeys = { newest: 1, byVersion: new Map([[1, first]]) };
const after: SecretKeys = {
  newest: 2,
  byVersion: new Map([
    [1, first],
    [2, second],
  ]),
};

const without: SecretKeys = { newest: 2, byVersion: new Map([[2, second]]) };

test('a link is made again with the secret it was first made with, a new one with the newest', () => {
  const old = newCapability(before, 'check', 'A', 1);
  expect(storedCapability(after, 'check', 'A', 1, old.hash)).toBe(old.token);
  const fresh = newCapability(after, 'check', 'A', 1);
  expect(fresh.token).toMatch(/^2\.[A-Za-z0-9_-]{22}$/);
  expect(storedCapability(after, 'check', 'A', 1, fresh.hash)).toBe(fresh.token);
  expect(capabilityHash(fresh.token)).toEqual(fresh.hash);
});

test('once a secret is gone its links cannot be shown again, and nothing that opens anything is shown instead', () => {
  const old = newCapability(before, 'check', 'A', 1);
  const shown = storedCapability(without, 'check', 'A', 1, old.hash);
  expect(capabilityHash(shown)).not.toEqual(old.hash);
});

test.each(['', 'short', `0.${'a'.repeat(22)}`, `99999.${'a'.repeat(22)}`, `2.${'a'.repeat(23)}`, `${'a'.repeat(22)}.2`])(
  '"%s" has not the shape of a token',
  (token) => {
    expect(capabilityHash(token)).toBeNull();
  },
);

test('a phone session keeps the secret it began with, its renewed code too', () => {
  const began = phoneTokens(before, 'S', 1);
  const { token } = phoneHashes(began);
  expect(phoneTokens(after, 'S', 1, token)).toEqual(began);
  expect(phoneTokens(after, 'S', 2, token).data).toBe(began.data);
  expect(phoneTokens(after, 'T', 1).token).toMatch(/^2\./);
});

test('a place in a list is read under the secret it names, and under no other', () => {
  const cursor = { at: new Date(1_750_000_000_000), id: 'A' };
  expect(unpackCursor(after, packCursor(before, cursor))).toEqual(cursor);
  expect(unpackCursor(after, packCursor(after, cursor))).toEqual(cursor);
  expect(unpackCursor(without, packCursor(before, cursor))).toBeNull();
  const forged = Buffer.from(packCursor(before, cursor), 'base64url').toString().replace(/1$/, '2');
  expect(unpackCursor(after, Buffer.from(forged).toString('base64url'))).toBeNull();
});

test('a form before sign-in carries the newest token; one still on a screen carries its own', () => {
  const [old] = anonymousCsrf({ secrets: before }, 'visitor');
  const [newest, ...former] = anonymousCsrf({ secrets: after }, 'visitor');
  expect(newest).toMatch(/^2\./);
  expect(former).toEqual([old]);
});

test('what is wrong with a secret is said without the secret', () => {
  const read = readSecretKeys(`1:${first.toString('hex')},x:${second.toString('hex')}`);
  expect(read.ok).toBe(false);
  expect(JSON.stringify(read)).not.toContain(second.toString('hex').slice(0, 8));
});

test('random bytes look random', () => {
  for (let i = 0; i < 1_000; i++) expect(looksRandom(createHash('sha256').update(String(i)).digest())).toBe(true);
});
