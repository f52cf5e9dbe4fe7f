import { equalBytes } from '../bytes';
import type { Certificate } from './certificate';

/** What an installation relies on: pinned anchors, and CA certificates that only help to reach them. */
export interface TrustStore {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

/** A store of these anchors and intermediates. */
export function createTrustStore(anchors: readonly Certificate[], intermediates: readonly Certificate[] = []): TrustStore {
  return { anchors, intermediates };
}

/** Both stores together. */
export function mergeTrustStores(a: TrustStore, b: TrustStore): TrustStore {
  return { anchors: [...a.anchors, ...b.anchors], intermediates: [...a.intermediates, ...b.intermediates] };
}

/** Whether the very same certificate is pinned. */
export function isAnchor(trust: TrustStore, certificate: Certificate): boolean {
  return trust.anchors.some((anchor) => anchor.fingerprint === certificate.fingerprint);
}

/** Certificates that may have issued this one: equal Name, and equal key identifier where both sides give one; anchors first. */
export function possibleIssuers(certificate: Certificate, trust: TrustStore, pool: readonly Certificate[]): Certificate[] {
  const seen = new Set<string>();
  return [...trust.anchors, ...trust.intermediates, ...pool].filter((candidate) => {
    if (!equalBytes(candidate.subject.der, certificate.issuer.der)) return false;
    if (seen.has(candidate.fingerprint) || candidate.fingerprint === certificate.fingerprint) return false;
    seen.add(candidate.fingerprint);
    const wanted = certificate.authorityKeyIdentifier;
    const offered = candidate.subjectKeyIdentifier;
    return !wanted || !offered || equalBytes(wanted, offered);
  });
}
