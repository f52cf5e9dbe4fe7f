import type { Digests } from '../digests';
import { describeCertificate, formatSerial, type Certificate } from '../x509/certificate';
import type { Crl } from '../x509/crl';
import { formatName } from '../x509/name';
import type { Role } from '../x509/roles';
import type { TrustStore } from '../x509/trust';
import { leadingCode, sentenceOf, verdictOf, type Code } from './codes';
import { gatherFacts, type SignerFacts } from './facts';
import { judge } from './judge';
import type { Policy } from './policy';
import { isoTime, type CertificateReport, type SignerReport, type TimeStampReport, type VerificationReport } from './report';

export interface VerificationInput {
  /** The signed document; for large ones give `digests` instead, for attached signatures nothing. */
  readonly content?: Uint8Array;
  readonly digests?: Digests;
  /** The time of checking: the engine has no clock of its own. */
  readonly at: Date;
  /** When this installation received the signature: proves that it existed then. */
  readonly receivedAt?: Date;
  readonly trust: TrustStore;
  readonly crls?: readonly Crl[];
  readonly policy: Policy;
  /** Each signer must have one of these roles. */
  readonly requiredRoles?: readonly Role[];
}

/**
 * Verifies a CMS (DER or BER) completely and reports on every signer. Pure and synchronous. Throws SignatureFormatError only when the
 * bytes are not a CMS at all; every other fault is a verdict with a code.
 */
export function verifyCms(der: Uint8Array, input: VerificationInput): VerificationReport {
  const facts = gatherFacts(der, { ...input, clockSkewMs: input.policy.clockSkewMs });
  const signers = facts.signers.map((signer) => signerReport(signer, input));
  const code = leadingCode(signers.map((signer) => signer.code));
  return { verdict: verdictOf(code), code, attached: facts.attached, signers };
}

function signerReport(facts: SignerFacts, input: VerificationInput): SignerReport {
  const { code, checks } = judge(facts, input.policy, input.requiredRoles ?? []);
  const { certificate } = facts;
  const person = certificate?.person;
  return {
    verdict: verdictOf(code),
    code,
    reason: reasonOf(code, checks.find((check) => check.code === code)?.detail),
    level: facts.level,
    iin: person?.iin ?? null,
    bin: person?.bin ?? null,
    name: person?.name ?? null,
    organisation: person?.organisation ?? null,
    roles: certificate?.roles ?? [],
    serial: certificate ? formatSerial(certificate.serial) : null,
    claimedTime: facts.claimedTime ? isoTime(facts.claimedTime) : null,
    bestTime: isoTime(facts.bestTime),
    bestTimeSource: facts.bestTimeSource,
    timeStamp: timeStampReport(facts),
    checks,
    certificate: certificate ? certificateReport(certificate, facts) : null,
  };
}

function reasonOf(code: Code, detail: string | undefined): string {
  return code !== 'ok' && detail ? `${sentenceOf(code)} (${detail}).` : `${sentenceOf(code)}.`;
}

function timeStampReport({ timeStamp, timeStamps }: SignerFacts): TimeStampReport | null {
  const shown = timeStamp ?? timeStamps.find((t) => t.info);
  if (!shown?.info) return null;
  const { info, tsa } = shown;
  return {
    time: isoTime(info.genTime),
    tsa: tsa ? describeCertificate(tsa) : null,
    policy: info.policy,
    serial: formatSerial(info.serial),
  };
}

function certificateReport(certificate: Certificate, { chain }: SignerFacts): CertificateReport {
  const path = chain?.path ?? [certificate];
  return {
    der: Buffer.from(certificate.der).toString('base64'),
    fingerprint: certificate.fingerprint,
    serial: formatSerial(certificate.serial),
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    notBefore: isoTime(certificate.notBefore),
    notAfter: isoTime(certificate.notAfter),
    policies: certificate.policies,
    keyUsage: [...(certificate.keyUsage ?? [])],
    extendedKeyUsage: certificate.extendedKeyUsage ?? [],
    chain: path.map((c) => ({ subject: formatName(c.subject), fingerprint: c.fingerprint })),
  };
}
