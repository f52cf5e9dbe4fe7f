import { bytesFromBigLE, fromHex, toHex } from '../../signature/bytes';
import { digest, type DigestName } from '../../signature/digests';
import { createHasher } from '../../signature';
import { Curve } from '../../signature/gost/curve';
import { CRYPTOPRO_A, TC26_256_A, TC26_512_A } from '../../signature/gost/curves';
import { CURVES, generateGostKey, publicPoint, readPublicKey, signGost, verifyGost, writePublicKey } from '../../signature/gost/gost3410';
import { fixtureJson } from './support/fixtures';

interface HashVector {
  utf8?: string;
  streebog512: string;
  streebog256: string;
  gost34311_95_testSbox: string;
}
const hashes = fixtureJson<{ vectors: HashVector[] }>('vectors/hashes.json').vectors;
const curves = fixtureJson<Record<string, Record<string, string>>>('vectors/curves.json');
const kalkan = fixtureJson<Record<string, string>>('vectors/kalkan-gost2015-512.json');

const message = (vector: HashVector): Uint8Array =>
  vector.utf8 === undefined ? Uint8Array.from({ length: 1000 }, (_, i) => i % 256) : Buffer.from(vector.utf8);
const big = (hex: string): bigint => BigInt(`0x${hex}`);

describe('digests', () => {
  test.each(hashes)('agree with the vector of $utf8', (vector) => {
    expect(toHex(digest('streebog512', message(vector)))).toBe(vector.streebog512);
    expect(toHex(digest('streebog256', message(vector)))).toBe(vector.streebog256);
    expect(toHex(digest('gost34311', message(vector)))).toBe(vector.gost34311_95_testSbox);
  });

  test.each<DigestName>(['streebog512', 'streebog256', 'gost34311', 'sha256'])('%s does not depend on how the data is cut', (name) => {
    const data = Uint8Array.from({ length: 777 }, (_, i) => (i * 31) & 255);
    for (const size of [1, 7, 31, 32, 33, 63, 64, 65, 200]) {
      const hasher = createHasher(name);
      for (let at = 0; at < data.length; at += size) hasher.update(data.subarray(at, at + size));
      expect(toHex(hasher.digest())).toBe(toHex(digest(name, data)));
    }
  });

  test('carry over a long run of ones', () => {
    // RFC 6986 sums the blocks modulo 2^512: blocks of FF make every addition carry
    const data = new Uint8Array(64 * 5).fill(0xff);
    const whole = toHex(digest('streebog512', data));
    expect(toHex(createHasher('streebog512').update(data.subarray(0, 100)).update(data.subarray(100)).digest())).toBe(whole);
    expect(whole).not.toBe(toHex(digest('streebog512', data.subarray(64))));
  });
});

describe('curves', () => {
  test.each([TC26_512_A, CRYPTOPRO_A, TC26_256_A])('$name has the published parameters and order', (parameters) => {
    const published = Object.values(curves).find((c) => big(c.q!) === parameters.q)!;
    const curve = new Curve(parameters);
    expect(curve.field.p).toBe(big(published.p!));
    expect([parameters.a, parameters.b, parameters.gx, parameters.gy]).toEqual(
      [published.a!, published.b!, published.gx!, published.gy!].map(big),
    );
    expect(curve.has(curve.generator)).toBe(true);
    expect(curve.has({ x: curve.generator.x, y: curve.generator.y + 1n })).toBe(false);
    expect(curve.multiplyAdd(parameters.q, 0n, curve.generator)).toBeUndefined();
    expect(curve.multiplyAdd(parameters.q - 1n, 1n, curve.generator)).toBeUndefined();
    expect(curve.multiplyAdd(parameters.q - 1n, 2n, curve.generator)).toEqual(curve.generator);
  });

  test.each(['gost2015', 'gost2004'] as const)('the secret and the public multiplication of %s agree, edges included', (family) => {
    const curve = CURVES[family];
    const { q } = curve.parameters;
    const some = Array.from({ length: 12 }, () => generateGostKey(family).d);
    for (const k of [1n, 2n, 3n, 15n, 16n, 17n, 31n, 32n, q - 1n, q - 2n, q >> 1n, ...some]) {
      expect(publicPoint(family, k)).toEqual(curve.multiplyAdd(k, 0n, curve.generator));
    }
    expect(() => publicPoint(family, 0n)).toThrow(RangeError);
    expect(() => publicPoint(family, q)).toThrow(RangeError);
  });
});

