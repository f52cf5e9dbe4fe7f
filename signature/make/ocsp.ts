import { TAG, context } from '../asn1/der';
import { algorithm, bitString, explicit, generalizedTime, nil, octetString, oid, sequence, tlv } from '../asn1/write';
import { writeCertId, type CertId } from '../ocsp/cert-id';
import { nonceExtension } from '../ocsp/request';
import { OCSP_STATUSES, type OcspResponseStatus } from '../ocsp/response';
import { OID } from '../oids';
import type { Certificate } from '../x509/certificate';
import { CRL_REASONS, type CrlReason } from '../x509/crl';
import type { Signer } from './cms';
import { algorithmsOf, signOctets } from './keys';

/** What a responder knows about one certificate. */
export type CertificateStatus =
  | { readonly status: 'good' | 'unknown' }
  | { readonly status: 'revoked'; readonly revokedAt: Date; readonly reason?: CrlReason }
  /** Never issued: "revoked, on hold, 1970-01-01" (RFC 6960 §2.2), as NUC RK answers. */
  | { readonly status: 'never-issued' };

export interface OcspAnswerOrder {
  /** The CertID of a request, repeated as it came, or the certificate it is made from. */
  readonly about: CertId | { readonly certificate: Certificate; readonly issuer: Certificate };
  readonly status: CertificateStatus;
}

export interface OcspResponseOrder {
  readonly answers: readonly OcspAnswerOrder[];
  readonly producedAt: Date;
  /** Default: producedAt. */
  readonly thisUpdate?: Date;
  /** Left out when not given, as NUC RK does. */
  readonly nextUpdate?: Date;
  readonly nonce?: Uint8Array;
  /** Certificates put beside the answer; default: the responder's own. */
  readonly certificates?: readonly Certificate[];
  /** Default true: says that "revoked" may mean "never issued". */
  readonly extendedRevoke?: boolean;
}

/** OCSPResponse DER with a BasicOCSPResponse (RFC 6960 §4.2.1) of the layout of NUC RK, signed by the issuer or a delegated responder. */
export function issueOcspResponse(order: OcspResponseOrder, responder: Signer): Uint8Array {
  const { producedAt, thisUpdate = producedAt, nextUpdate, nonce, certificates = [responder.certificate], extendedRevoke = true } = order;
  const extensions = [
    ...(nonce ? [nonceExtension(nonce)] : []),
    ...(extendedRevoke ? [sequence(oid(OID.ocspExtendedRevoke), octetString(nil()))] : []),
  ];
  const tbs = sequence(
    explicit(1, responder.certificate.subject.der),
    generalizedTime(producedAt),
    sequence(
      ...order.answers.map(({ about, status }) =>
        sequence(
          'der' in about ? about.der : writeCertId(about.certificate.serial, about.issuer),
          writeStatus(status),
          generalizedTime(thisUpdate),
          ...(nextUpdate ? [explicit(0, generalizedTime(nextUpdate))] : []),
        ),
      ),
    ),
    ...(extensions.length > 0 ? [explicit(1, sequence(...extensions))] : []),
  );
  const basic = sequence(
    tbs,
    algorithm(algorithmsOf(responder.privateKey).signature),
    bitString(signOctets(responder.privateKey, tbs)),
    ...(certificates.length > 0 ? [explicit(0, sequence(...certificates.map((certificate) => certificate.der)))] : []),
  );
  return sequence(responseStatus('successful'), explicit(0, sequence(oid(OID.ocspBasic), octetString(basic))));
}

/** OCSPResponse DER that only says why there is no answer. */
export function ocspErrorResponse(status: Exclude<OcspResponseStatus, 'successful'>): Uint8Array {
  return sequence(responseStatus(status));
}

function responseStatus(status: OcspResponseStatus): Uint8Array {
  return tlv(TAG.ENUMERATED, Uint8Array.of(OCSP_STATUSES.indexOf(status)));
}

function writeStatus(known: CertificateStatus): Uint8Array {
  switch (known.status) {
    case 'good':
      return tlv(context(0, false));
    case 'unknown':
      return tlv(context(2, false));
    case 'revoked':
      return revokedInfo(known.revokedAt, known.reason);
    case 'never-issued':
      return revokedInfo(new Date(0), 'certificateHold');
  }
}

function revokedInfo(revokedAt: Date, reason: CrlReason | undefined): Uint8Array {
  const code = reason && tlv(TAG.ENUMERATED, Uint8Array.of(CRL_REASONS.indexOf(reason)));
  return tlv(context(1), generalizedTime(revokedAt), ...(code ? [explicit(0, code)] : []));
}
