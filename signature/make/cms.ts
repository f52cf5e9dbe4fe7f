import { algorithm, explicit, implicitSetOf, integer, octetString, oid, sequence, setOf, time } from '../asn1/write';
import { attribute } from '../cms/assemble';
import { DIGEST_OIDS, digest } from '../digests';
import { OID } from '../oids';
import type { Certificate } from '../x509/certificate';
import { algorithmsOf, signOctets, signatureAlgorithm, type PrivateKey } from './keys';

/** Who signs. */
export interface Signer {
  readonly certificate: Certificate;
  readonly privateKey: PrivateKey;
}

export interface CmsOrder extends Signer {
  /** The document, or its digest by the key's algorithm for a detached signature. */
  readonly document: { readonly content: Uint8Array; readonly attached: boolean } | { readonly digest: Uint8Array };
  readonly signingTime: Date;
  /** Gives a time-stamp token over the signature value. */
  readonly timeStamp?: (signature: Uint8Array) => Uint8Array;
}

/** Makes a CMS of exactly the layout of NCALayer: CAdES-BES with one signer and his certificate, CAdES-T with a time-stamp. */
export function makeCms(order: CmsOrder): Uint8Array {
  const { document, certificate, privateKey } = order;
  const content = 'content' in document ? document.content : undefined;
  const ess = sequence(sequence(sequence(octetString(digest('sha256', certificate.der)))));
  return signedData({
    signer: order,
    version: 1,
    contentType: OID.data,
    enclosed: 'content' in document && document.attached ? content : undefined,
    documentDigest: 'content' in document ? digest(algorithmsOf(privateKey).digest, document.content) : document.digest,
    signingTime: order.signingTime,
    ess: attribute(OID.signingCertificateV2, ess),
    timeStamp: order.timeStamp,
  });
}

/** What CMS signatures and time-stamp tokens have in common. */
export interface SignedDataOrder {
  readonly signer: Signer;
  readonly version: 1 | 3;
  readonly contentType: string;
  readonly enclosed: Uint8Array | undefined;
  readonly documentDigest: Uint8Array;
  readonly signingTime: Date;
  readonly ess: Uint8Array;
  readonly timeStamp?: (signature: Uint8Array) => Uint8Array;
}

/** ContentInfo with SignedData of one signer (RFC 5652 §5.1). */
export function signedData(order: SignedDataOrder): Uint8Array {
  const { certificate, privateKey } = order.signer;
  const digestAlgorithm = algorithm(DIGEST_OIDS[algorithmsOf(privateKey).digest]);
  const attributes = [
    attribute(OID.contentType, oid(order.contentType)),
    attribute(OID.signingTime, time(order.signingTime)),
    order.ess,
    attribute(OID.messageDigest, octetString(order.documentDigest)),
  ];
  const signature = signOctets(privateKey, setOf(...attributes));
  const token = order.timeStamp?.(signature);
  const signerInfo = sequence(
    integer(1),
    sequence(certificate.issuer.der, integer(certificate.serial)),
    digestAlgorithm,
    implicitSetOf(0, ...attributes),
    signatureAlgorithm(privateKey),
    octetString(signature),
    ...(token ? [implicitSetOf(1, attribute(OID.signatureTimeStamp, token))] : []),
  );
  const body = sequence(
    integer(order.version),
    setOf(digestAlgorithm),
    sequence(oid(order.contentType), ...(order.enclosed ? [explicit(0, octetString(order.enclosed))] : [])),
    implicitSetOf(0, certificate.der),
    setOf(signerInfo),
  );
  return sequence(oid(OID.signedData), explicit(0, body));
}
