import type { Readable } from 'node:stream';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { queues, type DeriveStart } from '../../workflows/contracts';
import type { WebDeps } from '../context';
import type { Lang } from '../views';

/** How long a download waits for the file to be made, milliseconds; after that the reader is told to come back. */
const patienceMs = 25_000;

/**
 * The PDF with its sheet of signatures, made once for each number of signatures and language and kept in the object store; null while
 * it is still being made. Large PDFs are built by the heavy worker, never in the web process.
 */
export async function signedPdf(
  deps: WebDeps,
  wanted: { routeId: string; documentId: string; signatures: number; language: Lang },
): Promise<Readable | null> {
  const key = `derived/${wanted.routeId}/${wanted.signatures}-${wanted.language}.pdf`;
  if ((await deps.objects.size(key)) === null) {
    const input: DeriveStart = { key, routeId: wanted.routeId, documentId: wanted.documentId, language: wanted.language };
    const workflowId = `derive-${wanted.routeId}-${wanted.signatures}-${wanted.language}`;
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
          deps.log.warn({ err: error, workflowId }, 'the signed PDF was not ready in time');
          return false;
        },
      );
    if (!finished) return null;
  }
  return deps.objects.getStream(key);
}
