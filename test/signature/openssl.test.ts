import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DOCUMENT_POLICY, createTrustStore, toPem, verifyCms } from '../../signature';
import { Der } from '../../signature/asn1/der';
import { bitString, oid, sequence } from '../../signature/asn1/write';
import { fromHex, toHex } from '../../signature/bytes';
import { digest } from '../../signature/digests';
import { generateGostKey, readPublicKey, signGost, verifyGost, writePublicKey } from '../../signature/gost/gost3410';
import {
  generatePrivateKey,
  issueCertificate,
  issueCrl,
  makeCms,
  makeTimeStamp,
  subjectPublicKeyInfo,
  writePkcs8,
  type CertificateProfile,
  type Issuer,
} from '../../signature/make';
import { octetString } from '../../signature/asn1/write';
import { fixture, openP12 } from './support/fixtures';

const NOW = new Date(Math.floor(Date.now() / 1000) * 1000);
const FROM = new Date(NOW.getTime() - 86_400_000);
const TO = new Date(NOW.getTime() + 365 * 86_400_000);
const content = Buffer.from('Құжат мәтіні\r\nбез изменений\n');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'kense-openssl-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, bytes?: Uint8Array | string): string {
  const full = path.join(directory, name);
  if (bytes !== undefined) writeFileSync(full, bytes);
  return full;
}

function openssl(...args: string[]): { status: number | null; output: string } {
  const run = spawnSync('openssl', args, { encoding: 'utf8' });
  return { status: run.status, output: `${run.stdout}${run.stderr}` };
}

const engine = openssl('engine', '-t', 'gost').output.includes('[ available ]');
if (!engine) process.stderr.write('openssl.test: the gost engine of OpenSSL is not installed, its cross-checks are skipped\n');
const withEngine = engine ? test : test.skip;

function rsaAuthority(): Issuer {
  const privateKey = generatePrivateKey('rsa');
  const order = {
    subject: { name: 'RSA CA' },
    publicKey: subjectPublicKeyInfo(privateKey),
    profile: { kind: 'ca' } as const,
    notBefore: FROM,
    notAfter: TO,
  };
  return { privateKey, certificate: issueCertificate(order, { selfSigned: privateKey }) };
}

function certified(ca: Issuer, profile: CertificateProfile): Issuer {
  const privateKey = generatePrivateKey('rsa');
  const order = {
    subject: { name: 'СЫНАҚ ТЕСТ', iin: '900101300017' },
    publicKey: subjectPublicKeyInfo(privateKey),
    profile,
    notBefore: FROM,
    notAfter: TO,
  };
  return { privateKey, certificate: issueCertificate(order, ca) };
}

