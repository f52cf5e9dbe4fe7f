import { estimateMs, isAboutKey, isClosed, isWorkedOff, maxChunkBytes, needsNoKey, nextChunk } from '../../domain/groups/group';
import { matchSignatures } from '../../domain/groups/match';
import { sideBySide } from '../../services/side-by-side';

const mib = 1024 * 1024;
const items = (...sizes: number[]): { id: number; sizeBytes: number }[] => sizes.map((sizeBytes, id) => ({ id, sizeBytes }));
const idsOf = (chunk: { items: { id: number }[] }): number[] => chunk.items.map(({ id }) => id);

describe('the documents of one call', () => {
  test('go in their order, at most a hundred and never more than asked', () => {
    const many = items(...Array.from({ length: 250 }, () => 1_000));
    expect(idsOf(nextChunk(many, null))).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(idsOf(nextChunk(many, null, 3))).toEqual([0, 1, 2]);
    expect(nextChunk(many, null, 5_000).items).toHaveLength(100);
    expect(nextChunk(many, null, 0).items).toHaveLength(1);
  });

  test('stay below the limit of a message until the key is known: what fits goes first', () => {
    const chunk = nextChunk(items(10 * mib, 10 * mib, 3 * mib, 90 * mib), null);
    expect(chunk.form).toBe('bytes');
    expect(idsOf(chunk)).toEqual([0, 2]);
    expect(chunk.items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(maxChunkBytes);
  });

  test('the smallest goes alone when none fits: it tells the key', () => {
    expect(idsOf(nextChunk(items(90 * mib, 40 * mib, 60 * mib), null))).toEqual([1]);
  });

  test('go as digests of the key once it is known, but only when their bytes are too many', () => {
    const big = items(90 * mib, 40 * mib, 60 * mib);
    expect(nextChunk(big, 'streebog512')).toEqual({ form: 'streebog512', items: big });
    expect(nextChunk(big, 'sha256').form).toBe('sha256');
    expect(nextChunk(items(1, 2), 'sha256').form).toBe('bytes');
  });
});

describe('a signature and its document', () => {
  const wanted = (id: string, digest: string) => ({ id, sha256: `sha-${digest}`, streebog512: `gost-${digest}` });
  const idOf = (found: ({ id: string } | null)[]): (string | undefined)[] => found.map((one) => one?.id);

  test('find each other by either digest, whatever the order', () => {
    const found = matchSignatures(
      [wanted('a', '1'), wanted('b', '2')],
      [{ messageDigest: 'gost-2' }, { messageDigest: 'sha-1' }, { messageDigest: 'gost-3' }, { messageDigest: null }],
    );
    expect(idOf(found)).toEqual(['b', 'a', undefined, undefined]);
  });

  test('two documents of the same bytes get a signature each, a third signature nothing', () => {
    const same = { messageDigest: 'gost-1' };
    expect(idOf(matchSignatures([wanted('a', '1'), wanted('b', '1')], [same, same, same]))).toEqual(['a', 'b', undefined]);
  });

  test('one document is never matched twice by its two digests', () => {
    expect(idOf(matchSignatures([wanted('a', '1')], [{ messageDigest: 'gost-1' }, { messageDigest: 'sha-1' }]))).toEqual(['a', undefined]);
  });
});

test.each([
  ['signing.wrong_iin', true],
  ['signing.wrong_bin', true],
  ['certificate.revoked', true],
  ['chain.not_trusted', true],
  ['signing.session_used', false],
  ['signing.session_expired', false],
  ['route.ended', false],
  ['document.stale', false],
  ['group.other_certificate', false],
  ['temporal_down', false],
  ['not_found', false],
])('%s speaks of the key: %s', (code, expected) => expect(isAboutKey(code)).toBe(expected));

test('only signatures need a key; states and estimates say what they mean', () => {
  expect([needsNoKey('answer', 'sign'), needsNoKey('answer', 'approve'), needsNoKey('refuse', 'sign')]).toEqual([false, true, true]);
  expect((['listed', 'running', 'done', 'stopped', 'expired'] as const).filter(isClosed)).toEqual(['done', 'stopped', 'expired']);
  expect(isWorkedOff({ total: 2, waiting: 0, sent: 0, done: 1, failed: 1 })).toBe(true);
  expect(isWorkedOff({ total: 2, waiting: 0, sent: 1, done: 1, failed: 0 })).toBe(false);
  expect(estimateMs(0, 5)).toBe(0);
  expect(estimateMs(1_000, 0)).toBeGreaterThan(estimateMs(100, 0));
});

test('work runs side by side up to the limit, and its results keep their order', async () => {
  let [running, most] = [0, 0];
  const results = await sideBySide([5, 1, 4, 2, 3], 2, async (n) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, n));
    running--;
    return n * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
  await expect(sideBySide([1, 2], 2, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
