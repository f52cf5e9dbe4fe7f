import type { ChainFault } from '../x509/chain';
import { describeCertificate, type Certificate } from '../x509/certificate';
import type { Role } from '../x509/roles';
import { OID } from '../oids';
import { leadingCode, type Code, type FaultCode } from './codes';
import type { SignerFacts } from './facts';
import { fail, notChecked, pass, type Finding } from './finding';
import type { Policy } from './policy';
import { isoTime, type CheckName, type CheckReport } from './report';

/** The policy's answer about one signer. */
export interface Judgement {
  readonly code: Code;
  readonly checks: readonly CheckReport[];
}

/** Applies a policy to the facts about one signer: every check with its result, and the most telling code of all. */
export function judge(facts: SignerFacts, policy: Policy, requiredRoles: readonly Role[]): Judgement {
  const findings: readonly (readonly [CheckName, Finding])[] = [
    ['structure', structure(facts)],
    ['digest', facts.digest],
    ['signature', signatureValue(facts)],
    ['certificate-hash', facts.ess],
    ['time-stamp', timeStamp(facts, policy)],
    ['chain', chain(facts)],
    ['validity', validity(facts)],
    ['revocation', revocation(facts, policy)],
    ['key-usage', keyUsage(facts, policy)],
    ['algorithm', algorithm(facts, policy)],
    ['role', role(facts, requiredRoles)],
  ];
  const checks = findings.map(([name, finding]) => report(name, finding));
  return { code: leadingCode(checks.map((check) => check.code)), checks };
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

function timeStamp(facts: SignerFacts, policy: Policy): Finding {
  if (facts.timeStamp) return facts.timeStamp.finding;
  if (facts.timeStamps.length === 0)
    return policy.requireTimeStamp ? fail('timestamp.missing') : notChecked(undefined, 'There is no time-stamp');
  const findings = facts.timeStamps.map((t) => t.finding);
  const leading = leadingCode(findings.flatMap((f) => (f.result === 'pass' ? [] : (f.code ?? []))));
  return findings.find((f) => f.result !== 'pass' && f.code === leading)!;
}

const CHAIN_CODES: Readonly<Record<ChainFault, FaultCode>> = {
  'not-trusted': 'chain.not_trusted',
  'signature-bad': 'chain.signature_bad',
  'algorithm-unknown': 'algorithm.unknown',
  'not-a-ca': 'chain.not_a_ca',
  'critical-extension': 'chain.critical_extension',
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

function revocation({ revocation: results }: SignerFacts, policy: Policy): Finding {
  const [own] = results;
  const revoked = results.find((r) => r.status === 'revoked');
  if (revoked) return fail('certificate.revoked', `${isoTime(revoked.revokedAt)} ${revoked.reason}`);
  const held = results.find((r) => r.status === 'on-hold');
  if (held) return fail('certificate.on_hold', isoTime(held.revokedAt));
  switch (own?.status) {
    case 'good':
      return pass(own.revokedLaterAt ? `Revoked later, on ${isoTime(own.revokedLaterAt)}` : `List of ${isoTime(own.thisUpdate)}`);
    case 'stale':
      return notChecked(
        policy.requireRevocation ? 'revocation.stale' : undefined,
        `The list is valid until ${own.nextUpdate ? isoTime(own.nextUpdate) : 'an unknown time'}`,
      );
    case 'unusable':
      return notChecked(policy.requireRevocation ? 'revocation.missing' : undefined, own.reason);
    default:
      return notChecked(policy.requireRevocation ? 'revocation.missing' : undefined, 'There is no revocation information');
  }
}

/** NUC RK: nonRepudiation marks a signing key; certificates for entry have clientAuth or an authentication policy instead. */
function keyUsage({ certificate }: SignerFacts, policy: Policy): Finding {
  if (!certificate) return notChecked();
  const usages = [...(certificate.keyUsage ?? [])].join(', ');
  const suits = policy.purpose === 'login' ? maySignIn(certificate) : maySignDocuments(certificate);
  return suits ? pass(usages) : fail('key_usage.not_for_signing', usages);
}

function maySignDocuments(certificate: Certificate): boolean {
  const { keyUsage: usage, extendedKeyUsage: purposes, policies, basicConstraints } = certificate;
  if (basicConstraints?.ca || (usage && !usage.has('nonRepudiation'))) return false;
  if (policies.includes(OID.personAuthPolicy) || policies.includes(OID.legalEntityAuthPolicy)) return false;
  const technical: readonly string[] = [OID.clientAuth, OID.timeStamping, OID.ocspSigning];
  return !purposes || purposes.includes(OID.emailProtection) || !purposes.some((p) => technical.includes(p));
}

function maySignIn(certificate: Certificate): boolean {
  const { keyUsage: usage, extendedKeyUsage: purposes, basicConstraints } = certificate;
  if (basicConstraints?.ca || (usage && !usage.has('digitalSignature'))) return false;
  return !purposes?.some((p) => p === OID.timeStamping || p === OID.ocspSigning);
}

function algorithm({ scheme, bestTime }: SignerFacts, policy: Policy): Finding {
  if (!scheme) return notChecked();
  const end = policy.algorithmEnds[scheme.family];
  return end && bestTime > end ? fail('algorithm.no_longer_accepted', `${scheme.family} until ${isoTime(end)}`) : pass(scheme.family);
}

/** Any one of the required roles is enough. */
function role({ certificate }: SignerFacts, required: readonly Role[]): Finding {
  if (required.length === 0) return notChecked(undefined, 'No role was asked for');
  if (!certificate) return notChecked();
  const found = required.find((r) => certificate.roles.includes(r));
  return found ? pass(found) : fail('role.missing', required.join(', '));
}