describe('RSA, both ways', () => {
  const ca = rsaAuthority();
  const signer = certified(ca, { kind: 'subject', roles: ['individual'] });
  const trust = createTrustStore([ca.certificate]);
  const caFile = (): string => file('ca.pem', toPem('CERTIFICATE', ca.certificate.der));

  test.each([true, false])('OpenSSL verifies what we sign, ESS attribute included (attached: %s)', (attached) => {
    const cms = file('ours.p7s', makeCms({ ...signer, document: { content, attached }, signingTime: NOW }));
    const verify = (document: Uint8Array): number | null => {
      const detached = attached ? [] : ['-content', file('document', document)];
      const args = ['-inform', 'DER', '-in', cms, '-CAfile', caFile(), '-purpose', 'any', '-out', file('out')];
      return openssl('cms', '-verify', '-cades', '-binary', ...args, ...detached).status;
    };
    expect(verify(content)).toBe(0);
    expect(readFileSync(file('out')).equals(content)).toBe(true);
    if (!attached) expect(verify(Buffer.from('another'))).not.toBe(0);
  });

  test.each(['sha256', 'sha384', 'sha512'])('we verify what OpenSSL signs with %s', (md) => {
    const key = file('key.pem', toPem('PRIVATE KEY', writePkcs8(signer.privateKey)));
    const cert = file('cert.pem', toPem('CERTIFICATE', signer.certificate.der));
    const args = [
      '-sign',
      '-binary',
      '-cades',
      '-md',
      md,
      '-signer',
      cert,
      '-inkey',
      key,
      '-in',
      file('document', content),
      '-outform',
      'DER',
      '-out',
      file('theirs.p7s'),
    ];
    expect(openssl('cms', ...args).status).toBe(0);
    const cms = readFileSync(file('theirs.p7s'));
    const at = new Date(NOW.getTime() + 60_000);
    expect(verifyCms(cms, { content, at, trust, policy: DOCUMENT_POLICY })).toMatchObject({
      verdict: 'valid',
      signers: [{ level: 'CAdES-BES' }],
    });
    expect(verifyCms(cms, { content: Buffer.from('another'), at, trust, policy: DOCUMENT_POLICY }).code).toBe('digest.mismatch');
  });

  test('we read OpenSSL’s streamed BER and its PEM', () => {
    const key = file('key.pem', toPem('PRIVATE KEY', writePkcs8(signer.privateKey)));
    const cert = file('cert.pem', toPem('CERTIFICATE', signer.certificate.der));
    const large = randomBytes(100_000);
    const args = [
      '-sign',
      '-binary',
      '-nodetach',
      '-stream',
      '-signer',
      cert,
      '-inkey',
      key,
      '-in',
      file('large', large),
      '-outform',
      'DER',
      '-out',
      file('ber.p7s'),
    ];
    expect(openssl('cms', ...args).status).toBe(0);
    const ber = readFileSync(file('ber.p7s'));
    expect(ber[1]).toBe(0x80);
    const input = { at: new Date(NOW.getTime() + 60_000), trust, policy: DOCUMENT_POLICY };
    expect(verifyCms(ber, { ...input, content: large })).toMatchObject({ verdict: 'valid', attached: true });
    expect(verifyCms(ber, { ...input, content: large.subarray(1) }).code).toBe('content.mismatch');
  });

  test('OpenSSL verifies our time-stamp tokens', () => {
    const tsa = certified(ca, { kind: 'tsa' });
    const token = makeTimeStamp({ ...tsa, imprint: { algorithm: 'sha256', value: digest('sha256', content) }, genTime: NOW, nonce: 5n });
    const verify = (data: Uint8Array): number | null =>
      openssl('ts', '-verify', '-token_in', '-in', file('token', token), '-data', file('data', data), '-CAfile', caFile()).status;
    expect(verify(content)).toBe(0);
    expect(verify(Buffer.from('another'))).not.toBe(0);
  });

  test('OpenSSL follows our lists: revoked is revoked, others are not', () => {
    const other = certified(ca, { kind: 'subject', roles: ['individual'] });
    const list = issueCrl(
      {
        thisUpdate: FROM,
        nextUpdate: TO,
        number: 1n,
        revoked: [{ serial: signer.certificate.serial, revokedAt: NOW, reason: 'superseded' }],
      },
      ca,
    );
    const crl = file('list.pem', toPem('X509 CRL', list.der));
    const verify = (subject: Issuer): { status: number | null; output: string } =>
      openssl(
        'verify',
        '-CAfile',
        caFile(),
        '-crl_check',
        '-CRLfile',
        crl,
        file('subject.pem', toPem('CERTIFICATE', subject.certificate.der)),
      );
    expect(verify(signer).output).toContain('certificate revoked');
    expect(verify(other).status).toBe(0);
  });
});

