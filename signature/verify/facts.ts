import { equalBytes } from '../bytes';
import { parseSignedData, type SignedData, type SignerInfo } from '../cms/signed-data';
import { digest, digestByOid, DIGEST_NAMES, type DigestName, type Digests } from '../digests';
import { OID } from '../oids';
import { buildChain, type ChainResult } from '../x509/chain';
import type { Crl } from '../x509/crl';
import { checkRevocation, type RevocationResult } from '../x509/revocation';
import type { TrustStore } from '../x509/trust';
import { fail, pass, type Finding } from './finding';
import type { Level } from './report';
import { checkSignerInfo, type DocumentDigest, type SignerInfoFacts } from './signer-info';
import { checkTimeStamps, type TimeStampFacts } from './time-stamp';

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
  readonly crls?: readonly Crl[];
  readonly clockSkewMs: number;
}

/** Everything found about a CMS, before any policy. */
export interface CmsFacts {
  readonly attached: boolean;
  readonly signers: readonly SignerFacts[];
}

export interface SignerFacts extends SignerInfoFacts {
  readonly content: Finding;
  readonly timeStamps: readonly TimeStampFacts[];
  /** The earliest time-stamp that proves a time. */
  readonly timeStamp: TimeStampFacts | undefined;
  readonly bestTime: Date;
  readonly bestTimeSource: 'time-stamp' | 'received' | 'checking';
  readonly level: Level;
  readonly chain: ChainResult | undefined;
  /** Status of the certificates of the path below the anchor, the signer's first; empty when there is no path. */
  readonly revocation: readonly RevocationResult[];
}

/** Gathers the facts about every signer. Throws SignatureFormatError when the bytes are no CMS. */
export function gatherFacts(der: Uint8Array, input: FactsInput): CmsFacts {
  const cms = parseSignedData(der);
  const content = contentFinding(cms, input);
  const documentDigest = digestSource(cms.content ?? input.content, input.digests ?? {});
  return {
    attached: cms.content !== undefined,
    signers: cms.signers.map((signer) => signerFacts(signer, cms, content, documentDigest, input)),
  };
}

function signerFacts(
  signer: SignerInfo,
  cms: SignedData,
  content: Finding,
  documentDigest: DocumentDigest,
  input: FactsInput,
): SignerFacts {
  const pool = [...input.trust.anchors, ...input.trust.intermediates];
  const own = checkSignerInfo(signer, cms, pool, documentDigest);
  const crls = input.crls ?? [];
  const timeStamps = checkTimeStamps(signer, { at: input.at, trust: input.trust, crls, clockSkewMs: input.clockSkewMs });
  const timeStamp = timeStamps.filter((t) => t.finding.result === 'pass').sort((a, b) => genTime(a) - genTime(b))[0];
  const bestTime = timeStamp?.info?.genTime ?? input.receivedAt ?? input.at;
  const chain = own.certificate && buildChain(own.certificate, input.trust, cms.certificates, bestTime);
  return {
    ...own,
    content,
    timeStamps,
    timeStamp,
    bestTime,
    bestTimeSource: timeStamp ? 'time-stamp' : input.receivedAt ? 'received' : 'checking',
    level: levelOf(own, timeStamps),
    chain,
    revocation: chain?.trusted ? chain.path.slice(0, -1).map((c, i) => checkRevocation(c, chain.path[i + 1]!, crls, bestTime)) : [],
  };
}

function genTime({ info }: TimeStampFacts): number {
  return info?.genTime.getTime() ?? Infinity;
}

/** ETSI EN 319 122-1: without the signing-certificate attribute it is a CMS, with it BES, with a fitting signature time-stamp T. */
function levelOf(own: SignerInfoFacts, timeStamps: readonly TimeStampFacts[]): Level {
  if (own.ess.result !== 'pass') return 'CMS';
  return timeStamps.some((t) => t.wellFormed) ? 'CAdES-T' : 'CAdES-BES';
}

/** A document given beside an attached one must be the same. */
function contentFinding(cms: SignedData, input: FactsInput): Finding {
  if (cms.contentType !== OID.data) return fail('content.type_unsupported', cms.contentType);
  const { content } = cms;
  if (!content) return pass('detached');
  if (input.content && !equalBytes(input.content, content)) return fail('content.mismatch');
  const given = DIGEST_NAMES.find((name) => input.digests?.[name]);
  if (given && !equalBytes(input.digests![given]!, digest(given, content))) return fail('content.mismatch');
  return pass('attached');
}

/** Digests of the document, each computed once; given digests serve only where the document itself is not at hand. */
function digestSource(content: Uint8Array | undefined, given: Digests): DocumentDigest {
  const computed = new Map<DigestName, Uint8Array>();
  return (name) => {
    if (!content) return given[name];
    const value = computed.get(name) ?? digest(name, content);
    computed.set(name, value);
    return value;
  };
}

/** Digests of the document that the signers of a CMS need; algorithms the engine does not know are left out. */
export function requiredDigests(der: Uint8Array): DigestName[] {
  return [...new Set(parseSignedData(der).signers.flatMap((signer) => digestByOid(signer.digestAlgorithm) ?? []))];
}
