import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import forge from 'node-forge';
import { type Home, writePrivate } from './home';

const validDays = 3650;
const renewBeforeDays = 30;
const dayMs = 24 * 3600 * 1000;

/** PEM files of a home's own certification authority and of the certificate its servers on loopback show. */
export interface TlsFiles {
  ca: string;
  certificate: string;
  key: string;
}

interface Subject {
  name: string;
  keys: { publicKey: forge.pki.PublicKey; privateKey: forge.pki.PrivateKey };
}

function makeKeys(): Subject['keys'] & { privatePem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicKey: forge.pki.publicKeyFromPem(publicKey), privateKey: forge.pki.privateKeyFromPem(privateKey), privatePem: privateKey };
}

function issue(subject: Subject, issuer: Subject, extensions: object[]): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = subject.keys.publicKey;
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - dayMs);
  certificate.validity.notAfter = new Date(Date.now() + validDays * dayMs);
  certificate.setSubject([{ name: 'commonName', value: subject.name }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer.name }]);
  certificate.setExtensions(extensions);
  certificate.sign(issuer.keys.privateKey as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

function stillGood(file: string): boolean {
  try {
    const certificate = forge.pki.certificateFromPem(fs.readFileSync(file, 'utf8'));
    return certificate.validity.notAfter.getTime() > Date.now() + renewBeforeDays * dayMs;
  } catch {
    return false;
  }
}

/** The home's TLS files, made at the first start and again before they expire. The authority's own key is not kept. */
export function tlsFilesOf(home: Home): TlsFiles {
  const files: TlsFiles = {
    ca: path.join(home.tls, 'ca.pem'),
    certificate: path.join(home.tls, 'server.pem'),
    key: path.join(home.tls, 'server.key'),
  };
  if (stillGood(files.ca) && stillGood(files.certificate) && fs.existsSync(files.key)) return files;
  const authority: Subject = { name: 'Kense demo servers', keys: makeKeys() };
  const keys = makeKeys();
  const ca = issue(authority, authority, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  const certificate = issue({ name: 'localhost', keys }, authority, [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        { type: 2, value: 'localhost' },
        { type: 7, ip: '127.0.0.1' },
      ],
    },
  ]);
  writePrivate(files.key, keys.privatePem);
  writePrivate(files.certificate, certificate);
  writePrivate(files.ca, ca);
  return files;
}
