import { digest } from '../digests';
import { enclosedEvidence } from '../cms/enclosed';
import { parseSignedData } from '../cms/signed-data';
import { OID } from '../oids';
import { toHex } from '../bytes';
import { tokensOf } from '../verify/time-stamp';
import { toPem } from '../x509/pem';
import { isSelfIssued, type Certificate } from '../x509/certificate';

/** One file taken out of a signature for people and other programs. */
export interface MaterialFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface Material {
  readonly certificates: readonly MaterialFile[];
  readonly ocsp: readonly MaterialFile[];
  readonly crls: readonly MaterialFile[];
  readonly tokens: readonly MaterialFile[];
  /** The authorities in one PEM file, as `openssl -CAfile` wants them. */
  readonly authorities: MaterialFile;
}

/**
 * What these CMS enclose, each piece once: certificates, answers, lists, and the time-stamp tokens of each signature. `anchors` are put
 * beside, so that other programs can be given them; nothing trusts them for being there.
 */
export function extractMaterial(signatures: readonly Uint8Array[], anchors: readonly Certificate[]): Material {
  const parsed = signatures.map((der) => parseSignedData(der));
  const enclosed = parsed.map((cms) => enclosedEvidence(cms));
  const certificates = distinct([...enclosed.flatMap((e) => e.certificates), ...anchors].map((c) => ({ der: c.der, certificate: c })));
  const name = (folder: string, der: Uint8Array, extension: string): MaterialFile => ({
    path: `material/${folder}/${toHex(digest('sha256', der)).slice(0, 16)}.${extension}`,
    bytes: der,
  });
  const authorities = certificates.filter(({ certificate }) => certificate.basicConstraints?.ca || isSelfIssued(certificate));
  return {
    certificates: certificates.map(({ der }) => name('certificates', der, 'cer')),
    ocsp: distinct(enclosed.flatMap((e) => e.ocsp)).map(({ der }) => name('ocsp', der, 'der')),
    crls: distinct(enclosed.flatMap((e) => e.crls)).map(({ der }) => name('crl', der, 'crl')),
    tokens: parsed.flatMap((cms, i) =>
      cms.signers
        .flatMap((signer) => [OID.signatureTimeStamp, OID.archiveTimeStampV3].flatMap((type) => tokensOf(signer, type)))
        .map((bytes, k) => ({ path: `material/timestamps/${twoDigits(i + 1)}-${k + 1}.tsr`, bytes })),
    ),
    authorities: {
      path: 'material/authorities.pem',
      bytes: Buffer.from(authorities.map(({ der }) => toPem('CERTIFICATE', der)).join('')),
    },
  };
}

/** Numbers of signatures in file names. */
export const twoDigits = (n: number): string => String(n).padStart(2, '0');

function distinct<T extends { readonly der: Uint8Array }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [toHex(digest('sha256', item.der)), item])).values()];
}
