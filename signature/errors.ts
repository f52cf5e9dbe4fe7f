import { CodedError } from './coded-error';

/** Codes of input that cannot be read as a signature at all. */
export const FORMAT_CODES = [
  'structure.not_der',
  'structure.too_deep',
  'structure.too_large',
  'structure.not_cms',
  'structure.no_signers',
  'structure.malformed',
  'structure.too_costly',
] as const;
export type FormatCode = (typeof FORMAT_CODES)[number];

/** The only error the engine throws for bad input: a code for programs, a plain sentence for people. */
export class SignatureFormatError extends CodedError<FormatCode> {
  override readonly name = 'SignatureFormatError';
}

/** Shorthand for the commonest refusal: the bytes are DER but not the structure the standard asks for. */
export function malformed(message: string): SignatureFormatError {
  return new SignatureFormatError('structure.malformed', message);
}

/** Whether a piece just cannot be read: that is no reason to give up the whole, a budget used up is. */
export function isUnreadable(error: unknown): error is SignatureFormatError {
  return error instanceof SignatureFormatError && error.code !== 'structure.too_costly';
}

/** What was read, or undefined when the bytes are not what they should be. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}
