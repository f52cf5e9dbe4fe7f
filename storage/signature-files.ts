import type { ObjectStore } from './objects';
import { evidenceWithReports } from './queries/evidence';
import type { SignatureRecord } from './queries/signatures';
import type { Db } from './db';

/** What is kept of one signature: the CMS as it came, the upgraded one when there is one, the newest report as JSON. */
export type SignatureFiles<S> = { signature: S; cms: Buffer; proof: Buffer | null; report: string };

/** Reads what is kept of these signatures, in their order. */
export async function signatureFiles<S extends SignatureRecord>(
  { db, objects }: { db: Db; objects: ObjectStore },
  signatures: readonly S[],
): Promise<SignatureFiles<S>[]> {
  const evidence = await evidenceWithReports(
    db,
    signatures.map((s) => s.id),
  );
  return Promise.all(
    signatures.map(async (signature) => {
      const found = evidence.get(signature.id);
      const [cms, proof] = await Promise.all([
        objects.getBytes(signature.objectKey),
        found?.objectKey ? objects.getBytes(found.objectKey) : null,
      ]);
      return { signature, cms, proof, report: found?.report ?? signature.report };
    }),
  );
}
