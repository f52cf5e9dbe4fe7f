import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { toPem } from '../../signature';
import {
  type CertificateProfile,
  generatePrivateKey,
  issueCertificate,
  type Issuer,
  type PrivateKey,
  readPkcs8,
  type SubjectFields,
  subjectPublicKeyInfo,
  writePkcs8,
} from '../../signature/make';
import { type Certificate, parseCertificate } from '../../signature/x509/certificate';
import type { Role } from '../../signature/x509/roles';
import type { DemoCertificate, DemoOrganisation, DemoPerson } from '../demo-data';
import { readJson, writePrivate } from '../launcher/home';
import { type KeyringFile, type KeyUse, openKey, type StoredKey } from './keyring';
import { type AuthorityUrls, type IssuedCertificate, type NucFile, type StoredIssuer, urlsOf } from './nuc/keys';

// A certification authority of the demonstration's own, with the certificates of NUC RK's generation of 2022: the same fields, usages, policies.

const dayMs = 24 * 3600 * 1000;
const authorityDays = 10 * 365;
const personDays = 365;
const timeStampingDays = 3 * 365;
const renewBeforeDays = 30;

type Algorithm = 'gost2015' | 'rsa';

/** The certification authority's own half; the services of nuc.ts get it with theirs. */
interface AuthorityFile {
  roots: Record<Algorithm, StoredIssuer>;
  issuers: Record<Algorithm, StoredIssuer>;
}

/** Paths of what a home's authority has made. */
export interface AuthorityFiles {
  /** Keys of the demonstration's people, for the NCALayer simulator. */
  keyring: string;
  /** The authority's certificates as PEM, for KENSE_TRUST_FILES. */
  trust: string;
  /** Keys of its services and what it has issued, for the NUC simulator. */
  nuc: string;
}

interface Wanted {
  id: string;
  use: KeyUse;
  algorithm: Algorithm;
  subject: SubjectFields;
  profile: CertificateProfile;
  days: number;
  /** Ended this many days ago: for showing what an expired key leads to. */
  endedDaysAgo?: number;
  /** Revoked this many days ago: for showing what a revoked key leads to. */
  revokedDaysAgo?: number;
}

/** Whose extra key the demonstration has revoked. */
const revokedKeyOf = 'timur.ospanov';
const revokedDaysAgo = 3;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));

const roleOf: Record<DemoCertificate, Role> = {
  'first-head': 'first-head',
  'right-to-sign': 'signer',
  finance: 'financial-signer',
  'human-resources': 'hr',
  employee: 'employee',
};

function personFields(person: DemoPerson): SubjectFields {
  const upper = (text: string) => text.toLocaleUpperCase('kk');
  return {
    name: `${upper(person.lastName)} ${upper(person.firstName)}`,
    surname: upper(person.lastName),
    iin: person.iin,
    patronymic: upper(person.middleName),
    email: person.email.toUpperCase(),
  };
}

/** The keys a person has: a personal one, the organisation's, and for some an RSA, an expired, a revoked or an authentication key. */
function keysOf(organisation: DemoOrganisation, person: DemoPerson): Wanted[] {
  const own = personFields(person);
  const forOrganisation: SubjectFields = {
    ...own,
    organisation: organisation.name.replace('ТОО', 'ТОВАРИЩЕСТВО С ОГРАНИЧЕННОЙ ОТВЕТСТВЕННОСТЬЮ'),
    bin: organisation.bin,
  };
  const roles: Role[] = ['legal-entity', roleOf[person.certificate]];
  const key = (
    suffix: string,
    use: KeyUse,
    algorithm: Algorithm,
    subject: SubjectFields,
    profile: CertificateProfile,
    past: Pick<Wanted, 'endedDaysAgo' | 'revokedDaysAgo'> = {},
  ): Wanted => ({
    id: `${person.login}-${suffix}`,
    use,
    algorithm,
    subject,
    profile,
    days: personDays,
    ...past,
  });
  const keys = [
    key('personal', 'personal', 'gost2015', own, { kind: 'subject', roles: ['individual'] }),
    key('organisation', 'organisation', 'gost2015', forOrganisation, { kind: 'subject', roles }),
  ];
  if (person.certificate === 'first-head') keys.push(key('rsa', 'organisation', 'rsa', forOrganisation, { kind: 'subject', roles }));
  if (person.certificate === 'right-to-sign') {
    keys.push(key('expired', 'organisation', 'gost2015', forOrganisation, { kind: 'subject', roles }, { endedDaysAgo: 40 }));
    keys.push(key('authentication', 'authentication', 'rsa', own, { kind: 'authentication', roles: ['individual'] }));
  }
  if (person.login === revokedKeyOf)
    keys.push(key('revoked', 'organisation', 'gost2015', forOrganisation, { kind: 'subject', roles }, { revokedDaysAgo }));
  return keys;
}

