import type { StageKind } from '../routes/route';

/** What a person does with many documents at once. */
export const groupPurposes = ['answer', 'refuse'] as const;
export type GroupPurpose = (typeof groupPurposes)[number];
/** `listed`: looked through, items may still be left out; `running`: frozen and under way; the others are final. */
export const groupStates = ['listed', 'running', 'done', 'stopped', 'expired'] as const;
export type GroupState = (typeof groupStates)[number];
/** `sent`: the answer is on its way to its route and the outcome is not known yet. */
export const itemStates = ['waiting', 'sent', 'done', 'failed', 'removed'] as const;
export type ItemState = (typeof itemStates)[number];

/** Most documents in one group. */
export const maxGroupItems = 1_000;
/** Most documents in one call of the signing program. */
export const maxChunkItems = 100;
/** Most document bytes in one call: a message below 20 MB once they are base64. */
export const maxChunkBytes = 14 * 1024 * 1024;
/** How long a group may be looked through and worked on, milliseconds. */
export const groupLifeMs = 24 * 3_600_000;
/** How long an answer under way is left alone before somebody looks into the record for its outcome, milliseconds. */
export const settleAfterMs = 20_000;

/** How many items stand where; `removed` items are not counted. */
export type GroupCounts = { total: number; waiting: number; sent: number; done: number; failed: number };

/** True once no item will change any more. */
export const isClosed = (state: GroupState): boolean => state === 'done' || state === 'stopped' || state === 'expired';

/** True when every item of a running group has its outcome. */
export const isWorkedOff = (counts: GroupCounts): boolean => counts.waiting === 0 && counts.sent === 0;

/** Whether this item is answered without a key: everything but a signature. Such items need no browser. */
export const needsNoKey = (purpose: GroupPurpose, kind: StageKind): boolean => purpose === 'refuse' || kind !== 'sign';

/**
 * Whether a refused signature speaks of its key and not of its document: then the same would happen to every other document, and the
 * person should choose another key before the batch goes on.
 */
export const isAboutKey = (code: string): boolean =>
  !/^(route|document|group|temporal)[._]/.test(code) &&
  !['not_found', 'signing.session_used', 'signing.session_expired', 'digest.mismatch'].includes(code);

/** How documents go to the signing program: their bytes, or digests by the algorithm of the key that has been frozen. */
export type ChunkForm = 'bytes' | 'streebog512' | 'sha256';

/**
 * The next documents of one call, by their place in the list. With the key's digest known, a list too long for one message goes as
 * digests; before that the documents that fit go first, or the smallest alone: it tells the key.
 */
export function nextChunk<Item extends { sizeBytes: number }>(
  waiting: readonly Item[],
  keyDigest: 'streebog512' | 'sha256' | null,
  most: number = maxChunkItems,
): { form: ChunkForm; items: Item[] } {
  const count = Math.min(Math.max(1, most), maxChunkItems);
  const first = waiting.slice(0, count);
  const bytes = first.reduce((sum, item) => sum + item.sizeBytes, 0);
  if (bytes <= maxChunkBytes) return { form: 'bytes', items: first };
  if (keyDigest !== null) return { form: keyDigest, items: first };
  const fitting: Item[] = [];
  let used = 0;
  for (const item of waiting) {
    if (used + item.sizeBytes > maxChunkBytes) continue;
    used += item.sizeBytes;
    fitting.push(item);
    if (fitting.length === count) break;
  }
  if (fitting.length > 0) return { form: 'bytes', items: fitting };
  const smallest = waiting.reduce((a, b) => (b.sizeBytes < a.sizeBytes ? b : a));
  return { form: 'bytes', items: [smallest] };
}

/** How long a group will take, milliseconds: reading the documents into the browser, the key's work, the server's. A rough, honest guess. */
export function estimateMs(signatures: number, bytes: number): number {
  const perSignatureMs = 120;
  const bytesPerMs = 10_000;
  return signatures === 0 ? 0 : Math.round(5_000 + signatures * perSignatureMs + bytes / bytesPerMs);
}
