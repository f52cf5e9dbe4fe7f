import { equalBytes } from '../bytes';
import { digest } from '../digests';
import { schemeFor, verifySignature } from '../public-key';
import { leadingCode, verdictOf } from '../verify/codes';
import type { SignerFacts } from '../verify/facts';
import { fail, notChecked, pass, type Finding } from '../verify/finding';
import type { StatusNeed } from '../verify/long-term';
import { isoTime, type VerificationReport } from '../verify/report';
import { pathRevocation } from '../verify/time-stamp';
import { signerReport, type VerificationInput } from '../verify/verify-cms';
import { Work } from '../work';
import { buildChain } from '../x509/chain';
import { permittedPurposes } from '../x509/purposes';
import { SIGNATURE_OIDS, XML_DIGESTS } from './algorithms';
import { canonicalXml } from './canonical';
import { readXml, type XmlElement } from './reader';
import { findSignature, type XmlSignature } from './signature';

export interface XmlVerificationInput extends Omit<VerificationInput, 'content' | 'digests' | 'requiredRoles'> {
  /** The document that was to be signed, without a signature; it must be the signed one to the canonical letter. */
  readonly content?: string;
}

/**
 * Verifies an enveloped XML signature (XMLDSig, as kz-xmlsec makes it) and reports on it in the shape of a CMS. Pure and synchronous.
 * Throws SignatureFormatError when the text is no XML document with exactly one such signature.
 */
export function verifyXml(text: string, input: XmlVerificationInput): VerificationReport {
  // The certificate stands inside the signature element: there is no attribute that could be missing.
  const policy = { ...input.policy, requireEssAtReceipt: false };
  const signer = signerReport(factsOf(text, input), { ...input, policy });
  const code = leadingCode([signer.code]);
  const { purpose } = input.policy;
  return { format: 1, checkedAt: isoTime(input.at), purpose, verdict: verdictOf(code), code, attached: true, signers: [signer] };
}

/** The certificates whose status is to be asked for: the signer's and those of the authorities below the anchor. */
export function xmlStatusNeeds(text: string, input: XmlVerificationInput): StatusNeed[] {
  const { chain, revocationAbout } = factsOf(text, input);
  if (!chain?.trusted) return [];
  const { path } = chain;
  return path.slice(0, -1).map((certificate, i) => ({ certificate, issuer: path[i + 1]!, usedBy: 'signer', about: revocationAbout }));
}

function factsOf(text: string, input: XmlVerificationInput): SignerFacts {
  const { at, receivedAt, trust, policy } = input;
  const root = readXml(text);
  const signature = findSignature(root);
  const [certificate] = signature.certificates;
  const bestTime = receivedAt ?? at;
  const work = input.work ?? new Work();
  const chain = certificate && buildChain(certificate, trust, signature.certificates, bestTime, work);
  const evidence = { ocsp: input.ocsp ?? [], crls: input.crls ?? [] };
  const revocationAbout = policy.keyGoodAt === 'checking' ? at : bestTime;
  return {
    certificate,
    identity: pass(),
    attributes: pass(),
    ...valueFacts(signature, work),
    // Comments are no part of what a reference with an empty URI covers (XMLDSig §4.4.3.3).
    digest: digestFinding(signature, canonicalXml(root, { comments: false, without: signature.element })),
    ess: notChecked(undefined, 'An XML signature encloses its certificate'),
    claimedTime: undefined,
    content: contentFinding(root, signature, input.content),
    timeStamps: [],
    archiveTimeStamps: [],
    timeStamp: undefined,
    at,
    bestTime,
    bestTimeSource: receivedAt ? 'received' : 'checking',
    revocationAbout,
    level: 'XMLDSig',
    chain,
    purposes: chain && permittedPurposes(chain.path),
    revocation: chain?.trusted ? pathRevocation(chain.path, evidence, { ...policy, at, about: revocationAbout }, work) : [],
  };
}

function digestFinding({ digestMethod, digestValue }: XmlSignature, covered: Uint8Array): Finding {
  const name = XML_DIGESTS[digestMethod];
  if (!name) return notChecked('algorithm.unknown', `Digest algorithm ${digestMethod}`);
  return equalBytes(digest(name, covered), digestValue) ? pass(name) : fail('digest.mismatch', name);
}

function valueFacts(signature: XmlSignature, work: Work): Pick<SignerFacts, 'signature' | 'scheme'> {
  const [certificate] = signature.certificates;
  const algorithm = SIGNATURE_OIDS[signature.signatureMethod];
  const key = certificate?.publicKey;
  const scheme = key && algorithm !== undefined ? schemeFor(key, algorithm) : undefined;
  if (!key || !scheme)
    return { signature: notChecked('algorithm.unknown', `Signature algorithm ${signature.signatureMethod}`), scheme: undefined };
  const signed = canonicalXml(signature.signedInfo, { comments: signature.signedComments });
  work.operation(signature, 'value');
  const isGood = verifySignature(key, scheme, signed, signature.value, work);
  return { signature: isGood ? pass(scheme.family) : fail('signature.bad', scheme.family), scheme };
}

function contentFinding(root: XmlElement, { element }: XmlSignature, expected: string | undefined): Finding {
  if (expected === undefined) return pass('attached');
  const signed = canonicalXml(root, { comments: true, without: element });
  return equalBytes(signed, canonicalXml(readXml(expected), { comments: true })) ? pass('attached') : fail('content.mismatch');
}
