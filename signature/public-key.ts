import { constants, createPublicKey, publicDecrypt, type KeyObject } from 'node:crypto';
import { TAG, type Der } from './asn1/der';
import { algorithm, octetString, sequence } from './asn1/write';
import { equalBytes, concatBytes, toHex } from './bytes';
import { digest, DIGEST_OIDS, type DigestName } from './digests';
import type { AffinePoint } from './gost/curve';
import { readPublicKey, verifyGost, type GostFamily } from './gost/gost3410';
import { OID } from './oids';
import type { Work } from './work';

/** Keys the engine can verify with; anything else is `unknown` and leads to "cannot tell", never to "invalid". */
export type PublicKey =
  | { readonly kind: GostFamily; readonly point: AffinePoint }
  | { readonly kind: 'rsa'; readonly key: KeyObject; readonly modulusBytes: number; readonly bits: number; readonly exponent: bigint }
  | { readonly kind: 'unknown'; readonly algorithm: string; readonly reason: string };

/**
 * Families an installation may stop accepting from some date on. A signature may belong to several: `rsa-short` are keys below 2048 bits,
 * `rsa-low-exponent` those with a public exponent below 65537, `sha1-imprint` time-stamps over a SHA-1 digest.
 */
export const ALGORITHM_FAMILIES = ['gost2015', 'gost2004', 'rsa', 'rsa-sha1', 'rsa-short', 'rsa-low-exponent', 'sha1-imprint'] as const;
export type AlgorithmFamily = (typeof ALGORITHM_FAMILIES)[number];

/** How to verify one signature: digest of the signed octets and family of the key. */
export interface SignatureScheme {
  readonly family: AlgorithmFamily;
  readonly digest: DigestName;
}

const MAX_RSA_BYTES = 1024;
const GOOD_RSA_BITS = 2048;
const GOOD_EXPONENT = 65_537n;
/** Larger ones only make checking slow. */
const MAX_EXPONENT = 1n << 64n;

const RSA_DIGESTS: Readonly<Record<string, DigestName>> = {
  [OID.sha1WithRsa]: 'sha1',
  [OID.sha256WithRsa]: 'sha256',
  [OID.sha384WithRsa]: 'sha384',
  [OID.sha512WithRsa]: 'sha512',
};

const GOST: Readonly<Record<GostFamily, { key: string; curve: string; signature: string; digest: DigestName }>> = {
  gost2015: { key: OID.gost2015Key, curve: OID.gost2015Curve, signature: OID.gost2015Signature, digest: 'streebog512' },
  gost2004: { key: OID.gost2004Key, curve: OID.gost2004Curve, signature: OID.gost2004Signature, digest: 'gost34311' },
};

/** Key of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). */
export function readSubjectPublicKey(spki: Der): PublicKey {
  const fields = spki.expect(TAG.SEQUENCE, 'SubjectPublicKeyInfo').fields('SubjectPublicKeyInfo');
  const identifier = fields.next(TAG.SEQUENCE).fields('AlgorithmIdentifier');
  const oid = identifier.next(TAG.OID).oid();
  const parameters = identifier.rest()[0];
  const bits = fields.next(TAG.BIT_STRING);
  if (oid === OID.rsaKey) return readRsa(spki);
  for (const family of ['gost2015', 'gost2004'] as const) {
    if (oid !== GOST[family].key) continue;
    if (parameters?.tag !== TAG.SEQUENCE || parameters.children[0]?.oid() !== GOST[family].curve)
      return unknown(oid, 'its curve is not supported');
    const inner = parseInner(bits);
    const point = inner && readPublicKey(family, inner);
    return point ? { kind: family, point } : unknown(oid, 'it is not a point of its curve');
  }
  return unknown(oid, 'its algorithm is not supported');
}

/** Content of the OCTET STRING that wraps a GOST key inside the BIT STRING. */
function parseInner(bits: Der): Uint8Array | undefined {
  const octets = bits.bitOctets();
  const header = octets[1] === 0x81 ? 3 : 2;
  const length = header === 3 ? octets[2] : octets[1];
  return octets[0] === TAG.OCTET_STRING && octets.length === header + (length ?? 0) ? octets.subarray(header) : undefined;
}

