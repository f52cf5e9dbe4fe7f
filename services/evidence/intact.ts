import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { Refusal } from '../../domain/refusals';
import type { StoredFile } from '../../storage/queries/documents';
import type { SignatureRecord } from '../../storage/queries/signatures';
import type { Deps } from '../deps';

/** The CMS of a signature as it came, compared with the digest in the record: damaged bytes are never handed out as evidence. */
export async function intactSignature(deps: Pick<Deps, 'objects' | 'log'>, signature: SignatureRecord): Promise<Buffer> {
  const bytes = await deps.objects.getBytes(signature.objectKey);
  return intact(deps, bytes, signature.sha256, signature.objectKey);
}

/** The same for a stored form of it whose key carries its digest. */
export async function intactProof(deps: Pick<Deps, 'objects' | 'log'>, objectKey: string): Promise<Buffer> {
  const named = /([0-9a-f]{64})\.proof\.cms$/.exec(objectKey)?.[1] ?? '';
  return intact(deps, await deps.objects.getBytes(objectKey), Buffer.from(named, 'hex'), objectKey);
}

function intact(deps: Pick<Deps, 'log'>, bytes: Buffer, sha256: Buffer, objectKey: string): Buffer {
  if (createHash('sha256').update(bytes).digest().equals(sha256)) return bytes;
  deps.log.error({ objectKey }, 'a stored signature is damaged');
  throw new Refusal('document.damaged');
}

/**
 * The bytes of a document on their way out, compared with the digest in the record: should they differ, the stream fails at its end and
 * the download breaks off, so that nobody keeps a file that is not the one that was signed.
 */
export async function intactFile(deps: Pick<Deps, 'objects' | 'log'>, file: StoredFile): Promise<Readable> {
  const hash = createHash('sha256');
  let held: Buffer | null = null; // the last piece waits for the verdict, else the reader would have everything before it
  const checking = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      const before = held;
      held = chunk;
      done(null, before ?? undefined);
    },
    flush(done) {
      if (hash.digest().equals(file.sha256)) return done(null, held ?? undefined);
      deps.log.error({ objectKey: file.objectKey }, 'a stored document is damaged');
      done(new Error('the stored document is damaged'));
    },
  });
  const stored = await deps.objects.getStream(file.objectKey);
  stored.once('error', (error) => checking.destroy(error));
  checking.once('close', () => stored.destroy());
  return stored.pipe(checking);
}
