import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EncryptionWatch, fileTypeOf, sniffBytes } from '../../domain/documents/file-type';
import { Refusal } from '../../domain/refusals';
import { DigestSet } from '../../signature';
import { beginUpload, forgetUpload, type StoredFile, uploadedSince } from '../../storage/queries/documents';
import type { Deps } from '../deps';

export type Received = Omit<StoredFile, 'version'>;
/** What became of one file of a request; `failure` is a code of the locale files. */
export type UploadOutcome = { fileName: string; sizeBytes: number } & (
  { file: Received } | { failure: string; params?: Record<string, string | number> }
);

/** Why no more may be stored today, or null; `more` are bytes of this request that no row counts yet. */
export async function overQuota(deps: Deps, me: { personId: string; organisationId: string }, more: number): Promise<string | null> {
  const { person, organisation } = deps.config.uploadDayBytes;
  if (person === 0 && organisation === 0) return null;
  const used = await uploadedSince(deps.db, me, new Date(deps.now().getTime() - 86_400_000));
  if (person > 0 && used.person + more >= person) return 'upload.quota_person';
  return organisation > 0 && used.organisation + more >= organisation ? 'upload.quota_organisation' : null;
}

/**
 * Streams one file into the object store, its digests and its kind found on the way; nothing is kept of a file that is refused. Rejects when
 * the store or the source fails.
 */
export async function storeFile(deps: Deps, source: Readable, name: string, key: string, personId: string): Promise<UploadOutcome> {
  const digests = new DigestSet(['sha256', 'streebog512']);
  const encryption = new EncryptionWatch();
  let head = Buffer.alloc(0);
  let size = 0;
  let failure: { code: string; params?: Record<string, string | number> } | null = null;
  const inspected = async function* (): AsyncGenerator<Buffer> {
    // Whatever goes wrong, the source is left to be read to its end by the form: a destroyed part of a form would hold it up for ever.
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > deps.config.uploadMaxBytes)
        failure = { code: 'upload.too_large', params: { max: deps.config.uploadMaxBytes / 1024 / 1024 } };
      if (head.length < sniffBytes) {
        head = Buffer.concat([head, chunk.subarray(0, sniffBytes - head.length)]);
        if (head.length === sniffBytes && !fileTypeOf(name, head)) failure = { code: 'upload.type' };
      }
      encryption.update(chunk);
      if (size > deps.config.uploadMaxBytes * 2) throw new Refusal('upload.too_large'); // nobody this far over is a mistaken person
      if (failure) continue; // let the rest pass, so that the browser reads our answer instead of a broken connection
      digests.update(chunk);
      yield chunk;
    }
  };
  const bytes = inspected();
  const first = await bytes.next();
  // Without a first good byte there is nothing to store: an S3 store would refuse an empty stream.
  if (!first.done) await storeBytes(deps, key, personId, first.value, bytes);
  const type = fileTypeOf(name, head);
  if (size === 0) failure = { code: 'upload.empty' };
  else if (!failure && !type) failure = { code: 'upload.type' };
  else if (!failure && encryption.seen && type?.family === 'pdf') failure = { code: 'upload.encrypted_pdf' };
  if (failure || !type) {
    if (!first.done) await discard(deps, key);
    const { code, params } = failure ?? { code: 'upload.type' };
    return { fileName: name, sizeBytes: size, failure: code, ...(params ? { params } : {}) };
  }
  const { sha256, streebog512 } = digests.digests();
  if (!sha256 || !streebog512) throw new Error('a digest is missing');
  const file: Received = {
    id: deps.newId(),
    name,
    mediaType: type.mediaType,
    sizeBytes: size,
    sha256: Buffer.from(sha256),
    streebog512: Buffer.from(streebog512),
    objectKey: key,
  };
  return { fileName: name, sizeBytes: size, file };
}

async function storeBytes(deps: Deps, key: string, personId: string, first: Buffer, rest: AsyncGenerator<Buffer>): Promise<void> {
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield first;
    yield* rest;
  };
  await beginUpload(deps.db, key, personId, deps.now());
  const body = new PassThrough();
  try {
    await Promise.all([pipeline(whole(), body), deps.objects.putStream(key, body, 'application/octet-stream')]);
  } catch (error) {
    await discard(deps, key);
    throw error;
  }
}

/** Removes what an unusable upload left; should that fail too, the hourly sweep finds it by its row. */
export async function discard(deps: Deps, key: string): Promise<void> {
  try {
    await deps.objects.remove(key);
    await forgetUpload(deps.db, key);
  } catch (error) {
    deps.log.warn({ err: error, key }, 'an unfinished upload is left to the sweep');
  }
}
