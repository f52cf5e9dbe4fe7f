import { equalBytes } from '../bytes';
import { parseSignedData, type SignerInfo } from '../cms/signed-data';
import { parseTstInfo, type TstInfo } from '../cms/tst-info';
import { digest, digestByOid } from '../digests';
import { SignatureFormatError } from '../errors';
import { OID } from '../oids';
import type { Certificate } from '../x509/certificate';
import { buildChain, type ChainResult } from '../x509/chain';
import type { Crl } from '../x509/crl';
import { checkRevocation } from '../x509/revocation';
import type { TrustStore } from '../x509/trust';
import { fail, notChecked, pass, type Finding } from './finding';
import { checkSignerInfo, type SignerInfoFacts } from './signer-info';

/** A time-stamp token and what it proves. */
export interface TimeStampFacts {
  readonly finding: Finding;
  /** Imprint and signature are right, whoever made it: enough for the level, not for the time. */
  readonly wellFormed: boolean;
  readonly info: TstInfo | undefined;
  readonly tsa: Certificate | undefined;
}

export interface TimeStampInput {
  readonly at: Date;
  readonly trust: TrustStore;
  readonly crls: readonly Crl[];
  readonly clockSkewMs: number;
}

/** Tokens of one signature that are looked at; NCALayer adds one. */
const MAX_TOKENS = 8;

/** Checks every signature time-stamp of a signer (RFC 3161, RFC 5126 §6.1.1): one result per token, in order. */
export function checkTimeStamps(signer: SignerInfo, input: TimeStampInput): TimeStampFacts[] {
  const tokens = signer.unsignedAttributes
    .filter((a) => a.type === OID.signatureTimeStamp)
    .flatMap((a) => a.values)
    .slice(0, MAX_TOKENS);
  return tokens.map((token) => checkTimeStamp(token.bytes, signer.signature, input));
}

/** Checks one token over the given octets: imprint, signature of the authority, its certificate and chain at the stated time. */
export function checkTimeStamp(token: Uint8Array, stamped: Uint8Array, input: TimeStampInput): TimeStampFacts {
  try {
    return readAndCheck(token, stamped, input);
  } catch (error) {
    if (!(error instanceof SignatureFormatError)) throw error;
    return { finding: fail('timestamp.malformed', error.message), wellFormed: false, info: undefined, tsa: undefined };
  }
}

function readAndCheck(token: Uint8Array, stamped: Uint8Array, input: TimeStampInput): TimeStampFacts {
  const cms = parseSignedData(token);
  const [signer, second] = cms.signers;
  if (cms.contentType !== OID.tstInfo || !cms.content || !signer || second) {
    return {
      finding: fail('timestamp.malformed', 'It is not a token with one signature'),
      wellFormed: false,
      info: undefined,
      tsa: undefined,
    };
  }
  const content = cms.content;
  const info = parseTstInfo(content);
  const pool = [...input.trust.anchors, ...input.trust.intermediates];
  const facts = checkSignerInfo(signer, cms, pool, (name) => digest(name, content));
  const own = first(checkImprint(info, stamped), checkToken(facts));
  const finding = own.result === 'pass' && facts.certificate ? checkAuthority(facts.certificate, info, cms.certificates, input) : own;
  return { finding, wellFormed: own.result === 'pass', info, tsa: facts.certificate };
}

function checkImprint(info: TstInfo, stamped: Uint8Array): Finding {
  const name = digestByOid(info.imprintAlgorithm);
  if (!name) return notChecked('timestamp.algorithm_unknown', `Digest algorithm ${info.imprintAlgorithm}`);
  return equalBytes(info.imprint, digest(name, stamped)) ? pass() : fail('timestamp.imprint_mismatch');
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

function checkAuthority(tsa: Certificate, info: TstInfo, enclosed: readonly Certificate[], input: TimeStampInput): Finding {
  const usage = tsa.extendedKeyUsage;
  if (usage?.length !== 1 || usage[0] !== OID.timeStamping || !tsa.extendedKeyUsageCritical) return fail('timestamp.not_a_tsa');
  if (info.genTime < tsa.notBefore || info.genTime > tsa.notAfter) return fail('timestamp.certificate_not_valid');
  if (info.genTime.getTime() > input.at.getTime() + input.clockSkewMs) return fail('timestamp.in_future', info.genTime.toISOString());
  const chain = buildChain(tsa, input.trust, enclosed, info.genTime);
  if (!chain.trusted) return chainFault(chain);
  const issuer = chain.path[1];
  const status = issuer && checkRevocation(tsa, issuer, input.crls, info.genTime);
  if (status?.status === 'revoked') return fail('timestamp.revoked', status.revokedAt.toISOString());
  return pass(info.genTime.toISOString());
}

function chainFault(chain: Extract<ChainResult, { trusted: false }>): Finding {
  if (chain.fault === 'signature-bad') return fail('timestamp.signature_bad', 'Its certificate was not signed by the authority it names');
  return fail('timestamp.not_trusted', chain.fault);
}

function first(...findings: Finding[]): Finding {
  return findings.find((f) => f.result === 'fail') ?? findings.find((f) => f.result !== 'pass') ?? findings[0]!;
}
