import { randomBytes } from 'node:crypto';
import { algorithm, generalizedTime, integer, octetString, oid, sequence } from '../asn1/write';
import { bigFromBytes } from '../bytes';
import { DIGEST_OIDS, digest, type DigestName } from '../digests';
import { OID } from '../oids';
import { attribute } from '../cms/assemble';
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
