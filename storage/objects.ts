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
  return new Client({
    endPoint: url.hostname,
    port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    useSSL: url.protocol === 'https:',
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region: options.region,
    pathStyle: true,
    partSize: 5 * 1024 * 1024,
    ...(url.protocol === 'https:' ? { transportAgent: tlsAgent(options.caFile ?? null) } : {}),
  });
}

/** Opens the store. */
export function openObjectStore(options: ObjectStoreOptions): ObjectStore {
  const client = openS3(options);
  const { bucket } = options;
  const isMissing = (error: unknown): boolean => ['NotFound', 'NoSuchKey'].includes((error as { code?: string }).code ?? '');
  return {
    async ensureBucket() {
      if (await client.bucketExists(bucket)) return;
      await client.makeBucket(bucket, options.region).catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'BucketAlreadyOwnedByYou') throw error;
      });
    },
    async putStream(key, body, mediaType) {
      try {
        await client.putObject(bucket, key, body, undefined, { 'Content-Type': mediaType });
      } catch (error) {
        await client.removeIncompleteUpload(bucket, key).catch(() => undefined);
        throw error;
      }
    },
    async putBytes(key, body, mediaType) {
      await client.putObject(bucket, key, Buffer.from(body), body.length, { 'Content-Type': mediaType });
    },
    getStream: (key) => client.getObject(bucket, key),
    async getBytes(key) {
      const chunks: Buffer[] = [];
      for await (const chunk of await client.getObject(bucket, key)) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
    async size(key) {
      try {
        return (await client.statObject(bucket, key)).size;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async remove(key) {
      await client.removeIncompleteUpload(bucket, key).catch(() => undefined);
      await client.removeObject(bucket, key).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
    async ping() {
      if (!(await client.bucketExists(bucket))) throw new Error(`bucket ${bucket} is missing`);
    },
  };
}
