import { toHex } from '../bytes';
import { digest, type Digests } from '../digests';
import { describeCertificate, formatSerial, type Certificate } from '../x509/certificate';
import type { Crl } from '../x509/crl';
import { formatName } from '../x509/name';
import { rolesOf, type Role } from '../x509/roles';
import type { TrustStore } from '../x509/trust';
import type { Work } from '../work';
import { leadingCode, sentenceOf, verdictOf, type Code } from './codes';
import { gatherFacts, type SignerFacts } from './facts';
import { judge } from './judge';
import type { Policy } from './policy';
import {
  isoTime,
  type CertificateName,
  type CertificateReport,
  type RevocationReport,
  type SignerReport,
  type TimeStampReport,
  type VerificationReport,
} from './report';
import type { OcspAnswer, RevocationFact } from './revocation';
import type { TimeStampFacts } from './time-stamp';

export interface VerificationInput {
  /** The signed document; for large ones give `digests` instead, for attached signatures nothing. */
  readonly content?: Uint8Array;
  readonly digests?: Digests;
  /** The time of checking: the engine has no clock of its own. */
  readonly at: Date;
  /** When this installation received the signature: proves that it existed then. */
  readonly receivedAt?: Date;
  readonly trust: TrustStore;
  /** Revocation information at hand besides what the CMS encloses. */
  readonly crls?: readonly Crl[];
  readonly ocsp?: readonly OcspAnswer[];
  readonly policy: Policy;
  /** Each signer must have one of these roles. */
  readonly requiredRoles?: readonly Role[];
  /** It arrives now: what only a new signature must fulfil is asked for too. */
  readonly atReceipt?: boolean;
  /** What the check may cost; a budget of its own unless given. */
  readonly work?: Work;
}

/**
 * Verifies a CMS (DER or BER) completely and reports on every signer. Pure and synchronous. Throws SignatureFormatError only when the
 * bytes are not a CMS at all, or ask for more work than the budget has (`structure.too_costly`); every other fault is a verdict with a code.
 */
export function verifyCms(der: Uint8Array, input: VerificationInput): VerificationReport {
  const { purpose } = input.policy;
  const facts = gatherFacts(der, input);
  const signers = facts.signers.map((signer) => signerReport(signer, input));
  const code = leadingCode(signers.map((signer) => signer.code));
  return { format: 1, checkedAt: isoTime(input.at), purpose, verdict: verdictOf(code), code, attached: facts.attached, signers };
}

/** The report about one signer by a policy. */
export function signerReport(facts: SignerFacts, input: Pick<VerificationInput, 'policy' | 'requiredRoles' | 'atReceipt'>): SignerReport {
  const { code, checks, pending } = judge(facts, input.policy, input.requiredRoles ?? [], input.atReceipt ?? false);
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
    roles: rolesOf(facts.purposes ?? []),
    serial: certificate ? formatSerial(certificate.serial) : null,
    claimedTime: facts.claimedTime ? isoTime(facts.claimedTime) : null,
    bestTime: isoTime(facts.bestTime),
    bestTimeSource: facts.bestTimeSource,
    timeStamp: timeStampReport(facts),
    timeStamps: timeStampReports(facts),
    revocation: facts.revocation.map(revocationReport),
    checks,
    pending,
    certificate: certificate ? certificateReport(certificate, facts) : null,
  };
}

function reasonOf(code: Code, detail: string | undefined): string {
  return code !== 'ok' && detail ? `${sentenceOf(code)} (${detail}).` : `${sentenceOf(code)}.`;
}

function timeStampReport({ timeStamp, timeStamps }: SignerFacts): TimeStampReport | null {
  const shown = timeStamp ?? timeStamps.find((t) => t.info);
  return shown ? (stampReport(shown, 'signature')[0] ?? null) : null;
}

function timeStampReports({ timeStamps, archiveTimeStamps }: SignerFacts): TimeStampReport[] {
  return [...timeStamps.flatMap((t) => stampReport(t, 'signature')), ...archiveTimeStamps.flatMap((t) => stampReport(t, 'archive'))];
}

/** Nothing for a token that cannot be read: its check says so. */
function stampReport({ info, tsa, finding, chain, revocation }: TimeStampFacts, kind: TimeStampReport['kind']): TimeStampReport[] {
  if (!info) return [];
  const report: TimeStampReport = {
    time: isoTime(info.genTime),
    tsa: tsa ? describeCertificate(tsa) : null,
    policy: info.policy,
    serial: formatSerial(info.serial),
    kind,
    result: finding.result,
    code: finding.result === 'pass' ? 'ok' : (finding.code ?? 'ok'),
    provesUntil: tsa ? isoTime(tsa.notAfter) : null,
    chain: (chain?.path ?? (tsa ? [tsa] : [])).map(nameOf),
    revocation: revocation.map(revocationReport),
  };
  return [report];
}

function nameOf(certificate: Certificate): CertificateName {
  return { subject: formatName(certificate.subject), fingerprint: certificate.fingerprint };
}

function revocationReport(fact: RevocationFact): RevocationReport {
  const source = 'source' in fact ? fact.source : undefined;
  const date = (at: Date | undefined): string | null => (at ? isoTime(at) : null);
  const revokedAt = 'revokedAt' in fact ? fact.revokedAt : fact.status === 'good' ? fact.revokedLaterAt : undefined;
  return {
    subject: formatName(fact.certificate.subject),
    serial: formatSerial(fact.certificate.serial),
    status: fact.status,
    source: source?.kind ?? null,
    thisUpdate: date(source?.thisUpdate),
    nextUpdate: date(source?.nextUpdate ?? (fact.status === 'stale' ? fact.until : undefined)),
    producedAt: date(source?.producedAt),
    responder: source?.responder ? { subject: formatName(source.responder.subject), serial: formatSerial(source.responder.serial) } : null,
    revokedAt: date(revokedAt),
    reason: 'reason' in fact ? (fact.reason ?? null) : null,
    digest: source ? toHex(digest('sha256', source.der)) : null,
    fault: fact.status === 'untrusted' ? fact.fault : null,
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
    chain: path.map(nameOf),
  };
}
