import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { Request } from 'express';
import { Refusal } from '../../domain/refusals';
import { inTurn, piecesInTurn } from './in-turn';

/** At most this many files in one request; a browser with script sends one each. */
const maxFiles = 50;

type OnFile = (file: Readable, name: string, field: string) => Promise<void>;

/**
 * Reads a multipart form as it arrives. The fields `_csrf` and `command` must come before any file, so that not a byte is stored for
 * a request that has no right to it. Files are handled one after another; the request ends when all are done.
 */
export async function readForm(
  req: Request,
  onFields: (fields: Map<string, string>) => void,
  onFile: OnFile,
): Promise<Map<string, string>> {
  const fields = new Map<string, string>();
  const form = openForm(req);
  let work: Promise<void> = Promise.resolve();
  let failed: Error | null = null;
  let checked = false;
  let current: Readable | null = null;
  form.on('field', (name, value) => void fields.set(name, value));
  form.on('file', (field, stream, name) => {
    work = work.then(async () => {
      current = stream;
      try {
        if (failed) throw failed;
        if (!checked) onFields(fields);
        checked = true;
        if (name) await onFile(stream, unescapeName(name), field);
      } catch (error) {
        failed ??= error as Error;
      }
      stream.resume(); // what nobody wanted must still pass, or the form never ends
    });
  });
  try {
    await pipeline(req, piecesInTurn(), form);
  } catch (error) {
    (current as Readable | null)?.destroy(error as Error);
    await work;
    await new Promise<void>(inTurn); // a hundred that break off at once are not all answered in one turn of the event loop
    throw new Refusal('upload.interrupted');
  }
  await work;
  if (failed) throw failed as Error;
  if (!checked) onFields(fields);
  return fields;
}

/** Browsers write quotes and line ends of a file name as %22, %0D and %0A (HTML Standard, multipart/form-data). */
const unescapeName = (name: string): string => name.replace(/%22/g, '"').replace(/%0[AD]/g, '');

function openForm(req: Request): BusboyInstance {
  if (!req.is('multipart/form-data')) throw new Refusal('bad_request');
  try {
    const headers = { ...req.headers, 'content-type': req.headers['content-type'] ?? '' };
    return new Busboy({ headers, limits: { fields: 20, fieldSize: 64 * 1024, files: maxFiles, parts: maxFiles + 20 } });
  } catch {
    throw new Refusal('bad_request');
  }
}
