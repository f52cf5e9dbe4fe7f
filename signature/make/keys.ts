import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as rsaSign, type KeyObject } from 'node:crypto';
import { Der, TAG } from '../asn1/der';
import { algorithm, bitString, integer, nil, octetString, oid, sequence } from '../asn1/write';
import { bigFromBytesLE, bytesFromBigLE } from '../bytes';
import { digest, type DigestName } from '../digests';
import { malformed } from '../errors';
import { CURVES, generateGostKey, publicPoint, signGost, writePublicKey, type GostFamily } from '../gost/gost3410';
import { OID } from '../oids';

/** A key that signs: for the demonstration authority, simulators, tests and the organisation's information-system key. */
export type PrivateKey = { readonly kind: GostFamily; readonly d: bigint } | { readonly kind: 'rsa'; readonly key: KeyObject };

interface Algorithms {
  readonly signature: string;
  readonly digest: DigestName;
}

/** Signature algorithm and digest that go with a key. */
export function algorithmsOf(key: PrivateKey): Algorithms {
  switch (key.kind) {
    case 'gost2015':
      return { signature: OID.gost2015Signature, digest: 'streebog512' };
    case 'gost2004':
      return { signature: OID.gost2004Signature, digest: 'gost34311' };
    case 'rsa':
      return { signature: OID.sha256WithRsa, digest: 'sha256' };
  }
}

/** A fresh key; RSA keys have 2048 bits. */
export function generatePrivateKey(kind: PrivateKey['kind']): PrivateKey {
  if (kind === 'rsa') return { kind, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey };
  return { kind, d: generateGostKey(kind).d };
}

/** Signs octets: r‖s for GOST, PKCS#1 v1.5 with SHA-256 for RSA. */
export function signOctets(key: PrivateKey, octets: Uint8Array): Uint8Array {
  if (key.kind === 'rsa') return Uint8Array.from(rsaSign('sha256', octets, key.key));
  return signGost(key.kind, key.d, digest(algorithmsOf(key).digest, octets));
}

/** SubjectPublicKeyInfo DER of the key's public half. */
export function subjectPublicKeyInfo(key: PrivateKey): Uint8Array {
  if (key.kind === 'rsa') return Uint8Array.from(createPublicKey(key.key).export({ type: 'spki', format: 'der' }));
  const point = writePublicKey(key.kind, publicPoint(key.kind, key.d));
  return sequence(keyAlgorithm(key.kind), bitString(octetString(point)));
}

function keyAlgorithm(kind: GostFamily): Uint8Array {
  return kind === 'gost2015'
    ? algorithm(OID.gost2015Key, sequence(oid(OID.gost2015Curve), oid(OID.streebog512)))
    : algorithm(OID.gost2004Key, sequence(oid(OID.gost2004Curve), oid(OID.gost34311Parameters)));
}

/** PrivateKeyInfo (RFC 5208) as NUC RK writes it: d little-endian in an OCTET STRING for 512 bits, an INTEGER for 256. */
export function writePkcs8(key: PrivateKey): Uint8Array {
  if (key.kind === 'rsa') return Uint8Array.from(key.key.export({ type: 'pkcs8', format: 'der' }));
  const inner = key.kind === 'gost2015' ? octetString(bytesFromBigLE(key.d, CURVES.gost2015.parameters.bytes)) : integer(key.d);
  return sequence(integer(0), keyAlgorithm(key.kind), octetString(inner));
}

/** Reads PrivateKeyInfo of a GOST or RSA key. Throws SignatureFormatError. */
export function readPkcs8(der: Uint8Array): PrivateKey {
  const fields = Der.parse(der).fields('PrivateKeyInfo');
  fields.next(TAG.INTEGER);
  const algorithmOid = fields.next(TAG.SEQUENCE).fields('AlgorithmIdentifier').next(TAG.OID).oid();
  const content = fields.next(TAG.OCTET_STRING).octets();
  switch (algorithmOid) {
    case OID.gost2015Key:
      return inRange('gost2015', bigFromBytesLE(Der.parse(content).octets()));
    case OID.gost2004Key:
      return inRange('gost2004', Der.parse(content).integer());
    case OID.rsaKey:
      return { kind: 'rsa', key: createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }) };
    default:
      throw malformed(`private keys of algorithm ${algorithmOid} are not supported`);
  }
}

function inRange(kind: GostFamily, d: bigint): PrivateKey {
  if (d <= 0n || d >= CURVES[kind].parameters.q) throw malformed('the private key is out of range');
  return { kind, d };
}

/** AlgorithmIdentifier of a signature by this key: every one of them has NULL parameters. */
export function signatureAlgorithm(key: PrivateKey): Uint8Array {
  return algorithm(algorithmsOf(key).signature, nil());
}
