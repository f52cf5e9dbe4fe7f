import type { ChainFault } from '../x509/chain';
import { describeCertificate, type Certificate } from '../x509/certificate';
import { rolesOf, type Role } from '../x509/roles';
import { OID } from '../oids';
import { familiesOf } from '../public-key';
import { refusedFamily, refusedInPath } from './algorithms';
import { leadingCode, verdictOf, type Code, type FaultCode } from './codes';
import type { SignerFacts } from './facts';
import { fail, notChecked, pass, type Finding } from './finding';
import type { KeyKind, Policy } from './policy';
import { isoTime, type CheckName, type CheckReport, type Pending } from './report';
import { isSettled, type RevocationFact } from './revocation';

/** The policy's answer about one signer. */
export interface Judgement {
  readonly code: Code;
  readonly checks: readonly CheckReport[];
  /** What further answers of the network could still settle; empty when the verdict is final. */
  readonly pending: readonly Pending[];
}

/** Applies a policy to the facts about one signer: every check with its result, and the most telling code of all. */
export function judge(facts: SignerFacts, policy: Policy, requiredRoles: readonly Role[], atReceipt: boolean): Judgement {
  const findings: readonly (readonly [CheckName, Finding])[] = [
    ['structure', structure(facts)],
    ['digest', facts.digest],
    ['signature', signatureValue(facts)],
    ['certificate-hash', certificateHash(facts, policy.requireEss || (atReceipt && policy.requireEssAtReceipt))],
    ['time-stamp', timeStamp(facts, policy)],
    ['archive-time-stamp', archiveTimeStamp(facts)],
    ['chain', chain(facts)],
    ['validity', validity(facts)],
    ['claimed-time', claimedTime(facts, policy, atReceipt)],
    ['revocation', revocation(facts, policy)],
    ['key-usage', keyUsage(facts, policy)],
    ['algorithm', algorithm(facts, policy)],
    ['role', role(facts, policy, requiredRoles)],
  ];
  const checks = findings.map(([name, finding]) => report(name, finding));
  const code = leadingCode(checks.map((check) => check.code));
  return { code, checks, pending: verdictOf(code) === 'invalid' ? [] : pending(facts, policy, checks) };
}

/**
 * A status that is not known yet, or that may change (a suspension is lifted, a responder is put right), is worth asking for again; so is a
 * time-stamp the policy insists on, as long as the certificate is valid. A certificate the responder does not know is an answer.
 */
function pending(facts: SignerFacts, policy: Policy, checks: readonly CheckReport[]): Pending[] {
  const [own] = facts.revocation;
  const wanted = policy.requireRevocation !== 'none' || own?.status === 'untrusted' || own?.status === 'on-hold';
  const byList = policy.requireRevocation === 'ocsp' && own?.status === 'good' && own.source.kind === 'crl';
  const unsettled = own !== undefined && own.status !== 'unknown' && (!isSettled(own) || byList);
  const valid = facts.certificate !== undefined && facts.at <= facts.certificate.notAfter;
  const stampMissing = checks.some((check) => check.code === 'timestamp.missing');
  return [...(wanted && unsettled ? (['revocation'] as const) : []), ...(stampMissing && valid ? (['time-stamp'] as const) : [])];
}

function report(name: CheckName, finding: Finding): CheckReport {
  return { name, result: finding.result, code: finding.result === 'pass' ? 'ok' : (finding.code ?? 'ok'), detail: finding.detail ?? '' };
}

function structure({ attributes, content }: SignerFacts): Finding {
  return attributes.result === 'pass' ? content : attributes;
}

/** Without a certificate there is no key to check the value with: the reason is the missing certificate. */
function signatureValue({ identity, signature }: SignerFacts): Finding {
  return identity.result === 'pass' ? signature : identity;
}

function certificateHash({ ess }: SignerFacts, isRequired: boolean): Finding {
  return ess.result === 'not checked' && !ess.code && isRequired ? fail('ess.missing', ess.detail) : ess;
}

function timeStamp(facts: SignerFacts, policy: Policy): Finding {
  if (facts.timeStamp) return facts.timeStamp.finding;
  if (facts.timeStamps.length === 0)
    return policy.requireTimeStamp ? fail('timestamp.missing') : notChecked(undefined, 'There is no time-stamp');
  return worst(facts.timeStamps.map((t) => t.finding));
}

