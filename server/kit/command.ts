import type { Request } from 'express';
import { z } from 'zod';
import { isUlid } from '../../domain/ids';
import { Refusal } from '../../domain/refusals';

/** The id every form carries; made with the form, so that the same click is the same intention however often it arrives. */
export const commandField = z.string().refine(isUlid);

/** The command id of a posted form; 400 when the form lost it. */
export function commandOf(req: Request): string {
  const given = (req.body as { command?: unknown } | undefined)?.command;
  if (!isUlid(given)) throw new Refusal('bad_request');
  return given;
}
