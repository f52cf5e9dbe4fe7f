import { Der, TAG, context } from '../asn1/der';
import { oid } from '../asn1/write';
import { concatBytes } from '../bytes';
import { digest, type DigestName } from '../digests';
import { SignatureFormatError } from '../errors';
import { OID } from '../oids';
import { addUnsignedAttribute } from './assemble';
import { writeHashIndex } from './hash-index';
import { parseSignedData, type SignedData, type SignerInfo } from './signed-data';

/**
 * Octets an archive-time-stamp-v3 stamps (ETSI EN 319 122-1 §5.5.3): eContentType, digest of the document, the SignerInfo without its
 * unsigned attributes, and the hash index. `contentDigest` is the document's digest by the algorithm of the imprint.
 */
export function archiveOctets(cms: SignedData, signer: SignerInfo, hashIndex: Uint8Array, contentDigest: Uint8Array): Uint8Array {
  const fields = Der.parse(signer.der).expect(TAG.SEQUENCE, 'SignerInfo').children;
  const covered = fields.filter((field) => field.tag !== context(1)).map((field) => field.bytes);
  return concatBytes([oid(cms.contentType), contentDigest, ...covered, hashIndex]);
}

/** What to ask a time-stamping authority for, and what goes with its token. */
export interface ArchiveImprint {
  readonly algorithm: DigestName;
  /** Message imprint of the request. */
  readonly imprint: Uint8Array;
  /** ATSHashIndexV3 that `addArchiveTimeStamp` puts into the token. */
  readonly hashIndex: Uint8Array;
}

/**
 * The imprint of an archive time-stamp over a CMS of one signer as it stands, certificates and revocation values included: embed these
 * first. A detached document's digest by `algorithm` (SHA-256 or Streebog-512) is the caller's. Throws RangeError when it is missing or
 * there are several signers, SignatureFormatError when it is no CMS.
 */
export function archiveTimeStampImprint(der: Uint8Array, algorithm: DigestName, documentDigest?: Uint8Array): ArchiveImprint {
  const cms = parseSignedData(der);
  const [signer, second] = cms.signers;
  if (!signer || second) throw new RangeError('an archive time-stamp is made for a CMS with one signer');
  const contentDigest = cms.content ? digest(algorithm, cms.content) : documentDigest;
  if (!contentDigest) throw new RangeError('the digest of the detached document is needed');
  const hashIndex = writeHashIndex(cms, signer, algorithm);
  return { algorithm, hashIndex, imprint: digest(algorithm, archiveOctets(cms, signer, hashIndex, contentDigest)) };
}

/**
 * The CMS with an archive time-stamp: the hash index goes into the token as an unsigned attribute, the token into the CMS. Nothing
 * signed or stamped before is touched. Throws SignatureFormatError when the token is none.
 */
export function addArchiveTimeStamp(der: Uint8Array, token: Uint8Array, { hashIndex }: ArchiveImprint): Uint8Array {
  if (parseSignedData(token).contentType !== OID.tstInfo)
    throw new SignatureFormatError('structure.not_cms', 'The data is not a time-stamp token');
  return addUnsignedAttribute(der, OID.archiveTimeStampV3, addUnsignedAttribute(token, OID.hashIndexV3, hashIndex));
}
