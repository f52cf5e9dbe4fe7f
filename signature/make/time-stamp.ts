import { randomBytes } from 'node:crypto';
import { TAG } from '../asn1/der';
import { algorithm, generalizedTime, integer, octetString, oid, sequence, tlv, utf8 } from '../asn1/write';
import { bigFromBytes } from '../bytes';
import { DIGEST_OIDS, digest, type DigestName } from '../digests';
import { OID } from '../oids';
import { attribute } from '../cms/assemble';
import { PKI_FAILURES, PKI_STATUSES, type PkiFailure, type PkiStatus } from '../tsp/response';
import { signedData, type Signer } from './cms';
import { algorithmsOf } from './keys';

export interface TimeStampOrder extends Signer {
  readonly imprint: { readonly algorithm: DigestName; readonly value: Uint8Array };
  readonly genTime: Date;
  readonly nonce?: bigint;
  /** Default: random. */
  readonly serial?: bigint;
  /** Default: the policy of NUC RK for GOST 34.10-2015. */
  readonly policy?: string;
}

/** Makes a time-stamp token (RFC 3161 §2.4.2) of the layout of NUC RK's authority: ESS of version 1, no accuracy, whole seconds. */
export function makeTimeStamp(order: TimeStampOrder): Uint8Array {
  const { certificate, privateKey, imprint } = order;
  const info = sequence(
    integer(1),
    oid(order.policy ?? OID.tsaPolicyGost2015),
    sequence(algorithm(DIGEST_OIDS[imprint.algorithm]), octetString(imprint.value)),
    integer(order.serial ?? bigFromBytes(randomBytes(16)) + 1n),
    generalizedTime(order.genTime),
    ...(order.nonce === undefined ? [] : [integer(order.nonce)]),
  );
  const ess = sequence(sequence(sequence(octetString(digest('sha1', certificate.der)))));
  return signedData({
    signer: order,
    version: 3,
    contentType: OID.tstInfo,
    enclosed: info,
    documentDigest: digest(algorithmsOf(privateKey).digest, info),
    signingTime: order.genTime,
    ess: attribute(OID.signingCertificate, ess),
  });
}

/** TimeStampResp DER (RFC 3161 §2.4.2) that grants a token. */
export function grantTimeStamp(token: Uint8Array): Uint8Array {
  return sequence(sequence(integer(PKI_STATUSES.indexOf('granted'))), token);
}

/** TimeStampResp DER that refuses, with the reason as a PKIFailureInfo bit and in words. */
export function refuseTimeStamp(failure: PkiFailure, text: string, status: PkiStatus = 'rejection'): Uint8Array {
  const bit = PKI_FAILURES[failure];
  const octets = new Uint8Array((bit >> 3) + 1);
  octets[bit >> 3] = 0x80 >> (bit & 7);
  const info = tlv(TAG.BIT_STRING, Uint8Array.of(7 - (bit & 7)), octets);
  return sequence(sequence(integer(PKI_STATUSES.indexOf(status)), sequence(utf8(text)), info));
}
