import { createReadStream } from 'node:fs';
import { ApplicationFailure } from '@temporalio/activity';
import { type DeriveStart, hopelessKey, hopelessOriginal } from '../../workflows/contracts/derive';
import type { WorkerDeps } from '../deps';
import type { PdfOrder } from './maker';

/**
 * Makes a derived PDF and stores it under its key. A document of which none can be made is noted as such, and the failure is final: the
 * same octets would cost the same again.
 */
export async function storePdf(deps: WorkerDeps, input: DeriveStart, originalKey: string, order: PdfOrder): Promise<void> {
  const note = hopelessKey(input);
  if ((await deps.objects.size(note)) !== null) throw hopeless('it was found before');
  const original = () => deps.objects.getStream(originalKey);
  const outcome = await deps.pdf.make(order, original, (file) =>
    deps.objects.putStream(input.key, createReadStream(file), 'application/pdf'),
  );
  if (outcome.ok) return;
  deps.log.warn({ routeId: input.routeId, kind: order.kind, why: outcome.why }, 'a derived PDF cannot be made');
  await deps.objects.putBytes(note, Buffer.from(JSON.stringify({ why: outcome.why, at: deps.now().toISOString() })), 'application/json');
  throw hopeless(outcome.why);
}

const hopeless = (why: string): ApplicationFailure => ApplicationFailure.nonRetryable(`no PDF can be made: ${why}`, hopelessOriginal);
