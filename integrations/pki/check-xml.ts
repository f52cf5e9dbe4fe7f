import { verifyXml, xmlStatusNeeds, type Crl, type VerificationReport, type XmlVerificationInput } from '../../signature';
import type { Pki, PkiProblem } from './pki';

/**
 * Verifies an enveloped XML signature with what the responders and the lists say about its certificates; lists clear only where nobody answered.
 * Throws SignatureFormatError when the text is no signed XML document.
 */
export async function checkXmlOnline(
  pki: Pki,
  text: string,
  {
    since,
    timeoutMs,
    lists,
    ...input
  }: Omit<XmlVerificationInput, 'ocsp' | 'crls'> & { since?: Date; timeoutMs: number; lists: () => readonly Crl[] },
): Promise<{ report: VerificationReport; problems: PkiProblem[] }> {
  const crls = lists();
  if (input.policy.requireRevocation === 'none') return { report: verifyXml(text, { ...input, crls }), problems: [] };
  const { ocsp, problems } = await pki.statuses(xmlStatusNeeds(text, input), { timeoutMs, ...(since ? { since } : {}) });
  return { report: verifyXml(text, { ...input, ocsp, crls }), problems };
}
