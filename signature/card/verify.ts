import { decodeSignatureFile } from '../cms/decode';
import { DigestSet, type DigestName, type Digests } from '../digests';
import { requiredDigests } from '../verify/facts';
import { containerLimits, Work } from '../work';
import { withinBudget } from './errors';
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

/**
 * The document of a card with SHA-256 and the digests its signatures ask for, and the signatures as DER; what it costs is taken from
 * `work`. Throws CardError, SignatureFormatError.
 */
export function openCard(
  bytes: Uint8Array,
  work = new Work(containerLimits(bytes.length)),
): { document: CardAttachment; digests: Digests; signatures: readonly CardAttachment[] } {
  const { document, signatures: attached } = readCard(bytes, work);
  return withinBudget('card.too_costly', () => {
    const signatures = attached.map((one) => ({ ...one, bytes: decodeSignatureFile(one.bytes) }));
    const wanted = new Set<DigestName>(['sha256', ...signatures.flatMap((one) => requiredDigests(one.bytes, work))]);
    for (const name of wanted) work.hash(name, document.bytes.length);
    return { document, digests: new DigestSet(wanted).update(document.bytes).digests(), signatures };
  });
}

/** Verifies every signature of a card over the document it encloses. Throws CardError, SignatureFormatError. */
export function verifyCard(bytes: Uint8Array, input: Omit<VerificationInput, 'content' | 'digests'>): CardReport {
  const work = input.work ?? new Work(containerLimits(bytes.length));
  const { document, digests, signatures: attached } = openCard(bytes, work);
  const signatures = withinBudget('card.too_costly', () =>
    attached.map(({ fileName, description, bytes: der }) => ({
      name: fileName,
      description,
      report: verifyCms(der, { ...input, digests, work }),
    })),
  );
  const verdicts = signatures.map(({ report }) => report.verdict);
  const verdict = verdicts.includes('invalid') ? 'invalid' : verdicts.every((one) => one === 'valid') ? 'valid' : 'indeterminate';
  return { format: 1, verdict, document: { name: document.fileName, size: document.bytes.length, digests }, signatures };
}
