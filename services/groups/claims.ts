import { createHash } from 'node:crypto';
import type { Claim } from '../../domain/groups/match';
import { countSigners, decodeSignatureFile, parseSignedData, SignatureFormatError } from '../../signature';

const messageDigest = '1.2.840.113549.1.9.4';
const digestNames: Record<string, 'streebog512' | 'sha256'> = {
  '1.2.398.3.10.1.3.3': 'streebog512',
  '2.16.840.1.101.3.4.2.1': 'sha256',
};

/** What a CMS claims before it is checked: the document's digest, by which algorithm, and by which certificate it names itself signed. */
export type SignatureClaim = Claim & { digestName: 'streebog512' | 'sha256' | null; certificate: Buffer | null };

const nothing: SignatureClaim = { messageDigest: null, digestName: null, certificate: null };

/** Reads the claim of a CMS in any accepted form. Whatever cannot be read, or has not exactly one signer, claims nothing. */
export function readClaim(signature: Uint8Array): SignatureClaim {
  try {
    const der = decodeSignatureFile(signature);
    if (countSigners(der) !== 1) return nothing;
    const [signer] = parseSignedData(der).signers;
    if (!signer) return nothing;
    const digest = signer.signedAttributes?.find(({ type }) => type === messageDigest)?.values[0];
    return {
      messageDigest: digest ? Buffer.from(digest.octets()).toString('hex') : null,
      digestName: digestNames[signer.digestAlgorithm] ?? null,
      certificate: fingerprintOf(signer.sid),
    };
  } catch (error) {
    if (error instanceof SignatureFormatError) return nothing;
    throw error;
  }
}

/** SHA-256 over what names a certificate for good: its issuer and serial, or its key id. */
function fingerprintOf(sid: ReturnType<typeof parseSignedData>['signers'][number]['sid']): Buffer {
  const hash = createHash('sha256');
  if ('keyIdentifier' in sid) return hash.update('key\0').update(sid.keyIdentifier).digest();
  return hash
    .update('issuer\0')
    .update(sid.issuer)
    .update(`\0${sid.serial.toString(16)}`)
    .digest();
}
