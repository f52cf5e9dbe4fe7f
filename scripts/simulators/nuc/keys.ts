import type { Issuer, Signer } from '../../../signature/make';
import { readPkcs8 } from '../../../signature/make';
import { parseCertificate } from '../../../signature/x509/certificate';
import { openKey, type StoredKey } from '../keyring';

export const ALGORITHMS = ['gost2015', 'rsa'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** A certification authority as it is kept. */
export interface StoredIssuer {
  /** Base64 of the certificate's DER. */
  certificate: string;
  /** Base64 of PrivateKeyInfo. */
  privateKey: string;
}

/** One certificate the authority has issued. */
export interface IssuedCertificate {
  /** Lower-case hex. */
  serial: string;
  algorithm: Algorithm;
  /** Speaking: `aidar.nurlanov-organisation`. */
  id: string;
  /** ISO 8601; revoked from the start. */
  revokedAt?: string;
}

/** What nuc.json holds; written with the demonstration's keys, read by the NUC simulator. */
export interface NucFile {
  roots: Record<Algorithm, StoredIssuer>;
  issuers: Record<Algorithm, StoredIssuer>;
  responders: Record<Algorithm, StoredKey>;
  timeStamping: Record<Algorithm, StoredKey>;
  issued: IssuedCertificate[];
}

/** The authority and its services, ready to sign. */
export interface NucKeys {
  roots: Record<Algorithm, Issuer>;
  issuers: Record<Algorithm, Issuer>;
  responders: Record<Algorithm, Signer>;
  timeStamping: Record<Algorithm, Signer>;
  issued: readonly IssuedCertificate[];
}

const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));
const openIssuer = (stored: StoredIssuer): Issuer => ({
  certificate: parseCertificate(bytes(stored.certificate)),
  privateKey: readPkcs8(bytes(stored.privateKey)),
});

function both<T, U>(pair: Record<Algorithm, T>, open: (stored: T) => U): Record<Algorithm, U> {
  return { gost2015: open(pair.gost2015), rsa: open(pair.rsa) };
}

/** Opens what nuc.json holds. */
export function openNucKeys(file: NucFile): NucKeys {
  return {
    roots: both(file.roots, openIssuer),
    issuers: both(file.issuers, openIssuer),
    responders: both(file.responders, openKey),
    timeStamping: both(file.timeStamping, openKey),
    issued: file.issued,
  };
}

/** Addresses a certificate names; the fields of the engine's order. */
export interface AuthorityUrls {
  crl: string;
  deltaCrl?: string;
  ocsp?: string;
  issuer: string;
}

const nameOf = (algorithm: Algorithm): string => (algorithm === 'gost2015' ? 'gost' : 'rsa');

/** Paths of the files of an authority, named as NUC RK names its own. */
export const pathsOf = (algorithm: Algorithm, by: 'root' | 'issuer') => {
  const name = `${by === 'root' ? 'root' : 'nca'}_${nameOf(algorithm)}`;
  return {
    certificate: `/ca/${name}.cer`,
    base: `/crl/${name}.crl`,
    delta: by === 'root' ? undefined : `/crl/nca_d_${nameOf(algorithm)}.crl`,
  };
};

/** What certificates issued by the root or by the issuing authority say about where to ask; only the latter has a responder and deltas. */
export function urlsOf(nucUrl: string, algorithm: Algorithm, by: 'root' | 'issuer'): AuthorityUrls {
  const { certificate, base, delta } = pathsOf(algorithm, by);
  const own = { crl: nucUrl + base, issuer: nucUrl + certificate };
  return delta ? { ...own, deltaCrl: nucUrl + delta, ocsp: `${nucUrl}/ocsp` } : own;
}

/** All lists, for KENSE_CRL_URLS. */
export function listUrls(nucUrl: string): string[] {
  return ALGORITHMS.flatMap((algorithm) => {
    const { base, delta } = pathsOf(algorithm, 'issuer');
    return [base, delta, pathsOf(algorithm, 'root').base].flatMap((each) => (each ? [nucUrl + each] : []));
  });
}
