import { findSignerCertificate, parseSignedData, readToken, type SignedData, type SignerInfo } from '../cms/signed-data';
import { OID } from '../oids';
import type { Certificate } from '../x509/certificate';
import type { ChainResult } from '../x509/chain';
import type { TrustStore } from '../x509/trust';
import { Work } from '../work';
import { genTimeOf } from './archive';
import { gatherFacts, type SignerFacts } from './facts';
import { missingPieces } from './level';
import type { Policy } from './policy';
import { revocationFact, type RevocationEvidence, type RevocationTimes } from './revocation';
import { tokensOf, type TimeStampFacts } from './time-stamp';

/** A certificate whose status is to be asked for: from the addresses in it, or from the issuer's lists. */
export interface StatusNeed {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly usedBy: 'signer' | 'time-stamp' | 'archive-time-stamp';
  /** The instant the status must speak about; an answer made after it does. */
  readonly about: Date;
}

/** What a CMS lacks to be proof by itself for the long term; all lists empty: nothing. */
export interface EvidenceNeeds {
  /** Signatures without a good time-stamp: the index of the signer and the octets whose digest is to be stamped. */
  readonly timeStamps: readonly { readonly signer: number; readonly octets: Uint8Array }[];
  readonly statuses: readonly StatusNeed[];
  /** Certificates of the paths that are not enclosed. */
  readonly certificates: readonly Certificate[];
}

export interface EvidenceNeedsInput {
  /** The time of checking. */
  readonly at: Date;
  readonly receivedAt?: Date;
  readonly trust: TrustStore;
  readonly policy: Policy;
  readonly work?: Work;
}

/**
 * What to fetch and embed so that a CMS reaches CAdES-LT, judged by what it encloses alone. A missing time-stamp comes first: the
 * statuses of its path are known only when it is there. Throws SignatureFormatError when the bytes are no CMS.
 */
export function evidenceNeeds(der: Uint8Array, input: EvidenceNeedsInput): EvidenceNeeds {
  const work = input.work ?? new Work();
  const { signers, cms, enclosed } = gatherFacts(der, { ...input, work });
  const timesOf = (about: Date, usedBy: StatusNeed['usedBy']): RevocationTimes => ({
    ...input.policy,
    ...(usedBy === 'signer' ? {} : { crlMaxAgeMs: null }),
    at: input.at,
    about,
  });
  const pieces = signers.flatMap(pathsOf).flatMap(({ chain, about, usedBy }) => {
    return chain?.trusted
      ? missingPieces(chain.path, enclosed, timesOf(about, usedBy), work).map((piece) => ({ ...piece, usedBy, about }))
      : [];
  });
  const missing = pieces.flatMap(({ certificate, issuer, statusMissing, usedBy, about }) =>
    issuer && statusMissing ? [{ certificate, issuer, usedBy, about }] : [],
  );
  const statuses = [
    ...signers.flatMap((signer) => outdatedStatus(signer, enclosed, timesOf(signer.revocationAbout, 'signer'), work)),
    ...missing,
  ];
  return {
    timeStamps: signers.flatMap((facts, signer) => (facts.timeStamp ? [] : [{ signer, octets: cms.signers[signer]!.signature }])),
    statuses: distinct(statuses),
    certificates: distinct(pieces.filter((piece) => piece.certificateMissing)).map((piece) => piece.certificate),
  };
}

/** OCSP speaks in whole seconds. */
const secondMs = 1_000;

/**
 * The signer's own certificate when an enclosed list was in force at the best time of the signature but is older: it clears the signer for
 * the moment, but a revocation between the two is not in it.
 */
function outdatedStatus(signer: SignerFacts, enclosed: RevocationEvidence, times: RevocationTimes, work: Work): StatusNeed[] {
  const [certificate, issuer] = signer.chain?.trusted ? signer.chain.path : [];
  if (!certificate || !issuer) return [];
  const fact = revocationFact(certificate, issuer, enclosed, times, work);
  const isAfter = !('source' in fact) || fact.source.thisUpdate.getTime() + secondMs > times.about.getTime();
  return isAfter ? [] : [{ certificate, issuer, usedBy: 'signer', about: times.about }];
}

interface Path {
  readonly chain: ChainResult | undefined;
  readonly about: Date;
  readonly usedBy: StatusNeed['usedBy'];
}

function pathsOf(facts: SignerFacts): Path[] {
  const ofStamp = (usedBy: Path['usedBy']) => (stamp: TimeStampFacts) =>
    stamp.info ? [{ chain: stamp.chain, about: stamp.info.genTime, usedBy }] : [];
  return [
    { chain: facts.chain, about: facts.revocationAbout, usedBy: 'signer' },
    ...facts.timeStamps.flatMap(ofStamp('time-stamp')),
    ...facts.archiveTimeStamps.flatMap(ofStamp('archive-time-stamp')),
  ];
}

/** One item per certificate; of several needs the one about the latest instant, which covers the earlier ones. */
function distinct<T extends { readonly certificate: Certificate; readonly about: Date }>(items: readonly T[]): T[] {
  const byCertificate = new Map<string, T>();
  for (const item of items) {
    const known = byCertificate.get(item.certificate.fingerprint);
    if (!known || item.about > known.about) byCertificate.set(item.certificate.fingerprint, item);
  }
  return [...byCertificate.values()];
}

/**
 * When the newest proof of a CMS ends: the notAfter of the authority of the newest archive time-stamp, else of the signature time-stamp,
 * else of the signer's certificate; of several signers the earliest. Before that instant a new archive time-stamp is due. Undefined when
 * a certificate is not enclosed. Throws SignatureFormatError when the bytes are no CMS.
 */
export function proofEnds(der: Uint8Array): Date | undefined {
  const work = new Work();
  const cms = parseSignedData(der, work);
  const ends = cms.signers.map((signer) => proofEndOf(signer, cms, work));
  return ends.reduce((a, b) => (a && b ? (a < b ? a : b) : undefined));
}

function proofEndOf(signer: SignerInfo, cms: SignedData, work: Work): Date | undefined {
  const token = newestToken(signer, OID.archiveTimeStampV3, work) ?? newestToken(signer, OID.signatureTimeStamp, work);
  return token ? endOf(token.signers[0]!, [...token.certificates, ...cms.certificates]) : endOf(signer, cms.certificates);
}

/** The readable token with the latest time. */
function newestToken(signer: SignerInfo, type: string, work: Work): SignedData | undefined {
  const tokens = tokensOf(signer, type).map((token) => ({ token, time: genTimeOf(token, work) ?? 0 }));
  const [newest] = tokens.filter(({ time }) => time > 0).sort((a, b) => b.time - a.time);
  return newest && readToken(newest.token, work);
}

function endOf(signer: SignerInfo, certificates: readonly Certificate[]): Date | undefined {
  return findSignerCertificate(signer.sid, certificates)?.notAfter;
}
