import { CodedError } from '../coded-error';

/** Why a file cannot be read as an evidence pack at all. */
export const PACK_CODES = [
  'pack.not_zip',
  'pack.damaged',
  'pack.too_large',
  'pack.unsafe_name',
  'pack.duplicate',
  'pack.no_manifest',
  'pack.bad_manifest',
  'pack.incomplete',
  'pack.too_costly',
] as const;
export type PackCode = (typeof PACK_CODES)[number];

/** The only error reading a pack throws for bad input: a code for programs, a plain sentence for people. */
export class PackError extends CodedError<PackCode> {
  override readonly name = 'PackError';
}