/** One good archive time-stamp is enough: a failed one may be what an authority answered wrongly once. */
function archiveTimeStamp({ archiveTimeStamps }: SignerFacts): Finding {
  if (archiveTimeStamps.length === 0) return notChecked(undefined, 'There is no archive time-stamp');
  return archiveTimeStamps.find((t) => t.finding.result === 'pass')?.finding ?? worst(archiveTimeStamps.map((t) => t.finding));
}

/** The finding with the most telling code; none of them has passed. */
function worst(findings: readonly Finding[]): Finding {
  const leading = leadingCode(findings.flatMap((f) => (f.result === 'pass' ? [] : (f.code ?? []))));
  return findings.find((f) => f.result !== 'pass' && f.code === leading)!;
}

const CHAIN_CODES: Readonly<Record<ChainFault, FaultCode>> = {
  'not-trusted': 'chain.not_trusted',
  'signature-bad': 'chain.signature_bad',
  'algorithm-unknown': 'algorithm.unknown',
  'not-a-ca': 'chain.not_a_ca',
  'critical-extension': 'chain.critical_extension',
  'name-not-permitted': 'chain.name_not_permitted',
  serial: 'chain.serial',
  expired: 'chain.ca_not_valid',
  'not-yet-valid': 'chain.ca_not_valid',
};

function chain({ chain: result }: SignerFacts): Finding {
  if (!result) return notChecked();
  if (result.trusted) return pass(result.path.map(describeCertificate).join(' ← '));
  return fail(CHAIN_CODES[result.fault], describeCertificate(result.culprit));
}

/**
 * Validity of the signer's certificate at the best time. A signature that provably existed while the certificate was valid is good for
 * ever; an expired certificate without such proof leaves the question open; a signer who himself claims a time outside the validity
 * answers it.
 */
function validity(facts: SignerFacts): Finding {
  const { certificate, bestTime, bestTimeSource, claimedTime } = facts;
  if (!certificate) return notChecked();
  const { notBefore, notAfter } = certificate;
  const unproven = bestTimeSource === 'checking';
  if (bestTime > notAfter || unproven) {
    if (claimedTime && claimedTime > notAfter) return fail('certificate.expired_at_signing', isoTime(notAfter));
  }
  if (bestTime < notBefore || unproven) {
    if (claimedTime && claimedTime < notBefore) return fail('certificate.not_yet_valid_at_signing', isoTime(notBefore));
  }
  if (bestTime > notAfter) return fail('certificate.expired', isoTime(notAfter));
  if (bestTime < notBefore)
    return unproven
      ? fail('certificate.not_yet_valid', isoTime(notBefore))
      : fail('certificate.not_yet_valid_at_signing', isoTime(notBefore));
  return pass(`${isoTime(notBefore)} to ${isoTime(notAfter)}`);
}

/** The signer's clock is only a claim; one that runs ahead of the proven time is said, and refused as long as he can sign again. */
function claimedTime({ claimedTime: claimed, bestTime }: SignerFacts, { claimedTimeAheadMs }: Policy, atReceipt: boolean): Finding {
  if (!claimed) return notChecked(undefined, 'The signer claims no time');
  if (claimed.getTime() <= bestTime.getTime() + claimedTimeAheadMs) return pass(isoTime(claimed));
  return atReceipt ? fail('claimed_time.in_future', isoTime(claimed)) : notChecked(undefined, `The signer claims ${isoTime(claimed)}`);
}

/** A revoked authority of the path is as bad as a revoked signer; what is not known counts for the signer's own certificate only. */
function revocation({ revocation: results }: SignerFacts, policy: Policy): Finding {
  const bad = results.find((fact) => fact.status === 'revoked') ?? results.find((fact) => fact.status === 'on-hold');
  const telling = bad ?? results[0];
  return telling ? statusFinding(telling, policy) : notChecked(missingCode(policy), 'There is no path to ask about');
}

