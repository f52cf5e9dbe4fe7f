import { decodeSignatureFile } from '../cms/decode';
import { DIGEST_NAMES, DigestSet, type Digests } from '../digests';
import type { Verdict } from '../verify/codes';
import type { VerificationReport } from '../verify/report';
import { verifyCms, type VerificationInput } from '../verify/verify-cms';
import { readCard, type CardAttachment } from './read';

/** What a card proves by its attachments; what is printed on it proves nothing. */
export interface CardReport {
  readonly format: 1;
  readonly verdict: Verdict;
  readonly document: { readonly name: string; readonly size: number; readonly digests: Digests };
  readonly signatures: readonly { readonly name: string; readonly description: string; readonly report: VerificationReport }[];
}

/** The document of a card with its digests, and its signatures as DER. Throws CardError, SignatureFormatError. */
export function openCard(bytes: Uint8Array): { document: CardAttachment; digests: Digests; signatures: readonly CardAttachment[] } {
  const { document, signatures } = readCard(bytes);
  const digests = new DigestSet(DIGEST_NAMES).update(document.bytes).digests();
  return { document, digests, signatures: signatures.map((one) => ({ ...one, bytes: decodeSignatureFile(one.bytes) })) };
}

/** Verifies every signature of a card over the document it encloses. Throws CardError, SignatureFormatError. */
export function verifyCard(bytes: Uint8Array, input: Omit<VerificationInput, 'content' | 'digests'>): CardReport {
  const { document, digests, signatures: attached } = openCard(bytes);
  const signatures = attached.map(({ fileName, description, bytes: der }) => ({
    name: fileName,
    description,
    report: verifyCms(der, { ...input, digests }),
  }));
  const verdicts = signatures.map(({ report }) => report.verdict);
  const verdict = verdicts.includes('invalid') ? 'invalid' : verdicts.every((one) => one === 'valid') ? 'valid' : 'indeterminate';
  return { format: 1, verdict, document: { name: document.fileName, size: document.bytes.length, digests }, signatures };
}
