import { CodedError } from '../coded-error';

/** Why a file cannot be read as a card of an electronic document. */
export const CARD_CODES = ['card.not_pdf', 'card.damaged', 'card.too_large', 'card.encrypted', 'card.no_attachments'] as const;
export type CardCode = (typeof CARD_CODES)[number];

/** The only error reading a card throws for bad input: a code for programs, a plain sentence for people. */
export class CardError extends CodedError<CardCode> {
  override readonly name = 'CardError';
}

export const damaged = (what: string): CardError => new CardError('card.damaged', `The PDF is damaged: ${what}`);
