import type { Request } from 'express';
import { cleanFileName } from '../../domain/documents/file-type';
import { isUlid } from '../../domain/ids';
import { Refusal } from '../../domain/refusals';
import { overQuota, storeFile, type UploadOutcome } from '../../services/documents/upload';
import type { WebDeps } from '../kit/context';
import { readForm } from '../kit/multipart';
import { tokenMatches } from '../kit/security';

/** Streams the files of a request into the object store; nothing is kept of a file that fails. Returns the form's fields beside the outcomes. */
export async function receiveFiles(
  deps: WebDeps,
  req: Request,
  me: { personId: string; organisationId: string },
): Promise<{ command: string; fields: Map<string, string>; outcomes: UploadOutcome[] }> {
  const outcomes: UploadOutcome[] = [];
  let stored = 0;
  const checkFields = (fields: Map<string, string>): void => {
    if (!tokenMatches(req, req.get('X-CSRF-Token') ?? fields.get('_csrf'))) throw new Refusal('csrf');
    if (!isUlid(fields.get('command'))) throw new Refusal('bad_request');
  };
  const fields = await readForm(req, checkFields, async (stream, name) => {
    const key = `files/${deps.newId()}`;
    const full = await overQuota(deps, me, stored);
    const outcome = full
      ? { fileName: cleanFileName(name), sizeBytes: 0, failure: full }
      : await storeFile(deps, stream, cleanFileName(name), key, me.personId);
    if ('file' in outcome) stored += outcome.sizeBytes;
    outcomes.push(outcome);
  });
  return { command: fields.get('command') ?? '', fields, outcomes };
}
