import { SignatureFormatError, parseSignedData } from '../../signature';
import { makeCms } from '../../signature/make';
import { cmsFixture, openP12, verify } from './support/fixtures';

const AT = new Date('2026-08-01T00:00:00Z');
const CMS = cmsFixture('ncalayer-individual-attached-cadest.der');

/** Start and end of a part inside the CMS. */
function span(part: Uint8Array): { start: number; end: number } {
  const start = Buffer.from(CMS).indexOf(part);
  if (start < 0) throw new Error('the part is not in the CMS');
  return { start, end: start + part.length };
}

const parsed = parseSignedData(CMS);
const signer = parsed.signers[0]!;
const token = signer.unsignedAttributes[0]!.values[0]!.bytes;
const inToken = parseSignedData(token);
const PARTS: [string, Uint8Array, string[]][] = [
  ['content', parsed.content!, ['digest.mismatch']],
  [
    'signed attributes',
    signer.signedOctets!.subarray(3),
    ['structure.attributes', 'digest.mismatch', 'ess.mismatch', 'signature.bad', 'structure.not_der', 'structure.malformed'],
  ],
  ['signature', signer.signature, ['signature.bad']],
  [
    'certificate',
    parsed.certificates[0]!.der,
    [
      'ess.mismatch',
      'certificate.mismatch',
      'certificate.malformed',
      'certificate.missing',
      'signature.bad',
      'algorithm.unknown',
      'structure.not_der',
      'structure.malformed',
    ],
  ],
  [
    'time-stamp information',
    inToken.content!,
    ['timestamp.signature_bad', 'timestamp.malformed', 'timestamp.imprint_mismatch', 'timestamp.algorithm_unknown'],
  ],
  ['time-stamp signature', inToken.signers[0]!.signature, ['timestamp.signature_bad']],
  [
    'time-stamp attributes',
    inToken.signers[0]!.signedOctets!.subarray(3),
    ['timestamp.signature_bad', 'timestamp.malformed', 'timestamp.algorithm_unknown'],
  ],
  [
    'time-stamp certificate',
    inToken.certificates[0]!.der,
    ['timestamp.signature_bad', 'timestamp.malformed', 'timestamp.not_trusted', 'timestamp.algorithm_unknown'],
  ],
];

function codeOf(cms: Uint8Array): string {
  try {
    const report = verify(cms, { at: AT });
    expect(report.verdict).not.toBe('valid');
    return report.code;
  } catch (error) {
    if (error instanceof SignatureFormatError) return error.code;
    throw error;
  }
}

test('the untouched signature is valid', () => {
  expect(verify(CMS, { at: AT }).verdict).toBe('valid');
});

describe.each(PARTS)('any change of the %s', (_name, part, allowed) => {
  test('fails for a reason of its own', () => {
    const { start, end } = span(part);
    const step = Math.max(1, Math.floor((end - start) / 24));
    for (let at = start; at < end; at += step) {
      for (const bit of [0x01, 0x80]) {
        const changed = Uint8Array.from(CMS);
        changed[at]! ^= bit;
        const code = codeOf(changed);
        expect({ at: at - start, bit, code, allowed: allowed.includes(code) }).toEqual({ at: at - start, bit, code, allowed: true });
      }
    }
  });
});

test('no flipped byte anywhere makes the engine throw anything but its own error', () => {
  for (let at = 0; at < CMS.length; at += 11) {
    const changed = Uint8Array.from(CMS);
    changed[at]! ^= 0xff;
    try {
      verify(changed, { at: AT });
    } catch (error) {
      expect([at, (error as Error).name]).toEqual([at, 'SignatureFormatError']);
    }
  }
});

test('a time-stamp of another signature is refused', () => {
  const document = { content: parsed.content!, attached: true };
  const cms = makeCms({ ...openP12('2026-individual_valid'), document, signingTime: AT, timeStamp: () => token });
  expect(verify(cms, { at: AT })).toMatchObject({ verdict: 'invalid', code: 'timestamp.imprint_mismatch' });
});