function makeRoot(algorithm: Algorithm, now: Date): StoredIssuer {
  const privateKey = generatePrivateKey(algorithm);
  const certificate = issueCertificate(
    {
      subject: {
        name: algorithm === 'gost2015' ? 'KENSE DEMO НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST)' : 'KENSE DEMO НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA)',
      },
      publicKey: subjectPublicKeyInfo(privateKey),
      profile: { kind: 'ca' },
      notBefore: new Date(now.getTime() - 60 * dayMs - personDays * dayMs),
      notAfter: new Date(now.getTime() + authorityDays * dayMs),
    },
    { selfSigned: privateKey },
  );
  return { certificate: base64(certificate.der), privateKey: base64(writePkcs8(privateKey)) };
}

function openIssuer(stored: StoredIssuer): Issuer {
  return { certificate: parseCertificate(fromBase64(stored.certificate)), privateKey: readPkcs8(fromBase64(stored.privateKey)) };
}

function makeIssuer(algorithm: Algorithm, root: StoredIssuer, urls: AuthorityUrls | undefined): StoredIssuer {
  return certifyIssuer(algorithm, generatePrivateKey(algorithm), root, urls);
}

/** A certificate of the issuing authority for this key; certified again it keeps name and key, so what it has issued stays good. */
function certifyIssuer(algorithm: Algorithm, privateKey: PrivateKey, root: StoredIssuer, urls: AuthorityUrls | undefined): StoredIssuer {
  const parent = openIssuer(root);
  const certificate = issueCertificate(
    {
      subject: {
        name: algorithm === 'gost2015' ? 'KENSE DEMO ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST)' : 'KENSE DEMO ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA)',
      },
      publicKey: subjectPublicKeyInfo(privateKey),
      profile: { kind: 'ca' },
      notBefore: parent.certificate.notBefore,
      notAfter: parent.certificate.notAfter,
      urls,
      serial: BigInt(`0x5${randomBytes(15).toString('hex')}`),
    },
    parent,
  );
  return { certificate: base64(certificate.der), privateKey: base64(writePkcs8(privateKey)) };
}

function makeAuthority(now: Date, nucUrl: string | undefined): AuthorityFile {
  const roots = { gost2015: makeRoot('gost2015', now), rsa: makeRoot('rsa', now) };
  const issuer = (algorithm: Algorithm) => makeIssuer(algorithm, roots[algorithm], nucUrl ? urlsOf(nucUrl, algorithm, 'root') : undefined);
  return { roots, issuers: { gost2015: issuer('gost2015'), rsa: issuer('rsa') } };
}

/** The same authority with the addresses of its lists as they are now. */
function readdressed({ roots, issuers }: AuthorityFile, nucUrl: string | undefined): AuthorityFile {
  const fresh = (algorithm: Algorithm): StoredIssuer => {
    const stored = issuers[algorithm];
    const { certificate, privateKey } = openIssuer(stored);
    const urls = nucUrl ? urlsOf(nucUrl, algorithm, 'root') : undefined;
    return !urls || certificate.crlUrls[0] === urls.crl ? stored : certifyIssuer(algorithm, privateKey, roots[algorithm], urls);
  };
  return { roots, issuers: { gost2015: fresh('gost2015'), rsa: fresh('rsa') } };
}

function issueKey(wanted: Wanted, issuer: Issuer, now: Date, urls: AuthorityUrls | undefined): StoredKey {
  const privateKey: PrivateKey = generatePrivateKey(wanted.algorithm);
  const end = wanted.endedDaysAgo === undefined ? now.getTime() + wanted.days * dayMs : now.getTime() - wanted.endedDaysAgo * dayMs;
  const certificate = issueCertificate(
    {
      subject: wanted.subject,
      publicKey: subjectPublicKeyInfo(privateKey),
      profile: wanted.profile,
      // Not a moment before its authority, not a moment after now.
      notBefore: new Date(Math.max(end - (wanted.days + 1) * dayMs, issuer.certificate.notBefore.getTime())),
      notAfter: new Date(end),
      urls,
    },
    issuer,
  );
  return {
    id: wanted.id,
    use: wanted.use,
    algorithm: wanted.algorithm,
    certificate: base64(certificate.der),
    privateKey: base64(writePkcs8(privateKey)),
  };
}

/** Whether a stored key still is what is wanted: same person and organisation, the same authority at the same address, not about to expire. */
function stillServes(stored: StoredKey, wanted: Wanted, issuer: Certificate, now: Date, urls: AuthorityUrls | undefined): boolean {
  const { certificate } = openKey(stored);
  return (
    Buffer.compare(certificate.issuer.der, issuer.subject.der) === 0 &&
    certificate.person.iin === wanted.subject.iin &&
    certificate.person.bin === wanted.subject.bin &&
    (urls === undefined || certificate.ocspUrls[0] === urls.ocsp) &&
    (wanted.endedDaysAgo !== undefined || certificate.notAfter.getTime() > now.getTime() + renewBeforeDays * dayMs)
  );
}

