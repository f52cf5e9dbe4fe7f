import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import forge from 'node-forge';

type Party = { name: string; publicKey: forge.pki.PublicKey; privateKey: forge.pki.PrivateKey; privatePem: string };

function makeParty(name: string): Party {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    name,
    publicKey: forge.pki.publicKeyFromPem(publicKey),
    privateKey: forge.pki.privateKeyFromPem(privateKey),
    privatePem: privateKey,
  };
}

function issue(subject: Party, issuer: Party, extensions: object[]): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = subject.publicKey;
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  certificate.setSubject([{ name: 'commonName', value: subject.name }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer.name }]);
  certificate.setExtensions(extensions);
  certificate.sign(issuer.privateKey as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

/** PEM files of an authority, of a server named `localhost`, of one with another name, and of a client; and a stranger's authority. */
export type TestTls = {
  folder: string;
  ca: string;
  strangersCa: string;
  server: { cert: string; key: string };
  misnamed: { cert: string; key: string };
  client: { cert: string; key: string };
  remove(): void;
};

/** Makes them in a folder of their own. */
export function makeTls(): TestTls {
  const folder = mkdtempSync(path.join(tmpdir(), 'kense-tls-'));
  const keep = (name: string, pem: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, pem, { mode: 0o600 });
    return file;
  };
  const authority = makeParty('Kense test servers');
  const stranger = makeParty('Somebody else');
  const caTraits = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ];
  const end = (file: string, name: string, usage: object, altNames: object[]) => {
    const party = makeParty(name);
    const pem = issue(party, authority, [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', ...usage },
      ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
    ]);
    return { cert: keep(`${file}.pem`, pem), key: keep(`${file}.key`, party.privatePem) };
  };
  return {
    folder,
    ca: keep('ca.pem', issue(authority, authority, caTraits)),
    strangersCa: keep('stranger.pem', issue(stranger, stranger, caTraits)),
    server: end('server', 'localhost', { serverAuth: true }, [{ type: 2, value: 'localhost' }]),
    misnamed: end('misnamed', 'elsewhere.example', { serverAuth: true }, [{ type: 2, value: 'elsewhere.example' }]),
    client: end('client', 'kense', { clientAuth: true }, []),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
