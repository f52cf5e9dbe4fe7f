import { equalBytes } from '../bytes';
import { enclosedEvidence, type EnclosedEvidence } from '../cms/enclosed';
import { parseSignedData, type SignedData, type SignerInfo } from '../cms/signed-data';
import { digestByOid, DIGEST_NAMES, type DigestName, type Digests } from '../digests';
import { OID } from '../oids';
import { buildChain, type ChainResult } from '../x509/chain';
import type { Crl } from '../x509/crl';
import { permittedPurposes } from '../x509/purposes';
import type { TrustStore } from '../x509/trust';
import type { Certificate } from '../x509/certificate';
import { Work } from '../work';
import { archiveDigests, checkAllTimeStamps } from './archive';
import { fail, pass, type Finding } from './finding';
import { levelOf } from './level';
import type { Policy } from './policy';
import type { Level } from './report';
import type { OcspAnswer, RevocationEvidence, RevocationFact } from './revocation';
import { checkSignerInfo, type DocumentDigest, type SignerInfoFacts } from './signer-info';
import { pathRevocation, type TimeStampFacts } from './time-stamp';

/** What is needed to gather the facts; the clock is an argument. */
export interface FactsInput {
  /** The signed document, or its digests when it is too large to hold; neither is needed for an attached signature. */
  readonly content?: Uint8Array;
  readonly digests?: Digests;
  /** The time of checking. */
  readonly at: Date;
  /** When this installation received the signature, if it did. */
  readonly receivedAt?: Date;
  readonly trust: TrustStore;
  /** Revocation information at hand besides what the CMS encloses. */
  readonly crls?: readonly Crl[];
  readonly ocsp?: readonly OcspAnswer[];
  /** Its tolerances; what it demands is judged afterwards. */
  readonly policy: Policy;
  /** What the look may cost; a budget of its own unless given. */
  readonly work?: Work;
}

/** Everything found about a CMS, before any policy. */
export interface CmsFacts {
  readonly attached: boolean;
  readonly signers: readonly SignerFacts[];
  readonly cms: SignedData;
  /** What the CMS brings to its own proof. */
  readonly enclosed: RevocationEvidence & { readonly certificates: readonly Certificate[] };
}

export interface SignerFacts extends SignerInfoFacts {
  readonly content: Finding;
  /** Signature time-stamps, in the order of the CMS. */
  readonly timeStamps: readonly TimeStampFacts[];
  /** Archive time-stamps, the newest first. */
  readonly archiveTimeStamps: readonly TimeStampFacts[];
  /** The earliest signature time-stamp that proves a time. */
  readonly timeStamp: TimeStampFacts | undefined;
  /** The time of checking. */
  readonly at: Date;
  readonly bestTime: Date;
  readonly bestTimeSource: 'time-stamp' | 'received' | 'checking';
  /** The instant the signer's path must not have been revoked at. */
  readonly revocationAbout: Date;
  readonly level: Level;
  readonly chain: ChainResult | undefined;
  /** Extended key usages of the signer as far as the authorities above allow them; undefined: nobody names any. */
  readonly purposes: readonly string[] | undefined;
  /** Status of the certificates of the path below the anchor, the signer's first; empty when there is no path. */
  readonly revocation: readonly RevocationFact[];
}

/** Gathers the facts about every signer. Throws SignatureFormatError when the bytes are no CMS. */
export function gatherFacts(der: Uint8Array, input: FactsInput): CmsFacts {
  const work = input.work ?? new Work();
  const cms = parseSignedData(der, work);
  work.spend('signers', cms.signers.length);
  const content = contentFinding(cms, input, work);
  const documentDigest = digestSource(cms.content ?? input.content, input.digests ?? {}, work);
  const enclosed = enclosedEvidence(cms, work);
  const kept = keptEvidence(enclosed);
  const evidence = { ocsp: [...(input.ocsp ?? []), ...kept.ocsp], crls: [...(input.crls ?? []), ...kept.crls] };
  const common = { cms, enclosed: { certificates: enclosed.certificates, ...kept }, evidence, content, documentDigest, work };
  return {
    attached: cms.content !== undefined,
    signers: cms.signers.map((signer) => signerFacts(signer, common, input)),
    cms,
    enclosed: common.enclosed,
  };
}

/** What all signers of a CMS have in common. */
interface Common {
  readonly cms: SignedData;
  readonly enclosed: CmsFacts['enclosed'];
  readonly evidence: RevocationEvidence;
  readonly content: Finding;
  readonly documentDigest: DocumentDigest;
  readonly work: Work;
}

function signerFacts(signer: SignerInfo, common: Common, input: FactsInput): SignerFacts {
  const { cms, enclosed, evidence, content, documentDigest, work } = common;
  const pool = enclosed.certificates;
  const { at, receivedAt, trust, policy } = input;
  const own = checkSignerInfo(signer, cms, [...pool, ...trust.anchors, ...trust.intermediates], documentDigest, work);
  const stamps = checkAllTimeStamps(signer, cms, documentDigest, { at, trust, policy, receivedAt, evidence, pool, work });
  const timeStamp = stamps.signature.filter((t) => t.finding.result === 'pass').sort((a, b) => genTime(a) - genTime(b))[0];
  const bestTime = timeStamp?.info?.genTime ?? receivedAt ?? at;
  const chain = own.certificate && buildChain(own.certificate, trust, pool, bestTime, work);
  const revocationAbout = policy.keyGoodAt === 'checking' ? at : bestTime;
  const times = { ...policy, at, about: revocationAbout };
  return {
    ...own,
    content,
    timeStamps: stamps.signature,
    archiveTimeStamps: stamps.archive,
    timeStamp,
    at,
    bestTime,
    bestTimeSource: timeStamp ? 'time-stamp' : receivedAt ? 'received' : 'checking',
    revocationAbout,
    level: levelOf({ own, chain, ...stamps, times, enclosed, work }),
    chain,
    purposes: chain && permittedPurposes(chain.path),
    revocation: chain?.trusted ? pathRevocation(chain.path, evidence, times, work) : [],
  };
}

/** Enclosed answers have no request at hand to compare with: they serve for whichever certificate they name. */
function keptEvidence({ ocsp, crls }: EnclosedEvidence): RevocationEvidence {
  return { ocsp: ocsp.map((response) => ({ response, enclosed: true })), crls };
}

function genTime({ info }: TimeStampFacts): number {
  return info?.genTime.getTime() ?? Infinity;
}

/** A document given beside an attached one must be the same. */
function contentFinding(cms: SignedData, input: FactsInput, work: Work): Finding {
  if (cms.contentType !== OID.data) return fail('content.type_unsupported', cms.contentType);
  const { content } = cms;
  if (!content) return pass('detached');
  if (input.content && !equalBytes(input.content, content)) return fail('content.mismatch');
  const given = DIGEST_NAMES.find((name) => input.digests?.[name]);
  if (given && !equalBytes(input.digests![given]!, work.digest(given, content))) return fail('content.mismatch');
  return pass('attached');
}

/** Digests of the document; given digests serve only where the document itself is not at hand. */
function digestSource(content: Uint8Array | undefined, given: Digests, work: Work): DocumentDigest {
  return (name) => (content ? work.digest(name, content) : given[name]);
}

/** Digests of the document that the signers of a CMS and their archive time-stamps need; algorithms the engine does not know are left out. */
export function requiredDigests(der: Uint8Array, work = new Work()): DigestName[] {
  const { signers } = parseSignedData(der, work);
  return [...new Set(signers.flatMap((signer) => [digestByOid(signer.digestAlgorithm) ?? [], archiveDigests(signer, work)].flat()))];
}
