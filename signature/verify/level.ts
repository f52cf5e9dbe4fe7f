import type { Certificate } from '../x509/certificate';
import type { ChainResult } from '../x509/chain';
import type { Work } from '../work';
import type { Level } from './report';
import { isSettled, revocationFact, type RevocationEvidence, type RevocationTimes } from './revocation';
import type { SignerInfoFacts } from './signer-info';
import type { TimeStampFacts } from './time-stamp';

export interface LevelInput {
  readonly own: SignerInfoFacts;
  readonly chain: ChainResult | undefined;
  readonly signature: readonly TimeStampFacts[];
  readonly archive: readonly TimeStampFacts[];
  /** What the CMS itself brings. */
  readonly enclosed: RevocationEvidence & { readonly certificates: readonly Certificate[] };
  readonly times: RevocationTimes;
  readonly work: Work;
}

/**
 * ETSI EN 319 122-1: without the signing-certificate attribute it is a CMS, with it BES, with a fitting signature time-stamp T, with all
 * certificates and revocation values of the signer's and the time-stamp's path enclosed LT, with a fitting archive time-stamp LTA.
 */
export function levelOf(input: LevelInput): Level {
  const { own, signature, archive } = input;
  if (own.ess.result !== 'pass') return 'CMS';
  if (!signature.some((t) => t.wellFormed)) return 'CAdES-BES';
  if (!holdsEverything(input)) return 'CAdES-T';
  return archive.some((t) => t.wellFormed) ? 'CAdES-LTA' : 'CAdES-LT';
}

function holdsEverything({ chain, signature, enclosed, times, work }: LevelInput): boolean {
  const stamp = signature.find((t) => t.finding.result === 'pass');
  if (!stamp?.chain?.trusted || !stamp.info || !chain?.trusted) return false;
  // The anchor is known to whoever checks, so a CMS made by others may leave it out.
  const missing = [
    ...missingPieces(chain.path, enclosed, times, work),
    ...missingPieces(stamp.chain.path, enclosed, { ...times, crlMaxAgeMs: null, about: stamp.info.genTime }, work),
  ];
  return missing.every((piece) => piece.issuer === undefined);
}

/** A certificate of a path that is not enclosed, or whose status the enclosed values do not settle. */
export interface MissingPiece {
  readonly certificate: Certificate;
  /** Undefined for the anchor, whose status nobody states. */
  readonly issuer: Certificate | undefined;
  readonly certificateMissing: boolean;
  readonly statusMissing: boolean;
}

/** What a path still needs so that it can be checked from the CMS alone; anchors are enclosed too, so that the path is complete. */
export function missingPieces(
  path: readonly Certificate[],
  enclosed: RevocationEvidence & { readonly certificates: readonly Certificate[] },
  times: RevocationTimes,
  work: Work,
): MissingPiece[] {
  const pieces = path.map((certificate, i): MissingPiece => {
    const issuer = path[i + 1];
    return {
      certificate,
      issuer,
      certificateMissing: !enclosed.certificates.some((c) => c.fingerprint === certificate.fingerprint),
      statusMissing: issuer !== undefined && !isSettled(revocationFact(certificate, issuer, enclosed, times, work)),
    };
  });
  return pieces.filter((piece) => piece.certificateMissing || piece.statusMissing);
}
