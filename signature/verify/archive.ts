import { Der } from '../asn1/der';
import { archiveOctets } from '../cms/archive';
import { coversAttribute, hashIndexOf, indexFits, type HashIndex } from '../cms/hash-index';
import { readToken, type SignedData, type SignerInfo } from '../cms/signed-data';
import { parseTstInfo, type TstInfo } from '../cms/tst-info';
import { digest, digestByOid, type DigestName } from '../digests';
import { attempt } from '../errors';
import { OID } from '../oids';
import type { Work } from '../work';
import { fail } from './finding';
import type { DocumentDigest } from './signer-info';
import {
  checkTimeStamp,
  signatureTimeStamps,
  tokensOf,
  unread,
  type StampedDigest,
  type TimeStampFacts,
  type TimeStampInput,
} from './time-stamp';

/** What the time-stamps of one signer prove together: each newer one keeps the older ones it covers alive. */
export interface SignerTimeStamps {
  /** In the order of the CMS. */
  readonly signature: readonly TimeStampFacts[];
  /** The newest first. */
  readonly archive: readonly TimeStampFacts[];
}

/** Time-stamps of a signer need no `existedAt`: it is found here. */
export type SignerTimeStampInput = Omit<TimeStampInput, 'existedAt'> & { readonly receivedAt: Date | undefined };

/**
 * Checks all time-stamps of a signer: the archive time-stamps (ETSI EN 319 122-1 §5.5.3) from the newest to the oldest, then those of the
 * signature. A token has existed at the latest when a good newer one that covers it was made; the newest has only the time of checking.
 */
export function checkAllTimeStamps(
  signer: SignerInfo,
  cms: SignedData,
  documentDigest: DocumentDigest,
  input: SignerTimeStampInput,
): SignerTimeStamps {
  const { work } = input;
  const proofs: { index: HashIndex; time: Date }[] = [];
  const existedAt = (type: string, token: Uint8Array, otherwise: Date): Date => {
    const value = Der.parse(token);
    const covering = proofs.filter(({ index }) => coversAttribute(index, type, value, work)).map(({ time }) => time);
    return [otherwise, ...covering].reduce((a, b) => (a < b ? a : b));
  };
  const archive = newestFirst(tokensOf(signer, OID.archiveTimeStampV3), work).map((token) => {
    const index = readIndex(token, work);
    if (!index) return unread(fail('timestamp.malformed', 'The archive time-stamp has no hash index'));
    const own = { ...input, existedAt: existedAt(OID.archiveTimeStampV3, token, input.at) };
    const facts = indexFits(index, cms, signer, work)
      ? checkTimeStamp(token, stampedBy(index, cms, signer, documentDigest, work), own)
      : unread(fail('archive.mismatch'));
    if (facts.finding.result === 'pass') proofs.push({ index, time: facts.info!.genTime });
    return facts;
  });
  const signature = signatureTimeStamps(signer).map((token) => {
    const known = receiptOf(token, input);
    const own = { ...input, existedAt: existedAt(OID.signatureTimeStamp, token, known) };
    return checkTimeStamp(token, (name) => work.digest(name, signer.signature), own);
  });
  return { signature, archive: archive.map((facts) => inOrder(facts, signature)) };
}

/** The index must be made with the digest of the imprint (§5.5.2); the document enters by that digest too. */
function stampedBy(index: HashIndex, cms: SignedData, signer: SignerInfo, documentDigest: DocumentDigest, work: Work): StampedDigest {
  return (name) => {
    const content = documentDigest(name);
    if (!content) return undefined;
    if (name !== index.algorithm) return new Uint8Array();
    const octets = archiveOctets(cms, signer, index.der, content);
    work.hash(name, octets.length);
    return digest(name, octets);
  };
}

/** A signature time-stamp came with the signature when it is not later than its receipt, and then the installation's record proves it. */
function receiptOf(token: Uint8Array, { at, receivedAt, policy, work }: SignerTimeStampInput): Date {
  const time = genTimeOf(token, work);
  return receivedAt && time !== undefined && time <= receivedAt.getTime() + policy.clockSkewMs ? receivedAt : at;
}

/** An archive time-stamp made before the time-stamp of the signature it keeps contradicts it. */
function inOrder(facts: TimeStampFacts, signature: readonly TimeStampFacts[]): TimeStampFacts {
  const earliest = signature.filter((s) => s.finding.result === 'pass').map((s) => s.info!.genTime.getTime());
  const contradicts = facts.finding.result === 'pass' && earliest.some((time) => time > facts.info!.genTime.getTime());
  return contradicts ? { ...facts, finding: fail('timestamp.order', facts.info!.genTime.toISOString()) } : facts;
}

function newestFirst(tokens: readonly Uint8Array[], work: Work): Uint8Array[] {
  return [...tokens].sort((a, b) => (genTimeOf(b, work) ?? 0) - (genTimeOf(a, work) ?? 0));
}

/** Digests of the document that the archive time-stamps of a signer need besides the signer's own. */
export function archiveDigests(signer: SignerInfo, work: Work): DigestName[] {
  return tokensOf(signer, OID.archiveTimeStampV3).flatMap((token) => {
    const info = readInfo(token, work);
    return (info && digestByOid(info.imprintAlgorithm)) ?? [];
  });
}

/** The time a token states, in milliseconds; undefined when it cannot be read. */
export function genTimeOf(token: Uint8Array, work: Work): number | undefined {
  return readInfo(token, work)?.genTime.getTime();
}

function readInfo(token: Uint8Array, work: Work): TstInfo | undefined {
  return attempt(() => {
    const { content } = readToken(token, work);
    return content && parseTstInfo(content);
  });
}

function readIndex(token: Uint8Array, work: Work): HashIndex | undefined {
  return attempt(() => hashIndexOf(readToken(token, work)));
}
