import path from 'node:path';
import { toPem } from '../../signature';
import {
  generatePrivateKey,
  issueCertificate,
  type CertificateProfile,
  type Issuer,
  type PrivateKey,
  readPkcs8,
  subjectPublicKeyInfo,
  type SubjectFields,
  writePkcs8,
} from '../../signature/make';
import { parseCertificate, type Certificate } from '../../signature/x509/certificate';
import type { Role } from '../../signature/x509/roles';
import type { DemoCertificate, DemoOrganisation, DemoPerson } from '../demo-data';
import { readJson, writePrivate } from '../launcher/home';
import { type KeyringFile, type KeyUse, openKey, type StoredKey } from './keyring';

// A certification authority of the demonstration's own, with the certificates of NUC RK's generation of 2022: the same fields, usages, policies.

const dayMs = 24 * 3600 * 1000;
const authorityDays = 10 * 365;
const personDays = 365;
const timeStampingDays = 3 * 365;
const renewBeforeDays = 30;

type Algorithm = 'gost2015' | 'rsa';

interface StoredAuthority {
  certificate: string;
  privateKey: string;
}

/** The authority's private half: read only here. */
interface AuthorityFile {
  roots: Record<Algorithm, StoredAuthority>;
  issuers: Record<Algorithm, StoredAuthority>;
}

/** Paths of what a home's authority has made. */
export interface AuthorityFiles {
  /** Keys of the demonstration's people, for the NCALayer simulator. */
  keyring: string;
  /** The authority's certificates as PEM, for KENSE_TRUST_FILES. */
  trust: string;
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
}

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

/** The keys a person has: a personal one, the organisation's, and for some an RSA, an expired or an authentication key. */
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
    endedDaysAgo?: number,
  ): Wanted => ({
    id: `${person.login}-${suffix}`,
    use,
    algorithm,
    subject,
    profile,
    days: personDays,
    endedDaysAgo,
  });
  const keys = [
    key('personal', 'personal', 'gost2015', own, { kind: 'subject', roles: ['individual'] }),
    key('organisation', 'organisation', 'gost2015', forOrganisation, { kind: 'subject', roles }),
  ];
  if (person.certificate === 'first-head') keys.push(key('rsa', 'organisation', 'rsa', forOrganisation, { kind: 'subject', roles }));
  if (person.certificate === 'right-to-sign') {
    keys.push(key('expired', 'organisation', 'gost2015', forOrganisation, { kind: 'subject', roles }, 40));
    keys.push(key('authentication', 'authentication', 'rsa', own, { kind: 'authentication', roles: ['individual'] }));
  }
  return keys;
}

function makeRoot(algorithm: Algorithm, now: Date): StoredAuthority {
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

function openIssuer(stored: StoredAuthority): Issuer {
  return { certificate: parseCertificate(fromBase64(stored.certificate)), privateKey: readPkcs8(fromBase64(stored.privateKey)) };
}

function makeIssuer(algorithm: Algorithm, root: StoredAuthority): StoredAuthority {
  const parent = openIssuer(root);
  const privateKey = generatePrivateKey(algorithm);
  const certificate = issueCertificate(
    {
      subject: {
        name: algorithm === 'gost2015' ? 'KENSE DEMO ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST)' : 'KENSE DEMO ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA)',
      },
      publicKey: subjectPublicKeyInfo(privateKey),
      profile: { kind: 'ca' },
      notBefore: parent.certificate.notBefore,
      notAfter: parent.certificate.notAfter,
    },
    parent,
  );
  return { certificate: base64(certificate.der), privateKey: base64(writePkcs8(privateKey)) };
}

function makeAuthority(now: Date): AuthorityFile {
  const roots = { gost2015: makeRoot('gost2015', now), rsa: makeRoot('rsa', now) };
  return { roots, issuers: { gost2015: makeIssuer('gost2015', roots.gost2015), rsa: makeIssuer('rsa', roots.rsa) } };
}

function issueKey(wanted: Wanted, issuer: Issuer, now: Date): StoredKey {
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

/** Whether a stored key still is what is wanted: same person and organisation, the same authority, not about to expire. */
function stillServes(stored: StoredKey, wanted: Wanted, issuer: Certificate, now: Date): boolean {
  const { certificate } = openKey(stored);
  return (
    Buffer.compare(certificate.issuer.der, issuer.subject.der) === 0 &&
    certificate.person.iin === wanted.subject.iin &&
    certificate.person.bin === wanted.subject.bin &&
    (wanted.endedDaysAgo !== undefined || certificate.notAfter.getTime() > now.getTime() + renewBeforeDays * dayMs)
  );
}

const timeStamping: Wanted = {
  id: 'time-stamping',
  use: 'organisation',
  algorithm: 'gost2015',
  subject: { name: 'KENSE DEMO TIME-STAMPING AUTHORITY' },
  profile: { kind: 'tsa' },
  days: timeStampingDays,
};

/**
 * The authority and the keys of these people in a folder: made at the first call (some seconds), kept afterwards, renewed a month before they
 * expire. The files hold private keys of invented people and are readable by their owner alone.
 */
export function ensureAuthority(folder: string, organisations: readonly DemoOrganisation[], now: Date): AuthorityFiles {
  const files: AuthorityFiles = { keyring: path.join(folder, 'keyring.json'), trust: path.join(folder, 'demo-authority.pem') };
  const authorityFile = path.join(folder, 'authority.json');
  let authority = readJson<AuthorityFile>(authorityFile);
  if (!authority) {
    authority = makeAuthority(now);
    writePrivate(authorityFile, JSON.stringify(authority));
  }
  const issuers = { gost2015: openIssuer(authority.issuers.gost2015), rsa: openIssuer(authority.issuers.rsa) };
  const known = readJson<KeyringFile>(files.keyring);
  const kept = new Map([...(known?.keys ?? []), ...(known ? [known.timeStamping] : [])].map((key) => [key.id, key]));
  const keyFor = (wanted: Wanted): StoredKey => {
    const stored = kept.get(wanted.id);
    const issuer = issuers[wanted.algorithm];
    return stored && stillServes(stored, wanted, issuer.certificate, now) ? stored : issueKey(wanted, issuer, now);
  };
  const authorities = [authority.roots.gost2015, authority.roots.rsa, authority.issuers.gost2015, authority.issuers.rsa].map(
    (each) => each.certificate,
  );
  const wanted = organisations.flatMap((organisation) => organisation.people.flatMap((person) => keysOf(organisation, person)));
  const keyring: KeyringFile = { authorities, keys: wanted.map(keyFor), timeStamping: keyFor(timeStamping) };
  writePrivate(files.keyring, JSON.stringify(keyring));
  writePrivate(files.trust, authorities.map((der) => toPem('CERTIFICATE', fromBase64(der))).join(''));
  return files;
}
