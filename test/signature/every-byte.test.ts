import { SignatureFormatError, addTimeStamp, parseSignedData, verifyCms, DOCUMENT_POLICY, type TrustStore } from '../../signature';
import { Der } from '../../signature/asn1/der';
import { digest } from '../../signature/digests';
import { makeCms, makeTimeStamp } from '../../signature/make';
import { cmsFixture, testTrust } from './support/fixtures';
import { makeTestNuc } from './support/nuc';

const AT = new Date('2026-08-01T00:00:00Z');

/**
 * What no signature covers and no check reads: a change there leaves the report as it was. Everything else must be noticed.
 * - SignedData.version and SignerInfo.version say which optional fields may occur (RFC 5652 §5.1, §5.3); the fields themselves are read.
 * - SignedData.digestAlgorithms helps readers that hash on the way (RFC 5652 §5.1); the algorithm used is that of the SignerInfo, and
 *   makers of merged CMS leave some out.
 * The same parts of the time-stamp token, for the same reasons.
 */
const UNCOVERED = ['SignedData.version', 'SignedData.digestAlgorithms', 'SignerInfo.version'] as const;

interface Sample {
  readonly cms: Uint8Array;
  readonly trust: TrustStore;
}

function gostSample(): Sample {
  return { cms: cmsFixture('ncalayer-individual-attached-cadest.der'), trust: testTrust() };
}

function rsaSample(): Sample {
  const { certified, keys, trust } = makeTestNuc(AT);
  const signer = certified({ kind: 'subject', roles: ['individual'] }, 'rsa');
  const plain = makeCms({ ...signer, document: { content: Buffer.from('Документ'), attached: true }, signingTime: AT });
  const value = digest('sha256', parseSignedData(plain).signers[0]!.signature);
  const token = makeTimeStamp({ ...keys.timeStamping.rsa, imprint: { algorithm: 'sha256', value }, genTime: AT, nonce: 5n });
  return { cms: addTimeStamp(plain, token), trust };
}

interface Outcome {
  readonly valid: boolean;
  readonly level: string | undefined;
  /** The whole report as JSON, or the code of unreadable input. */
  readonly report: string;
}

function outcomeOf({ cms, trust }: Sample): Outcome {
  try {
    const report = verifyCms(cms, { at: AT, trust, policy: DOCUMENT_POLICY });
    return { valid: report.verdict === 'valid', level: report.signers[0]?.level, report: JSON.stringify(report) };
  } catch (error) {
    if (!(error instanceof SignatureFormatError)) throw error;
    return { valid: false, level: undefined, report: error.code };
  }
}

/** Offsets of the value octets of the uncovered parts, in the CMS and in its token. */
function uncoveredOffsets(cms: Uint8Array): Map<number, string> {
  const token = parseSignedData(cms).signers[0]!.unsignedAttributes[0]!.values[0]!.bytes;
  const offsets = new Map<number, string>();
  for (const [where, bytes] of [
    ['CMS', cms],
    ['token', token],
  ] as const) {
    const signedData = Der.parse(bytes).children[1]!.children[0]!.children;
    const signerInfo = signedData.at(-1)!.children[0]!.children;
    const parts = [signedData[0]!, signedData[1]!, signerInfo[0]!];
    const base = Buffer.from(cms).indexOf(bytes) - bytes.byteOffset;
    parts.forEach((part, i) => {
      for (let at = 0; at < part.value.length; at++) offsets.set(base + part.value.byteOffset + at, `${where} ${UNCOVERED[i]}`);
    });
  }
  return offsets;
}

test.each([
  ['a CAdES-T of NUC RK’s GOST keys', gostSample],
  ['a CAdES-T of RSA keys', rsaSample],
])(
  '%s: no changed octet leaves it valid at the same level with the same report, but for those listed',
  (_name, make) => {
    const sample = make();
    const { cms, trust } = sample;
    const original = outcomeOf(sample);
    expect(original).toMatchObject({ valid: true, level: 'CAdES-T' });
    const uncovered = uncoveredOffsets(cms);
    const unnoticed = new Set<string>();
    const wrong: string[] = [];
    for (let at = 0; at < cms.length; at++) {
      const changed = Uint8Array.from(cms);
      changed[at]! ^= 1 << (at % 8);
      const outcome = outcomeOf({ cms: changed, trust });
      if (!outcome.valid || outcome.level !== original.level) continue;
      const part = uncovered.get(at);
      if (part && outcome.report === original.report) unnoticed.add(part);
      else wrong.push(`octet ${at}${part ? ` of ${part}` : ''}`);
    }
    expect(wrong).toEqual([]);
    // The list names nothing that is noticed after all.
    expect([...unnoticed].sort()).toEqual(['CMS', 'token'].flatMap((where) => UNCOVERED.map((part) => `${where} ${part}`)).sort());
  },
  240_000,
);
