import { randomBytes } from 'node:crypto';
import { SignatureFormatError, decodeSignatureFile, toPem } from '../../signature';
import { Der } from '../../signature/asn1/der';
import { integer, oid, sequence, tlv } from '../../signature/asn1/write';
import { OID } from '../../signature/oids';
import { cmsFixture, fixture, verify } from './support/fixtures';
import { timed } from './support/timing';

const AT = new Date('2026-08-01T00:00:00Z');
const CMS = cmsFixture('ncalayer-individual-attached-cadest.der');
const MB = 1 << 20;
/** Refusals take well under a second of a free processor; twice that allows for a machine whose cores are shared. */
const LIMIT_MS = 2000;

/** Decodes and verifies like the command line does; gives the code of the refusal. */
function refusal(file: Uint8Array): string {
  const { result, ms } = timed(() => {
    try {
      verify(decodeSignatureFile(file), { at: AT });
      return 'accepted';
    } catch (error) {
      expect(error).toBeInstanceOf(SignatureFormatError);
      return (error as SignatureFormatError).code;
    }
  });
  expect(ms).toBeLessThan(LIMIT_MS);
  return result;
}

/** Elements nested `depth` deep, each of definite length. */
function nested(depth: number, tag: number): Uint8Array {
  const heads: number[][] = [];
  let length = 0;
  for (let i = 0; i < depth; i++) {
    const octets: number[] = [];
    for (let rest = length; rest > 0 || octets.length === 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
    const head = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets];
    heads.push(head);
    length += head.length;
  }
  return Uint8Array.from(heads.reverse().flat());
}

/** A detached SignedData with the given element in place of its signers. */
function signedDataWith(signers: Uint8Array): Uint8Array {
  const body = sequence(integer(1), tlv(0x31), sequence(oid(OID.data)), signers);
  return sequence(oid(OID.signedData), tlv(0xa0, body));
}