/** Keys of the authority's services, a pair of each. */
const service = (id: string, algorithm: Algorithm, name: string, kind: 'tsa' | 'ocsp', days: number): Wanted => ({
  id: algorithm === 'rsa' ? `${id}-rsa` : id,
  use: 'organisation',
  algorithm,
  subject: { name },
  profile: { kind },
  days,
});

const timeStamping = (algorithm: Algorithm): Wanted =>
  service('time-stamping', algorithm, 'KENSE DEMO TIME-STAMPING AUTHORITY', 'tsa', timeStampingDays);
const responder = (algorithm: Algorithm): Wanted => service('ocsp-responder', algorithm, 'KENSE DEMO OCSP RESPONDER', 'ocsp', personDays);

/** Everything ever issued, what is revoked from the start marked so; certificates that were replaced stay known. */
function ledger(
  known: readonly IssuedCertificate[],
  keys: readonly StoredKey[],
  wanted: readonly Wanted[],
  now: Date,
): IssuedCertificate[] {
  const bySerial = new Map(known.map((entry) => [entry.serial, entry]));
  for (const stored of keys) {
    const { certificate } = openKey(stored);
    const serial = certificate.serial.toString(16);
    const past = wanted.find(({ id }) => id === stored.id)?.revokedDaysAgo;
    const revoked = past === undefined ? {} : { revokedAt: new Date(now.getTime() - past * dayMs).toISOString() };
    if (!bySerial.has(serial)) bySerial.set(serial, { serial, algorithm: stored.algorithm, id: stored.id, ...revoked });
  }
  return [...bySerial.values()];
}

/**
 * The authority and the keys of these people in a folder: made at the first call (some seconds), kept afterwards, renewed a month before they
 * expire. `nucUrl` is the address of the NUC simulator that the certificates name. The files hold private keys of invented people and are
 * readable by their owner alone.
 */
export function ensureAuthority(folder: string, organisations: readonly DemoOrganisation[], now: Date, nucUrl?: string): AuthorityFiles {
  const files: AuthorityFiles = {
    keyring: path.join(folder, 'keyring.json'),
    trust: path.join(folder, 'demo-authority.pem'),
    nuc: path.join(folder, 'nuc.json'),
  };
  const authorityFile = path.join(folder, 'authority.json');
  const stored = readJson<AuthorityFile>(authorityFile);
  const authority = stored ? readdressed(stored, nucUrl) : makeAuthority(now, nucUrl);
  if (JSON.stringify(authority) !== JSON.stringify(stored)) writePrivate(authorityFile, JSON.stringify(authority));
  const issuers = { gost2015: openIssuer(authority.issuers.gost2015), rsa: openIssuer(authority.issuers.rsa) };
  const known = readJson<KeyringFile>(files.keyring);
  const nuc = readJson<NucFile>(files.nuc);
  const ours = nuc ? [...Object.values(nuc.responders), ...Object.values(nuc.timeStamping)] : [];
  const kept = new Map([...(known?.keys ?? []), ...(known ? [known.timeStamping] : []), ...ours].map((key) => [key.id, key]));
  const keyFor = (wanted: Wanted): StoredKey => {
    const earlier = kept.get(wanted.id);
    const issuer = issuers[wanted.algorithm];
    const urls = nucUrl ? urlsOf(nucUrl, wanted.algorithm, 'issuer') : undefined;
    return earlier && stillServes(earlier, wanted, issuer.certificate, now, urls) ? earlier : issueKey(wanted, issuer, now, urls);
  };
  const pair = (wanted: (algorithm: Algorithm) => Wanted) => ({ gost2015: keyFor(wanted('gost2015')), rsa: keyFor(wanted('rsa')) });
  const authorities = [authority.roots.gost2015, authority.roots.rsa, authority.issuers.gost2015, authority.issuers.rsa].map(
    (each) => each.certificate,
  );
  const wanted = organisations.flatMap((organisation) => organisation.people.flatMap((person) => keysOf(organisation, person)));
  const services = { responders: pair(responder), timeStamping: pair(timeStamping) };
  const keyring: KeyringFile = { authorities, keys: wanted.map(keyFor), timeStamping: services.timeStamping.gost2015 };
  const all = [...keyring.keys, ...Object.values(services.responders), ...Object.values(services.timeStamping)];
  const nucFile: NucFile = { ...authority, ...services, issued: ledger(nuc?.issued ?? [], all, wanted, now) };
  writePrivate(files.keyring, JSON.stringify(keyring));
  writePrivate(files.nuc, JSON.stringify(nucFile));
  writePrivate(files.trust, authorities.map((der) => toPem('CERTIFICATE', fromBase64(der))).join(''));
  return files;
}
