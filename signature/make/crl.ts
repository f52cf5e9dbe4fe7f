import { TAG, context } from '../asn1/der';
import { bitString, boolean, explicit, integer, octetString, oid, sequence, time, tlv } from '../asn1/write';
import { OID } from '../oids';
import { CRL_REASONS, parseCrl, type Crl, type CrlReason } from '../x509/crl';
import type { Issuer } from './certificate';
import { signOctets, signatureAlgorithm } from './keys';

export interface Revocation {
  readonly serial: bigint;
  readonly revokedAt: Date;
  /** Left out of the entry when not given, as NUC RK often does. */
  readonly reason?: CrlReason;
}

export interface CrlOrder {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly number: bigint;
  readonly revoked: readonly Revocation[];
  /** BaseCRLNumber: makes it a delta. */
  readonly deltaBase?: bigint;
}

/** Issues a certificate revocation list of version 2, complete or delta (RFC 5280 §5). */
export function issueCrl(order: CrlOrder, issuer: Issuer): Crl {
  const { certificate, privateKey } = issuer;
  const extensions = [
    ...(order.deltaBase === undefined ? [] : [sequence(oid(OID.deltaCrlIndicator), boolean(true), octetString(integer(order.deltaBase)))]),
    sequence(oid(OID.crlNumber), octetString(integer(order.number))),
    ...authorityKey(certificate.subjectKeyIdentifier),
  ];
  const tbs = sequence(
    integer(1),
    signatureAlgorithm(privateKey),
    certificate.subject.der,
    time(order.thisUpdate),
    time(order.nextUpdate),
    ...(order.revoked.length === 0 ? [] : [sequence(...order.revoked.map(entry))]),
    explicit(0, sequence(...extensions)),
  );
  return parseCrl(sequence(tbs, signatureAlgorithm(privateKey), bitString(signOctets(privateKey, tbs))));
}

function entry({ serial, revokedAt, reason }: Revocation): Uint8Array {
  const code = reason && tlv(TAG.ENUMERATED, Uint8Array.of(CRL_REASONS.indexOf(reason)));
  return sequence(integer(serial), time(revokedAt), ...(code ? [sequence(sequence(oid(OID.reasonCode), octetString(code)))] : []));
}

function authorityKey(keyId: Uint8Array | undefined): Uint8Array[] {
  return keyId ? [sequence(oid(OID.authorityKeyIdentifier), octetString(sequence(tlv(context(0, false), keyId))))] : [];
}