describe('input that is no signature is refused at once with the engine’s own error', () => {
  test.each<[string, () => Uint8Array]>([
    ['nothing', () => new Uint8Array()],
    ['one byte', () => Uint8Array.of(0x30)],
    ['a text', () => Buffer.from('This is not a signature.')],
    ['a PDF', () => Buffer.from('%PDF-1.7\n%âãÏÓ\n1 0 obj')],
    ['random bytes', () => Uint8Array.from(randomBytes(5000))],
    ['50 MB of random bytes', () => Uint8Array.from(randomBytes(50 * MB))],
    ['50 MB of random bytes under a SEQUENCE header', () => tlv(0x30, randomBytes(50 * MB))],
    ['50 MB of zeros', () => new Uint8Array(50 * MB)],
    ['50 MB of base64 letters', () => new Uint8Array(50 * MB).fill(0x4d)],
    ['50 MB of base64 behind the header of a signature', () => Buffer.from('MIMgAAAG' + 'A'.repeat(50 * MB))],
    ['50 MB of white space', () => new Uint8Array(50 * MB).fill(0x20)],
    ['50 MB of dashes', () => new Uint8Array(50 * MB).fill(0x2d)],
    ['50 MB of PEM headers', () => Buffer.from('-----BEGIN CMS-----\n'.repeat((50 * MB) / 20))],
    ['50 MB of NULLs in a SEQUENCE', () => tlv(0x30, Buffer.from('0500'.repeat(25 * MB), 'hex'))],
    ['50 MB of NULLs as signers', () => signedDataWith(tlv(0x31, Buffer.from('0500'.repeat(25 * MB), 'hex')))],
    ['100,000 nested SEQUENCEs', () => nested(100_000, 0x30)],
    ['100,000 nested SETs as signers', () => signedDataWith(nested(100_000, 0x31))],
    ['100,000 nested elements of indefinite length', () => Buffer.from('3080'.repeat(100_000), 'hex')],
    [
      '100,000 nested constructed octet strings',
      () => Buffer.concat([Buffer.from('3080', 'hex'), Buffer.from('2480'.repeat(100_000), 'hex')]),
    ],
    ['a length of 4 GB', () => Uint8Array.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x06, 0x09])],
    ['a length of 2^64', () => Uint8Array.from([0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ['a certificate', () => fixture('certs/2026-individual_valid.cer')],
    ['a revocation list', () => fixture('crl/test-nca-gost2022-base-2025-04-29.crl')],
    ['a certificate in PEM', () => Buffer.from(toPem('CERTIFICATE', fixture('certs/2026-individual_valid.cer')))],
    ['a signature with bytes behind it', () => Uint8Array.from([...CMS, 0])],
    ['SignedData without signers', () => signedDataWith(tlv(0x31))],
  ])('%s', (_name, make) => {
    expect(refusal(make())).toMatch(/^structure\./);
  });

  test('a signature cut anywhere', () => {
    for (let length = 0; length < CMS.length; length += 17) expect(refusal(CMS.subarray(0, length))).toMatch(/^structure\./);
  });
});

test('random changes never do more than fail', () => {
  for (let round = 0; round < 150; round++) {
    const changed = Uint8Array.from(CMS);
    const noise = randomBytes(12);
    for (let i = 0; i < noise.length; i += 4) changed[noise.readUInt16BE(i) % changed.length] = noise[i + 2]!;
    let outcome = 'report';
    try {
      verify(changed, { at: AT });
    } catch (error) {
      outcome = (error as Error).name;
    }
    expect(['report', 'SignatureFormatError']).toContain(outcome);
  }
});

describe('forms a signature may come in', () => {
  const base64 = Buffer.from(CMS).toString('base64');
  test.each<[string, string]>([
    ['PEM', toPem('CMS', CMS)],
    ['PEM with CRLF', toPem('CMS', CMS).replaceAll('\n', '\r\n')],
    ['PEM named PKCS7', toPem('PKCS7', CMS)],
    ['PEM after a byte order mark', `\ufeff${toPem('CMS', CMS)}`],
    ['base64', base64],
    ['base64 with white space', base64.replace(/.{10}/g, '$& \t\n')],
    ['a data URL', `data:application/pkcs7-signature;base64,${base64}`],
  ])('%s', (_name, text) => {
    expect(Buffer.from(decodeSignatureFile(Buffer.from(text))).equals(CMS)).toBe(true);
  });
});

describe('BER as Bouncy Castle writes it', () => {
  const indefinite = (tag: number, ...parts: Uint8Array[]): Uint8Array =>
    Buffer.concat([Uint8Array.of(tag, 0x80), ...parts, Uint8Array.of(0, 0)]);

  /** The CMS with its outer levels in indefinite lengths and the content in pieces. */
  function toBer(): Uint8Array {
    const [type, wrapped] = Der.parse(CMS).children;
    const [version, digests, encapsulated, ...rest] = wrapped!.children[0]!.children;
    const [contentType, content] = encapsulated!.children;
    const octets = content!.children[0]!.octets();
    const pieces = indefinite(0x24, tlv(0x04, octets.subarray(0, 40)), tlv(0x04, octets.subarray(40)));
    const inner = indefinite(0x30, contentType!.bytes, indefinite(0xa0, pieces));
    const body = indefinite(0x30, version!.bytes, digests!.bytes, inner, ...rest.map((part) => part.bytes));
    return indefinite(0x30, type!.bytes, indefinite(0xa0, body));
  }

  test('is read like DER, the content put together', () => {
    const ber = toBer();
    expect(ber[1]).toBe(0x80);
    expect(verify(ber, { at: AT })).toMatchObject({ verdict: 'valid', code: 'ok' });
  });

  test('is refused when it does not end', () => {
    const ber = toBer();
    for (let length = 2; length < ber.length; length += 29) expect(refusal(ber.subarray(0, length))).toMatch(/^structure\./);
  });
});