function readRsa(spki: Der): PublicKey {
  try {
    const key = createPublicKey({ key: Buffer.from(spki.bytes), format: 'der', type: 'spki' });
    const { modulusLength: bits = 0, publicExponent: exponent = 0n } = key.asymmetricKeyDetails ?? {};
    const modulusBytes = Math.ceil(bits / 8);
    if (modulusBytes < 128 || modulusBytes > MAX_RSA_BYTES) return unknown(OID.rsaKey, 'its length is not supported');
    if (exponent < 3n || exponent % 2n === 0n || exponent > MAX_EXPONENT) return unknown(OID.rsaKey, 'its exponent is not supported');
    return { kind: 'rsa', key, modulusBytes, bits, exponent };
  } catch {
    return unknown(OID.rsaKey, 'it cannot be read');
  }
}

function unknown(algorithmOid: string, reason: string): PublicKey {
  return { kind: 'unknown', algorithm: algorithmOid, reason };
}

/**
 * The scheme the key demands, undefined when the declared algorithm does not belong to it. The key decides: a SignerInfo may name the
 * key algorithm instead of the signature algorithm, and then for RSA the digest is the SignerInfo's own.
 */
export function schemeFor(key: PublicKey, signatureOid: string, declaredDigest?: DigestName): SignatureScheme | undefined {
  switch (key.kind) {
    case 'gost2015':
    case 'gost2004': {
      const { key: keyOid, signature, digest: required } = GOST[key.kind];
      if (signatureOid !== keyOid && signatureOid !== signature) return undefined;
      if (declaredDigest !== undefined && declaredDigest !== required) return undefined;
      return { family: key.kind, digest: required };
    }
    case 'rsa': {
      const name = signatureOid === OID.rsaKey ? declaredDigest : RSA_DIGESTS[signatureOid];
      if (name === undefined || !Object.values(RSA_DIGESTS).includes(name)) return undefined;
      if (declaredDigest !== undefined && declaredDigest !== name) return undefined;
      return { family: name === 'sha1' ? 'rsa-sha1' : 'rsa', digest: name };
    }
    case 'unknown':
      return undefined;
  }
}

/** Every family a signature by this key and scheme belongs to. */
export function familiesOf(key: PublicKey, scheme: SignatureScheme): AlgorithmFamily[] {
  if (key.kind !== 'rsa') return [scheme.family];
  const short = key.bits < GOOD_RSA_BITS ? (['rsa-short'] as const) : [];
  return [scheme.family, ...short, ...(key.exponent < GOOD_EXPONENT ? (['rsa-low-exponent'] as const) : [])];
}

/** Outcomes of the last GOST verifications: a CMS is looked at first for what it lacks and then with the answers to that. */
const known = new Map<string, boolean>();
const MAX_KNOWN = 2_000;

function verifyGostOnce(family: GostFamily, point: AffinePoint, value: Uint8Array, signature: Uint8Array): boolean {
  const key = [family, point.x.toString(36), point.y.toString(36), toHex(value), toHex(signature)].join(' ');
  const before = known.get(key);
  if (before !== undefined) return before;
  const outcome = verifyGost(family, point, value, signature);
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value!);
  known.set(key, outcome);
  return outcome;
}

/** Verifies a signature over octets with the scheme that `schemeFor` chose for this key. */
export function verifySignature(key: PublicKey, scheme: SignatureScheme, signed: Uint8Array, signature: Uint8Array, work?: Work): boolean {
  work?.hash(scheme.digest, signed.length);
  const value = digest(scheme.digest, signed);
  switch (key.kind) {
    case 'gost2015':
    case 'gost2004':
      return verifyGostOnce(key.kind, key.point, value, signature);
    case 'rsa':
      return verifyRsa(key.key, key.modulusBytes, scheme.digest, value, signature);
    case 'unknown':
      return false;
  }
}

/** RSASSA-PKCS1-v1_5 by comparing with the only allowed encoding (RFC 8017 §8.2.2), so padding is never parsed. */
function verifyRsa(key: KeyObject, modulusBytes: number, name: DigestName, value: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== modulusBytes) return false;
  const info = sequence(algorithm(DIGEST_OIDS[name]), octetString(value));
  const padding = new Uint8Array(modulusBytes - info.length - 3).fill(0xff);
  const expected = concatBytes([Uint8Array.of(0, 1), padding, Uint8Array.of(0), info]);
  try {
    return equalBytes(publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.from(signature)), expected);
  } catch {
    return false; // the number is not below the modulus
  }
}
