import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { Readable } from 'node:stream';
import { Client } from 'minio';

/**
 * Where the bytes live: any S3 store; the code uses only put, get, head, delete and multipart. An https endpoint must show a certificate
 * for its name by an authority of the system, or by the one in `caFile` (PEM).
 */
export type ObjectStoreOptions = {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  bucket: string;
  region: string;
  caFile?: string | null;
};

export type ObjectStore = {
  /** Creates the bucket when it is missing. */
  ensureBucket(): Promise<void>;
  /** Streams bytes of unknown length; 5 MiB are held in memory at a time. Rejects when the source fails, and leaves no part behind. */
  putStream(key: string, body: Readable, mediaType: string): Promise<void>;
  putBytes(key: string, body: Uint8Array, mediaType: string): Promise<void>;
  getStream(key: string): Promise<Readable>;
  getBytes(key: string): Promise<Buffer>;
  /** Size in bytes, or null when there is no such object. */
  size(key: string): Promise<number | null>;
  /** Removes an object; a missing one is fine. */
  remove(key: string): Promise<void>;
  /** Rejects when the bucket cannot be reached. */
  ping(): Promise<void>;
};

const tlsAgent = (caFile: string | null): Agent =>
  new Agent({ keepAlive: true, minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(caFile ? { ca: readFileSync(caFile) } : {}) });

/** A client by path-style addresses, which every S3 server understands. */
export function openS3(options: ObjectStoreOptions): Client {
  const url = new URL(options.endpoint);
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    useSSL: url.protocol === 'https:',
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region: options.region,
    pathStyle: true,
    ...(url.protocol === 'https:' ? { transportAgent: tlsAgent(options.caFile ?? null) } : {}),
  });
  // The MD5 of the body is among the headers that the request's signature covers; a SHA-256 beside it would hold the process up as well.
  client.enableSHA256 = false;
  return client;
}

/** The store cannot be reached or does not do what it is asked: the same may work again soon. */
export class ObjectStoreAway extends Error {
  constructor(cause: unknown) {
    super('the object store does not do what it is asked', { cause });
    this.name = 'ObjectStoreAway';
  }
}

const isMissing = (error: unknown): boolean => ['NotFound', 'NoSuchKey'].includes((error as { code?: string }).code ?? '');

/** What the store answers; its refusals, but for "no such object", become `ObjectStoreAway`. */
const reached = <Answer>(asked: Promise<Answer>): Promise<Answer> =>
  asked.catch((error: unknown) => Promise.reject(isMissing(error) ? (error as Error) : new ObjectStoreAway(error)));

/** The smallest part that S3 takes, but for the last one. Bytes. */
const partBytes = 5 * 1024 * 1024;

type Part = { bytes: Buffer; md5: string };

/** Cuts a stream into parts. The digest grows with the bytes as they come: over a whole part at once it would hold up every other request. */
async function* partsOf(body: Readable): AsyncGenerator<Part, undefined> {
  let pieces: Buffer[] = [];
  let size = 0;
  let md5 = createHash('md5');
  for await (const piece of body as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length;) {
      const taken = piece.subarray(at, at + partBytes - size);
      at += taken.length;
      size += taken.length;
      pieces.push(taken);
      md5.update(taken);
      if (size < partBytes) continue;
      yield { bytes: Buffer.concat(pieces, size), md5: md5.digest('base64') };
      [pieces, size, md5] = [[], 0, createHash('md5')];
    }
  }
  if (size > 0) yield { bytes: Buffer.concat(pieces, size), md5: md5.digest('base64') };
}

async function* withFirst<Item>(first: Item, rest: AsyncGenerator<Item>): AsyncGenerator<Item> {
  yield first;
  yield* rest;
}

/** Opens the store. */
export function openObjectStore(options: ObjectStoreOptions): ObjectStore {
  const client = openS3(options);
  const { bucket } = options;
  return {
    async ensureBucket() {
      if (await client.bucketExists(bucket)) return;
      await client.makeBucket(bucket, options.region).catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'BucketAlreadyOwnedByYou') throw error;
      });
    },
    async putStream(key, body, mediaType) {
      const headers = { 'Content-Type': mediaType };
      const parts = partsOf(body);
      let uploadId: string | null = null;
      try {
        const first = await parts.next();
        if (first.done || first.value.bytes.length < partBytes)
          return void (await reached(client.putObject(bucket, key, first.value?.bytes ?? Buffer.alloc(0), undefined, headers)));
        uploadId = await reached(client.initiateNewMultipartUpload(bucket, key, headers));
        const etags: { part: number; etag: string }[] = [];
        for await (const { bytes, md5 } of withFirst(first.value, parts)) {
          const place = { bucketName: bucket, objectName: key, uploadID: uploadId, partNumber: etags.length + 1 };
          const { etag, part } = await reached(client.uploadPart({ ...place, headers: { 'Content-MD5': md5 } }, bytes));
          etags.push({ part, etag });
        }
        await reached(client.completeMultipartUpload(bucket, key, uploadId, etags));
      } catch (error) {
        body.destroy(error as Error); // whoever fills it must not wait for ever
        if (uploadId !== null) await client.abortMultipartUpload(bucket, key, uploadId).catch(() => undefined);
        throw error;
      }
    },
    async putBytes(key, body, mediaType) {
      await reached(client.putObject(bucket, key, Buffer.from(body), body.length, { 'Content-Type': mediaType }));
    },
    getStream: (key) => reached(client.getObject(bucket, key)),
    async getBytes(key) {
      const chunks: Buffer[] = [];
      for await (const chunk of await reached(client.getObject(bucket, key))) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
    async size(key) {
      try {
        return (await reached(client.statObject(bucket, key))).size;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async remove(key) {
      await client.removeIncompleteUpload(bucket, key).catch(() => undefined);
      await reached(client.removeObject(bucket, key)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
    async ping() {
      if (!(await client.bucketExists(bucket))) throw new Error(`bucket ${bucket} is missing`);
    },
  };
}
