import { makeCardFile } from '../services/print/card';
import { makeSignedPdfFile } from '../services/print/signed-pdf';
import type { WorkerDeps } from '../services/deps';
import type { DeriveStart } from '../workflows/contracts/derive';

/** Activities that make derived files. */
export const deriveActivities = (deps: WorkerDeps) => ({
  makeCard: (input: DeriveStart): Promise<void> => makeCardFile(deps, input),
  makeSignedPdf: (input: DeriveStart): Promise<void> => makeSignedPdfFile(deps, input),
});
