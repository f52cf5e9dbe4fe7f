import { verifyXml, xmlStatusNeeds, type Crl, type VerificationReport, type XmlVerificationInput } from '../../signature';
import type { Pki, PkiProblem } from './pki';

/**
 * Verifies an enveloped XML signature with what the responders say about its certificates; lists stand in only where nobody answered.
 * Throws SignatureFormatError when the text is no signed XML document.
 */
export async function checkXmlOnline(
  pki: Pki,
  text: string,
  { timeoutMs, lists, ...input }: Omit<XmlVerificationInput, 'ocsp' | 'crls'> & { timeoutMs: number; lists: () => readonly Crl[] },
): Promise<{ report: VerificationReport; problems: PkiProblem[] }> {
  if (input.policy.requireRevocation === 'none') return { report: verifyXml(text, input), problems: [] };
  const { ocsp, problems } = await pki.statuses(xmlStatusNeeds(text, input), { timeoutMs });
  return { report: verifyXml(text, { ...input, ocsp, crls: problems.length > 0 ? lists() : [] }), problems };
}