function statusFinding(fact: RevocationFact, policy: Policy): Finding {
  switch (fact.status) {
    case 'revoked':
      return fail('certificate.revoked', `${isoTime(fact.revokedAt)} ${fact.reason}`);
    case 'on-hold':
      return fail('certificate.on_hold', isoTime(fact.revokedAt));
    case 'good': {
      const { source, revokedLaterAt } = fact;
      if (source.kind === 'crl' && policy.requireRevocation === 'ocsp')
        return notChecked('revocation.missing', 'Only a list is at hand, an answer of a responder is required');
      if (revokedLaterAt) return pass(`Revoked later, on ${isoTime(revokedLaterAt)}`);
      return pass(`${source.kind === 'ocsp' ? 'Answer' : 'List'} of ${isoTime(source.thisUpdate)}`);
    }
    case 'unknown':
      return fail('revocation.unknown', fact.form === 'extended-revoked' ? 'Answered as "revoked in 1970"' : undefined);
    case 'untrusted':
      return fail('revocation.untrusted', `${fact.fault}: ${fact.detail}`);
    case 'early':
      return notChecked(policy.requireRevocation === 'none' ? undefined : 'revocation.early', `Said ${isoTime(fact.source.thisUpdate)}`);
    case 'stale': {
      const until = fact.until ? isoTime(fact.until) : 'an unknown time';
      return notChecked(policy.requireRevocation === 'none' ? undefined : 'revocation.stale', `What is at hand is valid until ${until}`);
    }
    case 'missing':
      return notChecked(missingCode(policy), fact.detail ?? 'There is no revocation information');
  }
}

function missingCode(policy: Policy): FaultCode | undefined {
  return policy.requireRevocation === 'none' ? undefined : 'revocation.missing';
}

/** Any kind of key the policy accepts is enough. */
function keyUsage({ certificate, purposes }: SignerFacts, policy: Policy): Finding {
  if (!certificate) return notChecked();
  const usages = [...(certificate.keyUsage ?? [])].join(', ');
  return policy.keys.some((kind) => SUITS[kind](certificate, purposes)) ? pass(usages) : fail('key_usage.not_for_signing', usages);
}

type Purposes = readonly string[] | undefined;
const SUITS: Readonly<Record<KeyKind, (certificate: Certificate, purposes: Purposes) => boolean>> = {
  signing: maySignDocuments,
  authentication: maySignIn,
};

/** NUC RK: nonRepudiation marks a signing key; certificates for entry have clientAuth or an authentication policy instead. */
function maySignDocuments(certificate: Certificate, purposes: Purposes): boolean {
  const { keyUsage: usage, policies, basicConstraints } = certificate;
  if (basicConstraints?.ca || (usage && !usage.has('nonRepudiation'))) return false;
  if (policies.includes(OID.personAuthPolicy) || policies.includes(OID.legalEntityAuthPolicy)) return false;
  const technical: readonly string[] = [OID.serverAuth, OID.clientAuth, OID.codeSigning, OID.timeStamping, OID.ocspSigning];
  if (!purposes || purposes.includes(OID.emailProtection)) return true;
  return purposes.length > 0 && !purposes.some((p) => technical.includes(p));
}

function maySignIn(certificate: Certificate, purposes: Purposes): boolean {
  const { keyUsage: usage, basicConstraints } = certificate;
  if (basicConstraints?.ca || (usage && !usage.has('digitalSignature'))) return false;
  return !purposes || (purposes.length > 0 && !purposes.some((p) => p === OID.timeStamping || p === OID.ocspSigning));
}

/** Of the signature itself and of those of the authorities above. */
function algorithm({ scheme, certificate, chain: path, bestTime }: SignerFacts, policy: Policy): Finding {
  if (!scheme || !certificate) return notChecked();
  const own = refusedFamily(familiesOf(certificate.publicKey, scheme), bestTime, policy);
  if (own) return fail('algorithm.no_longer_accepted', own);
  const above = path?.trusted ? refusedInPath(path.path, bestTime, policy) : undefined;
  return above ? fail('algorithm.no_longer_accepted', `${above}, in a certificate`) : pass(scheme.family);
}

/** Any one of the policy's roles, and any one of those asked for here, is enough. */
function role({ certificate, purposes }: SignerFacts, policy: Policy, required: readonly Role[]): Finding {
  const demands = [policy.allowedRoles, required].filter((roles) => roles.length > 0);
  if (demands.length === 0) return notChecked(undefined, 'No role was asked for');
  if (!certificate) return notChecked();
  const held = rolesOf(purposes ?? []);
  const unmet = demands.find((roles) => !roles.some((r) => held.includes(r)));
  return unmet ? fail('role.missing', unmet.join(', ')) : pass(held.join(', '));
}
