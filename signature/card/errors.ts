import { CodedError } from '../coded-error';
import { SignatureFormatError } from '../errors';

/** Why a file cannot be read as a card of an electronic document. */
export const CARD_CODES = [
  'card.not_pdf',
  'card.damaged',
  'card.too_large',
  'card.encrypted',
  'card.no_attachments',
  'card.too_costly',
] as const;
export type CardCode = (typeof CARD_CODES)[number];

/** The only error reading a card throws for bad input: a code for programs, a plain sentence for people. */
export class CardError extends CodedError<CardCode> {
  override readonly name = 'CardError';
}

/** What the look at a card found; a budget used up becomes `code`. Throws CardError and what was thrown. */
export function withinBudget<T>(code: 'card.too_large' | 'card.too_costly', look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof SignatureFormatError && error.code === 'structure.too_costly') throw new CardError(code, error.message);
    throw error;
  }
}

export const damaged = (what: string): CardError => new CardError('card.damaged', `The PDF is damaged: ${what}`);
