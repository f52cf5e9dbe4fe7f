import { readPkcs8, type PrivateKey } from '../../signature/make';
import { parseCertificate, type Certificate } from '../../signature/x509/certificate';

/** What a key of the demonstration is for. */
export type KeyUse = 'personal' | 'organisation' | 'authentication';

/** One key as it is kept in keyring.json. */
export interface StoredKey {
  /** Speaking and stable: `aidar.nurlanov-organisation`. */
  id: string;
  use: KeyUse;
  algorithm: 'gost2015' | 'rsa';
  /** Base64 of the certificate's DER. */
  certificate: string;
  /** Base64 of PrivateKeyInfo. */
  privateKey: string;
}

/** What keyring.json holds; written by the demonstration's certification authority, read by the NCALayer simulator. */
export interface KeyringFile {
  /** Base64 DER of the authority's certificates, roots first. */
  authorities: string[];
  keys: StoredKey[];
  /** The time-stamping authority's key. */
  timeStamping: StoredKey;
}

/** A key ready to sign with. */
export interface DemoKey {
  id: string;
  use: KeyUse;
  algorithm: 'gost2015' | 'rsa';
  certificate: Certificate;
  privateKey: PrivateKey;
}

export interface Keyring {
  authorities: Certificate[];
  keys: DemoKey[];
  timeStamping: DemoKey;
}

const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

/** The key of a stored one; throws when it is damaged. */
export function openKey(stored: StoredKey): DemoKey {
  return {
    id: stored.id,
    use: stored.use,
    algorithm: stored.algorithm,
    certificate: parseCertificate(bytes(stored.certificate)),
    privateKey: readPkcs8(bytes(stored.privateKey)),
  };
}

export function openKeyring(file: KeyringFile): Keyring {
  return {
    authorities: file.authorities.map((der) => parseCertificate(bytes(der))),
    keys: file.keys.map(openKey),
    timeStamping: openKey(file.timeStamping),
  };
}
