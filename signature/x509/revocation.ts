import { equalBytes } from '../bytes';
import { checkSigned, type Certificate } from './certificate';
import { Work } from '../work';
import { findEntries, type Crl, type CrlEntry, type CrlReason } from './crl';

/** What the lists at hand say about a certificate at an instant; `list` is the freshest one used. */
export type RevocationResult =
  | { readonly status: 'good'; readonly list: Crl; readonly revokedLaterAt?: Date }
  | { readonly status: 'revoked'; readonly revokedAt: Date; readonly reason: CrlReason; readonly list: Crl }
  | { readonly status: 'on-hold'; readonly revokedAt: Date; readonly list: Crl }
  | { readonly status: 'missing' }
  /** Authentic lists exist but none covers the instant. */
  | { readonly status: 'stale'; readonly nextUpdate: Date | undefined }
  /** Lists of this issuer exist, but their signature or a critical extension forbids their use. */
  | { readonly status: 'unusable'; readonly reason: string };

/**
 * Status of a certificate at `at` by lists of its issuer. A revocation on any of them, complete or delta, old or new, counts from its
 * date, one of a compromised key backwards without limit. Otherwise the freshest complete list with the delta made for it speaks, no
 * older than `maxAgeMs` where that is given; certificateHold is reported apart because it can be lifted.
 */
export function checkRevocation(
  certificate: Certificate,
  issuer: Certificate,
  crls: readonly Crl[],
  at: Date,
  maxAgeMs: number | null = null,
  work = new Work(),
): RevocationResult {
  const ours = crls.filter((crl) => equalBytes(crl.issuer.der, certificate.issuer.der));
  if (ours.length === 0) return { status: 'missing' };
  const faults: string[] = [];
  const usable = ours.filter((crl) => {
    const fault = unusable(crl, issuer, work);
    if (fault) faults.push(fault);
    return !fault;
  });
  const final = usable.flatMap((list) => finalEntries(list, certificate.serial).map((entry) => ({ list, ...entry })));
  const [counting] = final.filter((entry) => counts(entry, at)).sort((a, b) => a.revokedAt.getTime() - b.revokedAt.getTime());
  if (counting) return { status: 'revoked', revokedAt: counting.revokedAt, reason: counting.reason, list: counting.list };
  const base = usable.filter((crl) => crl.deltaBase === undefined).sort(byFreshness)[0];
  if (!base) return { status: 'unusable', reason: faults[0] ?? 'only a delta list is at hand' };
  const delta = usable.filter((crl) => appliesTo(crl, base)).sort(byFreshness)[0];
  const freshest = delta ?? base;
  const entry = final[0] ?? mergedEntry(certificate, base, delta);
  const nextUpdate = [base.nextUpdate, delta?.nextUpdate].reduce((a, b) => (!a || (b && b > a) ? b : a), undefined);
  if (!covers(freshest, nextUpdate, certificate, at, maxAgeMs)) return { status: 'stale', nextUpdate };
  if (entry && counts(entry, at)) return { status: 'on-hold', revokedAt: entry.revokedAt, list: freshest };
  return { status: 'good', list: freshest, ...(entry && { revokedLaterAt: entry.revokedAt }) };
}

function counts(entry: CrlEntry, at: Date): boolean {
  return entry.revokedAt <= at || entry.reason === 'keyCompromise' || entry.reason === 'cACompromise';
}

/**
 * A list speaks about the instant when it was current then or was made later. One made after the certificate ended may have dropped
 * the entry and proves nothing by silence.
 */
function covers(crl: Crl, nextUpdate: Date | undefined, certificate: Certificate, at: Date, maxAgeMs: number | null): boolean {
  if (crl.thisUpdate > certificate.notAfter) return false;
  if (maxAgeMs !== null && at.getTime() - crl.thisUpdate.getTime() > maxAgeMs) return false;
  return crl.thisUpdate >= at || (nextUpdate !== undefined && at <= nextUpdate);
}

/** Entries that nothing takes back: a removal lifts a suspension only, or tidies away what has expired (RFC 5280 §5.2.4, §5.3.1). */
function finalEntries(list: Crl, serial: bigint): CrlEntry[] {
  return findEntries(list, serial).filter(({ reason }) => reason !== 'certificateHold' && reason !== 'removeFromCRL');
}

/** Of a suspension the delta's word replaces the base's; removeFromCRL lifts it (RFC 5280 §5.2.4). */
function mergedEntry(certificate: Certificate, base: Crl, delta: Crl | undefined): CrlEntry | undefined {
  const [changed] = delta ? findEntries(delta, certificate.serial) : [];
  if (changed) return changed.reason === 'removeFromCRL' ? undefined : changed;
  return findEntries(base, certificate.serial)[0];
}

/** NUC RK numbers its deltas apart from the complete lists, so only BaseCRLNumber and the times are compared. */
function appliesTo(delta: Crl, base: Crl): boolean {
  return (
    delta.deltaBase !== undefined &&
    base.crlNumber !== undefined &&
    delta.deltaBase <= base.crlNumber &&
    delta.thisUpdate >= base.thisUpdate
  );
}

function byFreshness(a: Crl, b: Crl): number {
  return b.thisUpdate.getTime() - a.thisUpdate.getTime();
}

function unusable(crl: Crl, issuer: Certificate, work: Work): string | undefined {
  if (crl.unknownCritical.length > 0) return 'a critical extension of the list is not supported';
  if (issuer.keyUsage && !issuer.keyUsage.has('cRLSign')) return 'the issuer may not sign lists';
  switch (signatureOf(crl, issuer, work)) {
    case 'good':
      return undefined;
    case 'bad':
      return 'the signature of the list is wrong';
    case 'unknown-algorithm':
      return 'the signature algorithm of the list is not supported';
  }
}

/** Lists are megabytes long and asked about many certificates: the signature of one is checked once per issuer. */
const outcomes = new WeakMap<Crl, Map<string, ReturnType<typeof checkSigned>>>();

function signatureOf(crl: Crl, issuer: Certificate, work: Work): ReturnType<typeof checkSigned> {
  work.operation(crl, issuer.keyFingerprint);
  const perIssuer = outcomes.get(crl) ?? new Map<string, ReturnType<typeof checkSigned>>();
  outcomes.set(crl, perIssuer);
  const outcome = perIssuer.get(issuer.keyFingerprint) ?? checkSigned(crl.signed, issuer.publicKey, work);
  perIssuer.set(issuer.keyFingerprint, outcome);
  return outcome;
}