describe('GOST 34.10-2015 as the Kalkan provider makes it', () => {
  const key = { x: big(kalkan.qx!), y: big(kalkan.qy!) };
  const value = digest('streebog512', Buffer.from(kalkan.msg!));
  const signature = fromHex(kalkan.sig!);

  test('the digest, the public key and both signatures of the vector', () => {
    expect(toHex(value)).toBe(kalkan.digest);
    expect(publicPoint('gost2015', big(kalkan.d!))).toEqual(key);
    expect(verifyGost('gost2015', key, value, signature)).toBe(true);
    expect(verifyGost('gost2015', key, digest('streebog512', fromHex(kalkan.cert_tbs!)), fromHex(kalkan.cert_sig!))).toBe(true);
  });

  test('no other layout of the same numbers passes', () => {
    const r = signature.subarray(0, 64);
    const s = signature.subarray(64);
    const reversed = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes).reverse();
    const layouts = [
      [s, r],
      [reversed(r), reversed(s)],
      [reversed(s), reversed(r)],
      [reversed(r), s],
      [r, reversed(s)],
    ].map((parts) => Uint8Array.from(Buffer.concat(parts)));
    for (const layout of layouts) expect(verifyGost('gost2015', key, value, layout)).toBe(false);
    expect(verifyGost('gost2015', key, reversed(value), signature)).toBe(false);
  });

  test('numbers out of range and wrong lengths are refused', () => {
    const { q } = CURVES.gost2015.parameters;
    const number = (v: bigint): Uint8Array => bytesFromBigLE(v, 64);
    const half = signature.subarray(0, 64);
    for (const parts of [
      [number(0n), signature.subarray(64)],
      [half, number(0n)],
      [number(q), signature.subarray(64)],
      [half, number(q)],
    ]) {
      expect(verifyGost('gost2015', key, value, Uint8Array.from(Buffer.concat(parts)))).toBe(false);
    }
    expect(verifyGost('gost2015', key, value, signature.subarray(0, 127))).toBe(false);
    expect(verifyGost('gost2015', key, value.subarray(0, 32), signature)).toBe(false);
  });

  test('the negative of s is no second signature, as it would be in ECDSA', () => {
    const { q } = CURVES.gost2015.parameters;
    const s = BigInt(`0x${toHex(Uint8Array.from(signature.subarray(64)).reverse())}`);
    const negated = Uint8Array.from(Buffer.concat([signature.subarray(0, 64), bytesFromBigLE(q - s, 64)]));
    expect(verifyGost('gost2015', key, value, negated)).toBe(false);
  });
});

describe.each(['gost2015', 'gost2004'] as const)('signing with %s', (family) => {
  const length = CURVES[family].parameters.bytes;
  const value = digest(family === 'gost2015' ? 'streebog512' : 'gost34311', Buffer.from('a document'));

  test('verifies with its own key and digest only', () => {
    const { d, publicKey } = generateGostKey(family);
    const other = generateGostKey(family);
    for (let i = 0; i < 5; i++) {
      const signature = signGost(family, d, value);
      expect(signature).toHaveLength(2 * length);
      expect(verifyGost(family, publicKey, value, signature)).toBe(true);
      expect(verifyGost(family, other.publicKey, value, signature)).toBe(false);
      const changed = Uint8Array.from(value);
      changed[i]! ^= 1;
      expect(verifyGost(family, publicKey, changed, signature)).toBe(false);
    }
  });

  test('never uses the same nonce twice', () => {
    const { d } = generateGostKey(family);
    const rs = Array.from({ length: 8 }, () => toHex(signGost(family, d, value).subarray(0, length)));
    expect(new Set(rs).size).toBe(8);
  });

  test('a digest of zero counts as one (GOST R 34.10-2012 §6.1)', () => {
    const { d, publicKey } = generateGostKey(family);
    const zero = new Uint8Array(length);
    const one = Uint8Array.from(zero);
    one[0] = 1;
    expect(verifyGost(family, publicKey, one, signGost(family, d, zero))).toBe(true);
  });

  test('public keys survive writing and reading; points off the curve do not', () => {
    const { publicKey } = generateGostKey(family);
    const octets = writePublicKey(family, publicKey);
    expect(readPublicKey(family, octets)).toEqual(publicKey);
    octets[0]! ^= 1;
    expect(readPublicKey(family, octets)).toBeUndefined();
    expect(readPublicKey(family, octets.subarray(1))).toBeUndefined();
    expect(readPublicKey(family, new Uint8Array(2 * length))).toBeUndefined();
  });
});
