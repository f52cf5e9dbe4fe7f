import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTrustStore, DOCUMENT_POLICY, parseCertificate, toPem, verifyCms, type Certificate } from '../../signature';
import {
  generatePrivateKey,
  issueCertificate,
  makeCms,
  signOctets,
  subjectPublicKeyInfo,
  type Issuer,
  type PrivateKey,
} from '../../signature/make';
import { checkSigned } from '../../signature/x509/certificate';
import { rounded } from '../measure';
import { duel, type Outcome } from './measure';
import { openssl, opensslSeconds, secondsOf } from './openssl';

const rounds = 15;

/**
 * GOST R 34.10-2012 of 512 bits: each side checks a pile of certificates against their issuer, reading, hashing and one signature each.
 * One `openssl verify` takes them all; what it takes for one certificate, its start, is taken off.
 */
export function measureGost(folder: string, small: boolean): Outcome {
  const count = small ? 150 : 500;
  const authority = authorityOf('gost2015');
  const publicKey = subjectPublicKeyInfo(generatePrivateKey('gost2015'));
  const ours = (): number => {
    const fresh = Array.from({ length: count }, () => certificateOf(authority, publicKey).der); // an outcome is remembered: none twice
    const seconds = secondsOf(() => {
      for (const der of fresh)
        if (checkSigned(parseCertificate(der).signed, authority.certificate.publicKey) !== 'good')
          throw new Error('a good certificate is refused');
    });
    return count / seconds;
  };
  const { ca, leaf } = opensslGostCertificates(folder);
  const verify = (times: number): number =>
    opensslSeconds('verify', '-engine', 'gost', '-CAfile', ca, ...Array.from({ length: times }, () => leaf));
  const result = duel(rounds, ours, () => count / (verify(count + 1) - verify(1)));
  const signings = small ? 200 : 1000;
  const octets = Buffer.from('what is signed');
  signOctets(authority.privateKey, octets); // makes the tables
  const signing =
    signings /
    secondsOf(() => {
      for (let i = 0; i < signings; i++) signOctets(authority.privateKey, octets);
    });
  return {
    rows: [
      ['GOST-2015 certificates checked a second', result.ours.toFixed(0), result.theirs.toFixed(0), result.ratio.toFixed(2)],
      ['GOST-2015 signatures made a second', signing.toFixed(0), '', ''],
    ],
    ratios: { gost_verify_vs_openssl: rounded(result.ratio) },
    values: {
      gost_verify_per_s: rounded(result.ours, 0),
      gost_verify_openssl_per_s: rounded(result.theirs, 0),
      gost_sign_per_s: rounded(signing, 0),
    },
  };
}

/** A CMS of RSA: in our process, as the server checks it, beside a process of `openssl cms -verify` each, as a script would. */
export function measureRsaCms(folder: string, small: boolean): Outcome {
  const authority = authorityOf('rsa');
  const signer = certified(authority, 'rsa');
  const content = Buffer.from('A contract, '.repeat(1000));
  const now = new Date();
  const cms = makeCms({ ...signer, document: { content, attached: false }, signingTime: now });
  const files = { ca: path.join(folder, 'rsa-ca.pem'), cms: path.join(folder, 'rsa.p7s'), content: path.join(folder, 'content') };
  writeFileSync(files.ca, toPem('CERTIFICATE', authority.certificate.der));
  writeFileSync(files.cms, cms);
  writeFileSync(files.content, content);
  const trust = createTrustStore([authority.certificate]);
  const count = small ? 100 : 500;
  const processes = small ? 5 : 15;
  const result = duel(
    rounds,
    () =>
      count /
      secondsOf(() => {
        for (let i = 0; i < count; i++)
          if (verifyCms(cms, { content, at: now, trust, policy: DOCUMENT_POLICY }).verdict === 'invalid')
            throw new Error('a good CMS is refused');
      }),
    () => {
      const purpose = ['-purpose', 'any', '-binary', '-out', path.join(folder, 'out')];
      const verify = ['cms', '-verify', '-inform', 'DER', '-in', files.cms, '-content', files.content, '-CAfile', files.ca, ...purpose];
      return processes / Array.from({ length: processes }, () => opensslSeconds(...verify)).reduce((a, b) => a + b);
    },
  );
  return {
    rows: [
      ['RSA CMS checked a second (OpenSSL: a process each)', result.ours.toFixed(0), result.theirs.toFixed(0), result.ratio.toFixed(2)],
    ],
    ratios: { rsa_cms_verify_vs_openssl: rounded(result.ratio) },
    values: { rsa_cms_verify_per_s: rounded(result.ours, 0), rsa_cms_verify_openssl_processes_per_s: rounded(result.theirs, 0) },
  };
}

const day = 86_400_000;
const validity = () => ({ notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) });

/** A self-signed authority. */
export function authorityOf(kind: PrivateKey['kind']): Issuer {
  const privateKey = generatePrivateKey(kind);
  const certificate = issueCertificate(
    { ...validity(), publicKey: subjectPublicKeyInfo(privateKey), subject: { name: 'Bench CA' }, profile: { kind: 'ca' } },
    { selfSigned: privateKey },
  );
  return { privateKey, certificate };
}

/** A person with a certificate of the authority. */
export function certified(authority: Issuer, kind: PrivateKey['kind']): { privateKey: PrivateKey; certificate: Certificate } {
  const privateKey = generatePrivateKey(kind);
  return { privateKey, certificate: certificateOf(authority, subjectPublicKeyInfo(privateKey)) };
}

/** A person's certificate with a number of its own for this key. */
function certificateOf(authority: Issuer, publicKey: Uint8Array): Certificate {
  const subject = { name: 'СЫНАҚ ТЕСТ', iin: '900101300017' };
  return issueCertificate({ ...validity(), publicKey, subject, profile: { kind: 'subject', roles: ['individual'] } }, authority);
}

/** OpenSSL's own authority and certificate with the Russian names of the same curve and digest: it does not know Kazakhstan's. */
function opensslGostCertificates(folder: string): { ca: string; leaf: string } {
  const file = (name: string): string => path.join(folder, name);
  const fresh = ['-engine', 'gost', '-newkey', 'gost2012_512', '-pkeyopt', 'paramset:A', '-md_gost12_512', '-nodes'];
  const [caKey, ca, request, leaf] = ['ca.key', 'ca.pem', 'leaf.csr', 'leaf.pem'].map(file) as [string, string, string, string];
  openssl('req', '-x509', ...fresh, '-keyout', caKey, '-out', ca, '-subj', '/CN=Bench CA', '-days', '2');
  openssl('req', '-new', ...fresh, '-keyout', file('leaf.key'), '-out', request, '-subj', '/CN=Bench');
  const issue = ['-engine', 'gost', '-md_gost12_512', '-in', request, '-CA', ca, '-CAkey', caKey, '-set_serial', '2'];
  openssl('x509', '-req', ...issue, '-days', '1', '-out', leaf);
  return { ca, leaf };
}
