import { addTimeStamp, digest, parseSignedData, toPem } from '../../../signature';
import { makeCms, makeTimeStamp } from '../../../signature/make';
import type { DemoKey } from '../keyring';

export interface SignOrder {
  key: DemoKey;
  timeStamping: DemoKey;
  /** The document, or its ready digest. */
  data: Uint8Array;
  digested: boolean;
  attached: boolean;
  timeStamp: boolean;
  now: Date;
}

// NUC RK's authority stamps the GOST digest of the signature value.
function tokenFor(signature: Uint8Array, authority: DemoKey, now: Date): Uint8Array {
  return makeTimeStamp({
    certificate: authority.certificate,
    privateKey: authority.privateKey,
    imprint: { algorithm: 'streebog512', value: digest('streebog512', signature) },
    genTime: new Date(Math.floor(now.getTime() / 1000) * 1000),
  });
}

/** A signature as NCALayer makes it: one signer, CAdES-BES, with a time-stamp CAdES-T. */
export function signDocument(order: SignOrder): Uint8Array {
  const { key, now } = order;
  return makeCms({
    certificate: key.certificate,
    privateKey: key.privateKey,
    document: order.digested ? { digest: order.data } : { content: order.data, attached: order.attached },
    signingTime: now,
    timeStamp: order.timeStamp ? (signature) => tokenFor(signature, order.timeStamping, now) : undefined,
  });
}

/** The same CMS with a time-stamp on its first signature. Throws SignatureFormatError when it is not a CMS. */
export function stampCms(cms: Uint8Array, timeStamping: DemoKey, now: Date): Uint8Array {
  const [signer] = parseSignedData(cms).signers;
  return addTimeStamp(cms, tokenFor(signer!.signature, timeStamping, now));
}

/** The text form in which `basics` answers. */
export const cmsPem = (der: Uint8Array): string => toPem('CMS', der);
