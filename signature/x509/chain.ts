import { checkSigned, isSelfIssued, type Certificate, type SignatureOutcome } from './certificate';
import { Work } from '../work';
import { checkNames } from './name-constraints';
import { isAnchor, possibleIssuers, type TrustStore } from './trust';

const MAX_PATH = 8;
/** Signature checks one path may cost: enough for any honest set of certificates, too few for an attack on the processor. */
const MAX_CHECKS = 12;

export type ChainFault =
  /** No certificate at hand issued it, or the path does not end at an anchor. */
  | 'not-trusted'
  /** A CA with the right name and key identifier is at hand, but its key did not sign this certificate. */
  | 'signature-bad'
  | 'algorithm-unknown'
  /** The issuer is no CA or may not sign certificates. */
  | 'not-a-ca'
  | 'critical-extension'
  /** An authority above may not certify such a name. */
  | 'name-not-permitted'
  /** Not positive, or longer than 20 octets (RFC 5280 §4.1.2.2): two certificates may pass for one. */
  | 'serial'
  | 'expired'
  | 'not-yet-valid';

/** The path from a certificate to a pinned anchor, or why there is none. */
export type ChainResult =
  | { readonly trusted: true; readonly path: readonly Certificate[] }
  | { readonly trusted: false; readonly fault: ChainFault; readonly culprit: Certificate; readonly path: readonly Certificate[] };

/** Faults that tell more come first: they are reported when no path succeeds. */
const TELLING: readonly ChainFault[] = [
  'signature-bad',
  'not-a-ca',
  'name-not-permitted',
  'critical-extension',
  'serial',
  'expired',
  'not-yet-valid',
  'algorithm-unknown',
  'not-trusted',
];

/**
 * Builds and validates a path (RFC 5280 §6) at an instant: equal names, signatures, basicConstraints, keyCertSign, path length, name
 * constraints, serial numbers and the validity of every CA. The end certificate's own validity, usage and revocation are judged by the caller. `pool` holds certificates
 * that came with the signature; they never become anchors.
 */
export function buildChain(leaf: Certificate, trust: TrustStore, pool: readonly Certificate[], at: Date, work = new Work()): ChainResult {
  let checks = 0;
  let worst: Extract<ChainResult, { trusted: false }> | undefined;
  const fail = (fault: ChainFault, culprit: Certificate, path: readonly Certificate[]): undefined => {
    if (!worst || TELLING.indexOf(fault) < TELLING.indexOf(worst.fault)) worst = { trusted: false, fault, culprit, path };
    return undefined;
  };

  const extend = (path: readonly Certificate[]): readonly Certificate[] | undefined => {
    const last = path.at(-1)!;
    if (last.unknownCritical.length > 0) return fail('critical-extension', last, path);
    if (path.length > 1 && at > last.notAfter) return fail('expired', last, path);
    if (path.length > 1 && at < last.notBefore) return fail('not-yet-valid', last, path);
    if (isAnchor(trust, last)) return path;
    if (last.serial <= 0n || last.serial >> 160n > 0n) return fail('serial', last, path);
    const issuers = path.length < MAX_PATH ? possibleIssuers(last, trust, pool).filter((c) => !path.includes(c)) : [];
    if (issuers.length === 0) return fail('not-trusted', last, path);
    for (const issuer of issuers) {
      if (!mayIssue(issuer, path)) {
        fail('not-a-ca', issuer, path);
        continue;
      }
      if (++checks > MAX_CHECKS) return fail('not-trusted', last, path);
      const outcome = checkIssued(last, issuer, work);
      if (outcome !== 'good') {
        fail(outcome === 'bad' ? 'signature-bad' : 'algorithm-unknown', last, path);
        continue;
      }
      const named = forbidden(issuer, path);
      if (named) {
        fail(named.fault, named.culprit, path);
        continue;
      }
      const complete = extend([...path, issuer]);
      if (complete) return complete;
    }
    return undefined;
  };

  const path = extend([leaf]);
  return path ? { trusted: true, path } : worst!;
}

function mayIssue(issuer: Certificate, path: readonly Certificate[]): boolean {
  if (!issuer.basicConstraints?.ca) return false;
  if (issuer.keyUsage && !issuer.keyUsage.has('keyCertSign')) return false;
  const between = path.slice(1).filter((c) => !isSelfIssued(c)).length;
  return issuer.basicConstraints.pathLength === undefined || between <= issuer.basicConstraints.pathLength;
}

/** What of a path an authority may not certify by its name constraints; authorities certified again under their own name are left out (§6.1.4). */
function forbidden(issuer: Certificate, path: readonly Certificate[]): { fault: ChainFault; culprit: Certificate } | undefined {
  const { nameConstraints } = issuer;
  if (!nameConstraints) return undefined;
  for (const culprit of path.filter((certificate, i) => i === 0 || !isSelfIssued(certificate))) {
    const outcome = checkNames(nameConstraints, culprit);
    if (outcome !== 'good') return { fault: outcome === 'bad' ? 'name-not-permitted' : 'critical-extension', culprit };
  }
  return undefined;
}

/** Outcomes already computed: the few CA certificates are checked again and again. Named by digests of the certificate and of the key. */
const known = new Map<string, SignatureOutcome>();
const MAX_KNOWN = 5_000;

/** Whether the issuer's key signed the certificate; outcomes are remembered, and a look-alike with the same key costs nothing. */
export function checkIssued(certificate: Certificate, issuer: Certificate, work: Work): SignatureOutcome {
  work.operation(work, `${certificate.fingerprint} ${issuer.keyFingerprint}`);
  const key = `${certificate.fingerprint}${issuer.keyFingerprint}`;
  const before = known.get(key);
  if (before) return before;
  const outcome = checkSigned(certificate.signed, issuer.publicKey, work);
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value!);
  known.set(key, outcome);
  return outcome;
}
