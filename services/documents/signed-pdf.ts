import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { Lang } from '../../domain/languages';
import { Refusal } from '../../domain/refusals';
import { evidenceOf } from '../../storage/queries/evidence';
import type { SignatureRecord } from '../../storage/queries/signatures';
import { type DeriveStart, hopelessKey, hopelessOriginal } from '../../workflows/contracts/derive';
import { queues } from '../../workflows/contracts/queues';
import type { Deps } from '../deps';

/** How long a download waits for the file to be made, milliseconds; after that the reader is told to come back. */
const patienceMs = 25_000;

type Wanted = { routeId: string; documentId: string; signatures: readonly SignatureRecord[] };

/**
 * The PDF with its sheet of signatures, made once for each number of signatures and language and kept in the object store; null while
 * it is still being made. Large PDFs are built by the heavy worker, never in the web process.
 */
export const signedPdf = (deps: Deps, { signatures, ...wanted }: Wanted, language: Lang): Promise<Readable | null> =>
  derived(
    deps,
    { ...wanted, language, key: `derived/${wanted.routeId}/${signatures.length}-${language}.pdf` },
    `${signatures.length}-${language}`,
  );

/** Languages of a card: one, or Kazakh and Russian at once. */
export const cardLanguages = ['ru', 'kk', 'en', 'kk-ru'] as const;
export type CardLanguage = (typeof cardLanguages)[number];

/** The card of the electronic document: made anew when a signature is added or its proof has grown; null while it is being made. */
export async function cardPdf(
  deps: Deps,
  { signatures, ...wanted }: Wanted,
  card: { language: CardLanguage; printed: boolean },
): Promise<Readable | null> {
  const evidence = await evidenceOf(
    deps.db,
    signatures.map((s) => s.id),
  );
  const states = signatures.map(({ id }) => {
    const { objectKey, verdict, code } = evidence.get(id) ?? { objectKey: null, verdict: null, code: null };
    return [id, objectKey, verdict, code];
  });
  const state = createHash('sha256').update(JSON.stringify(states)).digest('hex').slice(0, 16);
  const name = `card-${state}-${card.language}${card.printed ? '-qr' : ''}`;
  const isBilingual = card.language === 'kk-ru';
  const language = card.language === 'kk-ru' ? 'kk' : card.language;
  const key = `derived/${wanted.routeId}/${name}.pdf`;
  return derived(deps, { ...wanted, language, key, card: { bilingual: isBilingual, printed: card.printed } }, name);
}

async function derived(deps: Deps, input: DeriveStart, name: string): Promise<Readable | null> {
  if ((await deps.objects.size(input.key)) === null) {
    if ((await deps.objects.size(hopelessKey(input))) !== null) throw new Refusal('document.cannot_derive');
    const workflowId = `derive-${input.routeId}-${name}`;
    const { client } = deps.temporal;
    await client.workflow
      .start('deriveWorkflow', {
        workflowId,
        taskQueue: queues.flow,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      })
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      });
    const finished = await client
      .withDeadline(Date.now() + patienceMs, () => client.workflow.getHandle(workflowId).result())
      .then(
        () => true,
        (error: unknown) => {
          if (isHopeless(error)) throw new Refusal('document.cannot_derive');
          deps.log.warn({ err: error, workflowId }, 'the derived file was not ready in time');
          return false;
        },
      );
    if (!finished) return null;
  }
  return deps.objects.getStream(input.key);
}

/** Whether a run ended because no such file can be made, ever. */
function isHopeless(error: unknown): boolean {
  const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  const inner = cause instanceof ActivityFailure ? cause.cause : cause;
  return inner instanceof ApplicationFailure && inner.type === hopelessOriginal;
}
