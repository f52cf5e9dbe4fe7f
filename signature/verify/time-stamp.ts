import { equalBytes } from '../bytes';
import { readToken, type SignerInfo } from '../cms/signed-data';
import { parseTstInfo, type TstInfo } from '../cms/tst-info';
import { digestByOid, type DigestName } from '../digests';
import { isUnreadable } from '../errors';
import { OID } from '../oids';
import { familiesOf } from '../public-key';
import type { Certificate } from '../x509/certificate';
import { buildChain, type ChainResult } from '../x509/chain';
import { permittedPurposes } from '../x509/purposes';
import type { TrustStore } from '../x509/trust';
import type { Work } from '../work';
import { refusedFamily, refusedInPath } from './algorithms';
import { fail, notChecked, pass, type Finding } from './finding';
import type { Policy } from './policy';
import { revocationFact, type RevocationEvidence, type RevocationFact, type RevocationTimes } from './revocation';
import { checkSignerInfo, type SignerInfoFacts } from './signer-info';

/** A time-stamp token and what it proves. */
export interface TimeStampFacts {
  readonly finding: Finding;
  /** Imprint and signature are right, whoever made it: enough for the level, not for the time. */
  readonly wellFormed: boolean;
  readonly info: TstInfo | undefined;
  readonly tsa: Certificate | undefined;
  /** Path of the authority at the stated time, undefined when it was not looked for. */
  readonly chain: ChainResult | undefined;
  /** Status of the certificates of that path below the anchor, the authority's first. */
  readonly revocation: readonly RevocationFact[];
}

export interface TimeStampInput {
  /** The time of checking. */
  readonly at: Date;
  /** The earliest instant at which the token itself provably existed: after its authority's certificate has ended, this decides. */
  readonly existedAt: Date;
  readonly trust: TrustStore;
  readonly evidence: RevocationEvidence;
  /** Certificates that came along and may complete the path. */
  readonly pool: readonly Certificate[];
  readonly policy: Policy;
  readonly work: Work;
}

/** Gives the digest of what was stamped, undefined when it is not at hand. */
export type StampedDigest = (name: DigestName) => Uint8Array | undefined;

/** Tokens of one kind and signature that are looked at; NCALayer adds one. */
export const MAX_TOKENS = 8;

/** The signature time-stamp tokens of a signer (RFC 5126 §6.1.1), in order. */
export function signatureTimeStamps(signer: SignerInfo): Uint8Array[] {
  return tokensOf(signer, OID.signatureTimeStamp);
}

/** Tokens of one attribute type, at most MAX_TOKENS. */
export function tokensOf(signer: SignerInfo, type: string): Uint8Array[] {
  const values = signer.unsignedAttributes.filter((a) => a.type === type).flatMap((a) => a.values);
  return values.slice(0, MAX_TOKENS).map((value) => value.bytes);
}

/** Checks one token (RFC 3161): imprint, signature of the authority, its certificate, chain and revocation at the stated time. */
export function checkTimeStamp(token: Uint8Array, stamped: StampedDigest, input: TimeStampInput): TimeStampFacts {
  try {
    return readAndCheck(token, stamped, input);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return unread(fail('timestamp.malformed', error.message));
  }
}

/** Facts of a token that cannot be looked into. */
export function unread(finding: Finding): TimeStampFacts {
  return { finding, wellFormed: false, info: undefined, tsa: undefined, chain: undefined, revocation: [] };
}

function readAndCheck(token: Uint8Array, stamped: StampedDigest, input: TimeStampInput): TimeStampFacts {
  const { work } = input;
  const cms = readToken(token, work);
  const [signer, second] = cms.signers;
  if (cms.contentType !== OID.tstInfo || !cms.content || !signer || second)
    return unread(fail('timestamp.malformed', 'It is not a token with one signature'));
  const content = cms.content;
  const info = parseTstInfo(content);
  const pool = [...cms.certificates, ...input.pool];
  const known = [...input.trust.anchors, ...input.trust.intermediates, ...pool];
  const facts = checkSignerInfo(signer, cms, known, (name) => work.digest(name, content), work);
  const own = first(checkImprint(info, stamped), checkToken(facts));
  const tsa = facts.certificate;
  if (own.result !== 'pass' || !tsa) return { ...unread(own), info, tsa };
  const early = checkAuthority(tsa, info, input);
  if (early) return { ...unread(early), wellFormed: true, info, tsa };
  const chain = buildChain(tsa, input.trust, pool, info.genTime, work);
  // A token is proof of an instant long past: a list that was in force then serves, however old.
  const times = { ...input.policy, crlMaxAgeMs: null, at: input.at, about: info.genTime };
  const revocation = chain.trusted ? pathRevocation(chain.path, input.evidence, times, work) : [];
  const finding = chain.trusted
    ? first(checkPath(tsa, chain.path, facts, info, input.policy), checkStatus(revocation, info, input))
    : chainFault(chain);
  return { finding, wellFormed: true, info, tsa, chain, revocation };
}

