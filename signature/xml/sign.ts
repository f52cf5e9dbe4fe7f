import { digest } from '../digests';
import { malformed } from '../errors';
import { algorithmsOf, signOctets } from '../make/keys';
import type { Signer } from '../make/cms';
import { C14N, C14N_WITH_COMMENTS, DS, ENVELOPED, SIGNATURE_OIDS, uriOf, XML_DIGESTS } from './algorithms';
import { canonicalXml } from './canonical';
import { elementsOf, readXml } from './reader';

const wrapped = (bytes: Uint8Array): string =>
  (
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\n');

/** Signs an XML document as the applications of the national authority do: enveloped, the signature the last child of the root. */
export function signXml(text: string, { certificate, privateKey }: Signer): string {
  const close = text.lastIndexOf('</');
  if (close === -1) throw malformed('the root element is empty');
  const { signature: signatureOid, digest: digestName } = algorithmsOf(privateKey);
  const covered = digest(digestName, canonicalXml(readXml(text), { comments: false }));
  const signatureWith = (value: string): string =>
    `${text.slice(0, close)}<ds:Signature xmlns:ds="${DS}">
<ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="${C14N}"/>
<ds:SignatureMethod Algorithm="${uriOf(SIGNATURE_OIDS, signatureOid)}"/>
<ds:Reference URI="">
<ds:Transforms>
<ds:Transform Algorithm="${ENVELOPED}"/>
<ds:Transform Algorithm="${C14N_WITH_COMMENTS}"/>
</ds:Transforms>
<ds:DigestMethod Algorithm="${uriOf(XML_DIGESTS, digestName)}"/>
<ds:DigestValue>${wrapped(covered)}</ds:DigestValue>
</ds:Reference>
</ds:SignedInfo>
<ds:SignatureValue>
${value}
</ds:SignatureValue>
<ds:KeyInfo>
<ds:X509Data>
<ds:X509Certificate>
${wrapped(certificate.der)}
</ds:X509Certificate>
</ds:X509Data>
</ds:KeyInfo>
</ds:Signature>${text.slice(close)}`;
  const [signature] = elementsOf(readXml(signatureWith(''))).slice(-1);
  const [signedInfo] = signature ? elementsOf(signature) : [];
  if (!signedInfo) throw malformed('the document cannot be signed');
  return signatureWith(wrapped(signOctets(privateKey, canonicalXml(signedInfo, { comments: false }))));
}
