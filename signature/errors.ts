/** Codes of input that cannot be read as a signature at all. */
export const FORMAT_CODES = [
  'structure.not_der',
  'structure.too_deep',
  'structure.too_large',
  'structure.not_cms',
  'structure.no_signers',
  'structure.malformed',
] as const;
export type FormatCode = (typeof FORMAT_CODES)[number];

/** The only error the engine throws for bad input: a code for programs, a plain sentence for people. */
export class SignatureFormatError extends Error {
  override readonly name = 'SignatureFormatError';

  constructor(
    readonly code: FormatCode,
    message: string,
  ) {
    super(message);
  }
}

/** Shorthand for the commonest refusal: the bytes are DER but not the structure the standard asks for. */
export function malformed(message: string): SignatureFormatError {
  return new SignatureFormatError('structure.malformed', message);
}
