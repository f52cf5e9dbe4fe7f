import type { DocumentKind } from '../documents/document';
import type { RefusalCode } from '../refusals';
import { maxSessionBytes, maxSessionItems } from './session';

/** Letters of the chancellery never go to a phone. */
export const mayGoToPhone = (kind: DocumentKind): boolean => kind !== 'letter';

/** Why these documents cannot be signed with the phone together; null when they can. */
export function phoneProblem(documents: readonly { kind: DocumentKind; sizeBytes: number }[]): RefusalCode | null {
  if (documents.some(({ kind }) => !mayGoToPhone(kind))) return 'phone.not_for_letters';
  if (documents.length > maxSessionItems) return 'phone.too_many';
  return documents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > maxSessionBytes ? 'phone.too_big' : null;
}