/** Status of every certificate of a path below its anchor, the first one's first. */
export function pathRevocation(
  path: readonly Certificate[],
  evidence: RevocationEvidence,
  times: RevocationTimes,
  work: Work,
): RevocationFact[] {
  return path.slice(0, -1).map((certificate, i) => revocationFact(certificate, path[i + 1]!, evidence, times, work));
}

function checkImprint(info: TstInfo, stamped: StampedDigest): Finding {
  const name = digestByOid(info.imprintAlgorithm);
  if (!name) return notChecked('timestamp.algorithm_unknown', `Digest algorithm ${info.imprintAlgorithm}`);
  const expected = stamped(name);
  if (!expected) return notChecked('content.missing', `Its digest by ${name}`);
  return equalBytes(info.imprint, expected) ? pass() : fail('timestamp.imprint_mismatch');
}

/** RFC 3161 §2.4.2 makes the signing-certificate attribute mandatory in tokens. */
function checkToken({ identity, attributes, digest: content, signature, ess }: SignerInfoFacts): Finding {
  if (identity.result !== 'pass') {
    return identity.result === 'fail' && identity.code === 'certificate.missing'
      ? fail('timestamp.not_trusted', 'Its certificate was not found')
      : fail('timestamp.signature_bad', 'Its certificate is damaged');
  }
  for (const finding of [signature, content, attributes, ess]) {
    if (finding.result === 'fail') return fail('timestamp.signature_bad', finding.detail);
    if (finding.result === 'not checked') {
      return finding.code
        ? notChecked('timestamp.algorithm_unknown', finding.detail)
        : fail('timestamp.malformed', 'It does not name its certificate');
    }
  }
  return pass();
}

/** What speaks against the authority before its chain is looked at. */
function checkAuthority(tsa: Certificate, info: TstInfo, input: TimeStampInput): Finding | undefined {
  const usage = tsa.extendedKeyUsage;
  if (usage?.length !== 1 || usage[0] !== OID.timeStamping || !tsa.extendedKeyUsageCritical) return fail('timestamp.not_a_tsa');
  if (info.genTime < tsa.notBefore || info.genTime > tsa.notAfter) return fail('timestamp.certificate_not_valid');
  if (info.genTime.getTime() > input.at.getTime() + input.policy.clockSkewMs)
    return fail('timestamp.in_future', info.genTime.toISOString());
  const accepted = input.policy.timeStampPolicies;
  return accepted.length > 0 && !accepted.includes(info.policy) ? fail('timestamp.policy_not_accepted', info.policy) : undefined;
}

/** What speaks against the authority once its path is known: an authority above that lets nobody stamp, an algorithm given up by then. */
function checkPath(tsa: Certificate, path: readonly Certificate[], { scheme }: SignerInfoFacts, info: TstInfo, policy: Policy): Finding {
  if (!permittedPurposes(path)?.includes(OID.timeStamping)) return fail('timestamp.not_a_tsa', 'An authority above it may not certify one');
  const imprint = digestByOid(info.imprintAlgorithm) === 'sha1' ? (['sha1-imprint'] as const) : [];
  const own = [...(scheme ? familiesOf(tsa.publicKey, scheme) : []), ...imprint];
  const refused = refusedFamily(own, info.genTime, policy) ?? refusedInPath(path, info.genTime, policy);
  return refused ? fail('timestamp.algorithm_no_longer_accepted', refused) : pass();
}

/** A revocation of the authority counts from its date; a compromised key counts backwards, unless the token existed before. */
function checkStatus(revocation: readonly RevocationFact[], info: TstInfo, { existedAt, at }: TimeStampInput): Finding {
  for (const fact of revocation) {
    if (fact.status === 'revoked' && (fact.revokedAt <= info.genTime || fact.revokedAt <= existedAt))
      return fail('timestamp.revoked', fact.revokedAt.toISOString());
    if (fact.status === 'on-hold' || fact.status === 'unknown') return fail('timestamp.not_trusted', `Its certificate is ${fact.status}`);
  }
  const end = revocation[0]?.certificate.notAfter;
  return end && existedAt > end && at > end ? fail('timestamp.expired', end.toISOString()) : pass(info.genTime.toISOString());
}

function chainFault(chain: Extract<ChainResult, { trusted: false }>): Finding {
  if (chain.fault === 'signature-bad') return fail('timestamp.signature_bad', 'Its certificate was not signed by the authority it names');
  return fail('timestamp.not_trusted', chain.fault);
}

function first(...findings: Finding[]): Finding {
  return findings.find((f) => f.result === 'fail') ?? findings.find((f) => f.result !== 'pass') ?? findings[0]!;
}