describe('GOST', () => {
  test('OpenSSL parses our CMS made with a key of NUC RK', () => {
    const cms = makeCms({ ...openP12('2026-individual_valid'), document: { content, attached: true }, signingTime: NOW });
    const { status, output } = openssl('cms', '-cmsout', '-print', '-noout', '-inform', 'DER', '-in', file('gost.p7s', cms));
    expect(status).toBe(0);
    expect(output).toContain('1.2.398.3.10.1.1.2.3.2');
  });

  withEngine('Streebog and GOST 34.311-95 agree with the engine on random data of odd sizes', () => {
    const samples = [0, 1, 63, 64, 65, 127, 128, 1000, 4097].map((size) => randomBytes(size)).concat(Buffer.alloc(640, 0xff));
    for (const data of samples) {
      const digestOf = (name: string): string =>
        openssl('dgst', '-engine', 'gost', `-${name}`, '-r', file('data', data)).output.match(/[0-9a-f]{64,128}/)![0];
      expect(toHex(digest('streebog512', data))).toBe(digestOf('md_gost12_512'));
      expect(toHex(digest('streebog256', data))).toBe(digestOf('md_gost12_256'));
    }
  });

  /** The same key under the Russian identifiers: the engine knows no others. */
  function relabelled(point: Uint8Array): string {
    const identifier = sequence(oid('1.2.643.7.1.1.1.2'), sequence(oid('1.2.643.7.1.2.1.2.1')));
    return toPem('PUBLIC KEY', sequence(identifier, bitString(octetString(point))));
  }

  function engineVerifies(point: Uint8Array, signature: Uint8Array, data: Uint8Array): boolean {
    const args = ['-verify', file('pub.pem', relabelled(point)), '-signature', file('sig', signature), file('data', data)];
    return openssl('dgst', '-engine', 'gost', '-md_gost12_512', ...args).output.includes('Verified OK');
  }

  const reversed = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes).reverse();

  withEngine('the engine verifies our signatures, reversed as a whole, and no others', () => {
    for (let i = 0; i < 4; i++) {
      const { d, publicKey } = generateGostKey('gost2015');
      const data = randomBytes(100 + i);
      const signature = signGost('gost2015', d, digest('streebog512', data));
      const point = writePublicKey('gost2015', publicKey);
      expect(engineVerifies(point, reversed(signature), data)).toBe(true);
      expect(engineVerifies(point, signature, data)).toBe(false);
      expect(engineVerifies(point, reversed(signature), randomBytes(50))).toBe(false);
    }
  });

  withEngine('the engine verifies the certificate of NUC RK’s production CA', () => {
    const pem = Buffer.from(fixture('ca/prod-nca-gost2022.pem')).toString();
    const nca = Der.parse(Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64')).children;
    const rootPem = Buffer.from(fixture('ca/prod-root-gost2022.pem')).toString();
    const root = Der.parse(Buffer.from(rootPem.replace(/-----.*-----|\s/g, ''), 'base64')).children[0]!.children;
    const point = root[6]!.children[1]!.bitOctets().subarray(3);
    expect(engineVerifies(point, reversed(nca[2]!.bitOctets()), nca[0]!.bytes)).toBe(true);
  });

  withEngine('we verify what the engine signs', () => {
    const key = file('gost.pem');
    const made = openssl('genpkey', '-engine', 'gost', '-algorithm', 'gost2012_512', '-pkeyopt', 'paramset:A', '-out', key);
    expect(made.status).toBe(0);
    expect(openssl('pkey', '-engine', 'gost', '-in', key, '-pubout', '-outform', 'DER', '-out', file('gost.spki')).status).toBe(0);
    const spki = Der.parse(readFileSync(file('gost.spki')))
      .children[1]!.bitOctets()
      .subarray(3);
    const publicKey = readPublicKey('gost2015', spki)!;
    for (let i = 0; i < 4; i++) {
      const data = randomBytes(64 * i + i);
      expect(openssl('dgst', '-engine', 'gost', '-md_gost12_512', '-sign', key, '-out', file('sig'), file('data', data)).status).toBe(0);
      const signature = reversed(readFileSync(file('sig')));
      expect(verifyGost('gost2015', publicKey, digest('streebog512', data), signature)).toBe(true);
      expect(verifyGost('gost2015', publicKey, digest('streebog512', fromHex('00')), signature)).toBe(false);
    }
  });
});
