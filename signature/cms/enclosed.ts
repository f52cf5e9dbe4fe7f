import type { Der } from '../asn1/der';
import { TAG, context } from '../asn1/der';
import { isUnreadable } from '../errors';
import { ocspResponseOf, parseOcspResponse, type OcspResponse } from '../ocsp/response';
import { OID } from '../oids';
import { readCertificate, type Certificate } from '../x509/certificate';
import { parseCrl, type Crl } from '../x509/crl';
import { Work } from '../work';
import { readToken, type SignedData, type SignerInfo } from './signed-data';

/** What a CMS brings to its own proof: certificates, answers of responders and lists, wherever they stand in it. */
export interface EnclosedEvidence {
  readonly certificates: readonly Certificate[];
  readonly ocsp: readonly OcspResponse[];
  readonly crls: readonly Crl[];
}

/** Most pieces of each kind that are looked at. */
const MAX_PIECES = 256;
const TOKENS: readonly string[] = [OID.signatureTimeStamp, OID.archiveTimeStampV3];

/**
 * Gathers the evidence of SignedData.certificates and .crls (RFC 5652 §5.1, RFC 5940), of the certificate-values and revocation-values
 * attributes (RFC 5126 §6.3.3–6.3.4), and the same of the time-stamp tokens inside. Pieces that cannot be read are left out.
 */
export function enclosedEvidence(cms: SignedData, work = new Work()): EnclosedEvidence {
  const pieces = new Pieces(work);
  collect(cms, pieces, 0);
  return pieces;
}

function collect(cms: SignedData, pieces: Pieces, depth: number): void {
  for (const certificate of cms.certificates) pieces.addCertificate(certificate);
  for (const info of cms.revocationInfo) pieces.attempt(() => addRevocationInfo(info, pieces));
  for (const signer of cms.signers) collectSigner(signer, pieces, depth);
}

function collectSigner(signer: SignerInfo, pieces: Pieces, depth: number): void {
  for (const { type, values } of signer.unsignedAttributes) {
    for (const value of values) {
      if (type === OID.certificateValues)
        pieces.attempt(() => value.children.forEach((c) => pieces.addCertificate(readCertificate(c, pieces.work))));
      if (type === OID.revocationValues) pieces.attempt(() => addRevocationValues(value, pieces));
      if (TOKENS.includes(type) && depth < 2) pieces.attempt(() => collect(readToken(value.bytes, pieces.work), pieces, depth + 1));
    }
  }
}

/** RevocationInfoChoice: a list, or [1] with an OCSPResponse. */
function addRevocationInfo(info: Der, pieces: Pieces): void {
  if (info.tag === TAG.SEQUENCE) return pieces.addCrl(parseCrl(info.bytes, pieces.work));
  const [format, content] = info.tag === context(1) ? info.children : [];
  if (content && format?.oid() === OID.ocspResponseInfo) return pieces.addOcsp(parseOcspResponse(content.bytes, pieces.work));
  if (content && format?.oid() === OID.ocspBasic) pieces.addOcsp(ocspResponseOf(content.bytes, pieces.work));
}

/** RevocationValues: [0] lists, [1] BasicOCSPResponses, as ETSI defines it; some makers put whole OCSPResponses there. */
function addRevocationValues(value: Der, pieces: Pieces): void {
  for (const choice of value.children) {
    for (const item of choice.children[0]?.children ?? []) {
      pieces.attempt(() => {
        if (choice.tag === context(0)) pieces.addCrl(parseCrl(item.bytes, pieces.work));
        if (choice.tag !== context(1)) return;
        const whole = item.children[0]?.tag === TAG.ENUMERATED;
        pieces.addOcsp(whole ? parseOcspResponse(item.bytes, pieces.work) : ocspResponseOf(item.bytes, pieces.work));
      });
    }
  }
}

class Pieces implements EnclosedEvidence {
  readonly certificates: Certificate[] = [];
  readonly ocsp: OcspResponse[] = [];
  readonly crls: Crl[] = [];
  private readonly known = new Set<string>();

  constructor(readonly work: Work) {}

  addCertificate(certificate: Certificate): void {
    if (this.known.has(certificate.fingerprint) || this.certificates.length >= MAX_PIECES) return;
    this.known.add(certificate.fingerprint);
    this.certificates.push(certificate);
  }

  addOcsp(response: OcspResponse): void {
    if (this.ocsp.length < MAX_PIECES) this.ocsp.push(response);
  }

  addCrl(crl: Crl): void {
    if (this.crls.length < MAX_PIECES) this.crls.push(crl);
  }

  /** Evidence that cannot be read proves nothing and harms nothing. */
  attempt(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
  }
}
