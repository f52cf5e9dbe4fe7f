import { readFileSync } from 'node:fs';
import {
  createTrustStore,
  decodeSignatureFile,
  DOCUMENT_POLICY,
  LOGIN_POLICY,
  mergeTrustStores,
  productionTrust,
  readCertificates,
  SignatureFormatError,
  verifyCms,
  type Digests,
  type TrustStore,
  type VerificationReport,
} from '../../signature';

/**
 * Digests of the document as stored at upload, the signature in any of the accepted forms, instants in milliseconds UTC. A signature to
 * sign in with is judged by other rules than one under a document.
 */
export type CheckRequest = {
  purpose?: 'document' | 'sign-in';
  signature: Uint8Array;
  digests: Digests;
  content?: Uint8Array;
  at: number;
  receivedAt?: number;
};
export type CheckResult = { ok: true; report: VerificationReport; der: Uint8Array } | { ok: false; code: 'signing.unreadable' };

/** The national anchors together with those an administrator has pinned; a certificate is an anchor when it is self-signed. */
export function loadTrust(files: readonly string[]): TrustStore {
  const certificates = files.flatMap((file) => readCertificates(readFileSync(file)));
  const isRoot = (c: (typeof certificates)[number]): boolean => Buffer.compare(c.subject.der, c.issuer.der) === 0;
  const own = createTrustStore(
    certificates.filter(isRoot),
    certificates.filter((c) => !isRoot(c)),
  );
  return mergeTrustStores(productionTrust(), own);
}

/** Checks one signature by the document policy. Bytes that are no CMS are a result, not an error. */
export function checkSignature(request: CheckRequest, trust: TrustStore): CheckResult {
  try {
    const der = decodeSignatureFile(request.signature);
    const report = verifyCms(der, {
      digests: request.digests,
      ...(request.content ? { content: request.content } : {}),
      at: new Date(request.at),
      ...(request.receivedAt === undefined ? {} : { receivedAt: new Date(request.receivedAt) }),
      trust,
      policy: request.purpose === 'sign-in' ? LOGIN_POLICY : DOCUMENT_POLICY,
    });
    return { ok: true, report, der };
  } catch (error) {
    if (error instanceof SignatureFormatError) return { ok: false, code: 'signing.unreadable' };
    throw error;
  }
}
