import { formatHead, readHeads, type KeptHead } from '../domain/audit/heads';
import { openS3, type ObjectStoreOptions } from './objects';

/** Where the heads of the audit log are kept out of the database's reach: objects nobody may delete where the store offers it. */
export type HeadStore = {
  /** Keeps these heads as one object; `isLocked` says whether the store holds it against deletion until the retention is over. */
  keep(heads: readonly KeptHead[], at: Date): Promise<{ key: string; isLocked: boolean }>;
  /** Every head ever kept, from all versions of all objects: an object written over does not hide the one before. */
  all(): Promise<KeptHead[]>;
};

type Kept = { name: string; versionId?: string };
const prefix = 'heads/';
const dayMs = 86_400_000;
/** One night is some hundred bytes an organisation. */
const maxBytes = 8 * 1024 * 1024;

/** Opens the bucket of the heads, `bucket`; it is made when first needed, with object lock where the store has it. */
export function openHeadStore(options: ObjectStoreOptions & { retentionDays: number }): HeadStore {
  const client = openS3(options);
  const { bucket, region } = options;

  const ensure = async (): Promise<void> => {
    if (await client.bucketExists(bucket)) return;
    await client.makeBucket(bucket, region, { ObjectLocking: true }).catch(async () => {
      if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket, region); // a store without object lock
    });
  };

  const versions = async (): Promise<Kept[]> => {
    const list = async (how: object): Promise<Kept[]> => {
      const found: Kept[] = [];
      const stream = client.listObjects(bucket, prefix, true, how);
      for await (const one of stream as AsyncIterable<{ name?: string; versionId?: string; isDeleteMarker?: boolean }>)
        if (one.name && !one.isDeleteMarker) found.push({ name: one.name, ...(one.versionId ? { versionId: one.versionId } : {}) });
      return found;
    };
    return list({ IncludeVersion: true }).catch(() => list({}));
  };

  const read = async ({ name, versionId }: Kept): Promise<string> => {
    const parts: Buffer[] = [];
    let size = 0;
    const stream = await client.getObject(bucket, name, versionId && versionId !== 'null' ? { versionId } : {});
    for await (const part of stream) {
      size += (part as Buffer).length;
      if (size > maxBytes) throw new Error(`${name} is larger than heads ever are`);
      parts.push(part as Buffer);
    }
    return Buffer.concat(parts).toString('utf8');
  };

  return {
    async keep(heads, at) {
      await ensure();
      const key = `${prefix}${at.toISOString()}.txt`;
      const body = Buffer.from(heads.map((head) => `${formatHead(head)}\n`).join(''));
      await client.putObject(bucket, key, body, body.length, { 'Content-Type': 'text/plain; charset=utf-8' });
      const retainUntilDate = new Date(at.getTime() + options.retentionDays * dayMs).toISOString();
      const isLocked = await client.putObjectRetention(bucket, key, { mode: 'COMPLIANCE', retainUntilDate } as never).then(
        () => true,
        () => false,
      );
      return { key, isLocked };
    },
    async all() {
      if (!(await client.bucketExists(bucket))) return [];
      const heads: KeptHead[] = [];
      for (const one of await versions()) heads.push(...readHeads(await read(one)));
      return heads;
    },
  };
}
