import type { DigestName } from '../digests';
import { OID } from '../oids';

export const DS = 'http://www.w3.org/2000/09/xmldsig#';
export const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const C14N_WITH_COMMENTS = `${C14N}#WithComments`;
export const ENVELOPED = `${DS}enveloped-signature`;

const KZ = 'urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const ENC = 'http://www.w3.org/2001/04/xmlenc#';

/** Signature algorithms by their URIs, as the OIDs under which a CMS names them. */
export const SIGNATURE_OIDS: Readonly<Record<string, string>> = {
  [`${KZ}gostr34102015-gostr34112015-512`]: OID.gost2015Signature,
  [`${MORE}gost34310-gost34311`]: OID.gost2004Signature,
  [`${MORE}rsa-sha256`]: OID.sha256WithRsa,
};

/** Digests by their URIs. */
export const XML_DIGESTS: Readonly<Record<string, DigestName>> = {
  [`${KZ}gostr34112015-512`]: 'streebog512',
  [`${KZ}gostr34112015-256`]: 'streebog256',
  [`${MORE}gost34311`]: 'gost34311',
  [`${ENC}sha256`]: 'sha256',
};

/** The URI of one of them. */
export function uriOf<T>(table: Readonly<Record<string, T>>, value: T): string {
  const found = Object.entries(table).find(([, each]) => each === value);
  if (!found) throw new Error('there is no URI for this algorithm');
  return found[0];
}
