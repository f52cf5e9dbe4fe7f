import { accessSync, constants, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { defaultTemplates, type PhoneLinkTemplates } from '../domain/phone/links';
import { type PhoneAuthType, phoneAuthTypes, type PhoneSignMethod } from '../domain/phone/session';
import { looksRandom, readSecretKeys, type SecretKeys } from '../domain/secret-keys';
import type { DirectoryOptions } from '../integrations/directory/directory';

const splitList = (list: string): string[] =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);

/** Settings come from KENSE_* variables; a name ending in _FILE gives the path of a file that holds the value (systemd credentials). */
const text = z.string().min(1);
const port = z.string().regex(/^(\[?[0-9a-fA-F:.]+\]?|[a-z0-9.-]+):\d{1,5}$/, 'host:port is wanted, e.g. 127.0.0.1:8080');
const flag = z.enum(['0', '1']).transform((v) => v === '1');
const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const secretKeys = z.string().transform((value, context) => {
  const read = readSecretKeys(value);
  if (read.ok) return read.keys;
  context.addIssue({ code: 'custom', message: read.problem });
  return z.NEVER;
});

const webAddress = z.url({ protocol: /^https?$/ }).transform((v) => v.replace(/\/+$/, ''));

/** Addresses separated by commas; none is fine. */
const webAddresses = z
  .string()
  .refine((list) => splitList(list).every((one) => webAddress.safeParse(one).success), 'http addresses separated by commas are wanted');

/** A link of an application on the phone; `{link}` is where the encoded address goes. */
const linkTemplate = z.string().regex(/^https?:\/\/.*\{link\}/, 'an http address with {link} in it is wanted');

const schema = z.object({
  PUBLIC_URL: webAddress,
  LISTEN: port,
  DATABASE_URL: z.url({ protocol: /^mysql$/ }),
  DATABASE_TLS: flag.default(false),
  DATABASE_CA_FILE: text.optional(),
  DATABASE_CERT_FILE: text.optional(),
  DATABASE_KEY_FILE: text.optional(),
  TEMPORAL_ADDRESS: port,
  TEMPORAL_NAMESPACE: text.default('default'),
  TEMPORAL_TLS: flag.default(false),
  TEMPORAL_CA_FILE: text.optional(),
  TEMPORAL_SERVER_NAME: text.optional(),
  TEMPORAL_CERT_FILE: text.optional(),
  TEMPORAL_KEY_FILE: text.optional(),
  TEMPORAL_API_KEY: text.optional(),
  TEMPORAL_OLD_PAYLOADS: flag.default(false),
  S3_ENDPOINT: webAddress,
  S3_ACCESS_KEY: text,
  S3_SECRET_KEY: text,
  S3_BUCKET: text.default('kense'),
  S3_REGION: text.default('us-east-1'),
  S3_CA_FILE: text.optional(),
  AUDIT_BUCKET: text.optional(),
  AUDIT_RETENTION_DAYS: wholeNumber(1, 36_500).default(1_825),
  LDAP_URL: z.url({ protocol: /^ldaps?$/ }).optional(),
  LDAP_STARTTLS: flag.default(false),
  LDAP_CA_FILE: text.optional(),
  LDAP_BIND_DN: z.string().default(''),
  LDAP_BIND_PASSWORD: z.string().default(''),
  LDAP_BASE_DN: z.string().default(''),
  LDAP_LOGIN_ATTRIBUTE: text.default('uid'),
  LDAP_IIN_ATTRIBUTE: text.default('employeeNumber'),
  LDAP_POSITION_ATTRIBUTE: text.default('title'),
  LDAP_SYNC_MAX_PERCENT: wholeNumber(0, 100).default(10),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }),
  SMTP_TLS: flag.default(false),
  SMTP_CA_FILE: text.optional(),
  MAIL_FROM: text,
  SECRET_KEY: secretKeys,
  TRUST_FILES: z.string().default(''),
  OCSP_URLS: webAddresses.default('http://ocsp.pki.gov.kz'),
  TSP_URL: z.union([z.literal(''), webAddress]).default('http://tsp.pki.gov.kz'),
  CRL_URLS: webAddresses.default(
    [
      ...['nca_gost_2022', 'nca_d_gost_2022', 'nca_rsa_2022', 'nca_d_rsa_2022'].map((name) => `http://crl.pki.gov.kz/${name}.crl`),
      ...['gost2015_2022', 'rsa2020'].map((name) => `http://crl.root.gov.kz/${name}.crl`),
    ].join(','),
  ),
  PKI_TIMEOUT_SECONDS: wholeNumber(1, 60).default(10),
  PKI_PROXY_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  PROOF_DELAY_SECONDS: wholeNumber(0, 3600).default(10),
  POLICY_FILE: text.optional(),
  NCALAYER_URL: z.url({ protocol: /^wss?$/ }).default('wss://127.0.0.1:13579'),
  NCALAYER_WINDOW_URL: webAddress.optional(),
  PHONE_LISTEN: port.optional(),
  PHONE_URL: webAddress.optional(),
  PHONE_AUTH: z.enum(phoneAuthTypes).default('Token'),
  PHONE_SIGN_METHOD: z.enum(['CMS_SIGN_ONLY', 'CMS_WITH_DATA']).default('CMS_SIGN_ONLY'),
  PHONE_LINK_MOBILE: linkTemplate.default(defaultTemplates.mobile),
  PHONE_LINK_BUSINESS: linkTemplate.default(defaultTemplates.business),
  PHONE_WINDOW_URL: webAddress.optional(),
  DEMO: flag.default(false),
  DEMO_ACCOUNTS_FILE: text.optional(),
  TEST: flag.default(false),
  LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  UPLOAD_MAX_MIB: wholeNumber(1, 2048).default(100),
  UPLOAD_DAY_PERSON_MIB: wholeNumber(0, 10_000_000).default(10_240),
  UPLOAD_DAY_ORGANISATION_MIB: wholeNumber(0, 10_000_000).default(102_400),
  SESSION_IDLE_MINUTES: wholeNumber(1, 1440).default(60),
  SESSION_HOURS: wholeNumber(1, 720).default(12),
  INVITATION_DAYS: wholeNumber(1, 365).default(30),
  TRUST_PROXY: z.string().default(''),
  SIGN_IN_ATTEMPTS: wholeNumber(3, 100).default(10),
});

/** Variables of the launcher that the application does not read. */
const launchers = new Set(['HOME', 'PORT']);
const fromFiles = ['DATABASE_URL', 'S3_SECRET_KEY', 'S3_ACCESS_KEY', 'LDAP_BIND_PASSWORD', 'SMTP_URL', 'SECRET_KEY', 'TEMPORAL_API_KEY'];

/** Files the processes read when they open a connection; a missing one is named at start. */
const namedFiles = [
  'DATABASE_CA_FILE',
  'DATABASE_CERT_FILE',
  'DATABASE_KEY_FILE',
  'TEMPORAL_CA_FILE',
  'TEMPORAL_CERT_FILE',
  'TEMPORAL_KEY_FILE',
  'S3_CA_FILE',
  'SMTP_CA_FILE',
  'LDAP_CA_FILE',
] as const;

type Raw = z.output<typeof schema>;

/** TLS that is required: PEM files of the authority (null: those of the system) and of the certificate shown to the server. */
export type TlsFiles = { caFile: string | null; certFile: string | null; keyFile: string | null };
export type Config = {
  publicUrl: string;
  listen: { host: string; port: number };
  databaseUrl: string;
  databaseTls: TlsFiles | null;
  temporal: {
    address: string;
    namespace: string;
    /** `serverName` is what the server's certificate must say, when it is not the host of the address. */
    tls: (TlsFiles & { serverName: string | null }) | null;
    apiKey: string | null;
    /** Whether payloads written before they were bound to their workflow are still read. */
    readsOldPayloads: boolean;
  };
  objects: { endpoint: string; accessKey: string; secretKey: string; bucket: string; region: string; caFile: string | null };
  /** Where the nightly heads of the audit log are kept, and for how long nobody may delete them. */
  auditHeads: { bucket: string; retentionDays: number };
  /** `syncMaxPercent`: how large a share of an organisation's directory people may leave in one look without a person's word. */
  directory: (DirectoryOptions & { syncMaxPercent: number }) | null;
  smtp: { url: string; from: string; requireTls: boolean; caFile: string | null };
  secrets: SecretKeys;
  trustFiles: string[];
  /** Where revocation answers, time-stamps and revocation lists are asked for; only these addresses are ever called. */
  pki: { ocspUrls: string[]; tspUrl: string | null; crlUrls: string[]; timeoutMs: number; proxyUrl: string | null };
  proofDelayMs: number;
  /** Changes of this installation to the policies of checking signatures. */
  policyFile: string | null;
  ncalayer: { url: string; windowUrl: string | null };
  /** Signing with the phone; null: not offered. `url` is the address phones come to, `listen` where it is served. */
  phone: {
    listen: { host: string; port: number };
    url: string;
    authType: PhoneAuthType;
    signMethod: Exclude<PhoneSignMethod, 'XML'>;
    links: PhoneLinkTemplates;
    /** Demo: the page of the simulated phone. */
    windowUrl: string | null;
  } | null;
  demo: { accountsFile: string | null } | null;
  logLevel: Raw['LOG_LEVEL'];
  uploadMaxBytes: number;
  /** How many bytes a person, and an organisation, may store within a day; 0: as many as the store holds. */
  uploadDayBytes: { person: number; organisation: number };
  session: { idleMs: number; absoluteMs: number };
  invitationLifeMs: number;
  trustProxy: string;
  signInAttempts: number;
  /** Everything but the demo and the tests: nothing that is convenient only there is allowed. */
  isStrict: boolean;
};

/** Thrown with every problem found, one line each, so that an administrator mends them all at once. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(`settings are not usable:\n${problems.map((p) => `  ${p}`).join('\n')}`);
  }
}

/** Reads and checks all settings; throws `ConfigError` listing every unknown name and every bad value. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const problems: string[] = [];
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('KENSE_') || value === undefined) continue;
    const short = name.slice('KENSE_'.length);
    if (short in schema.shape) given[short] = value;
    else if (short.endsWith('_FILE') && fromFiles.includes(short.slice(0, -5))) readInto(given, short.slice(0, -5), value, problems);
    else if (!launchers.has(short)) problems.push(`${name}: there is no such setting`);
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      problems.push(`KENSE_${name}: ${given[name] === undefined ? 'missing' : issue.message}`);
    }
    throw new ConfigError(problems.sort());
  }
  const config = shape(parsed.data);
  problems.push(...contradictions(parsed.data, config));
  if (problems.length > 0) throw new ConfigError(problems.sort());
  return config;
}

function readInto(given: Record<string, string>, name: string, file: string, problems: string[]): void {
  try {
    given[name] = readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(`KENSE_${name}_FILE: ${(error as Error).message}`);
  }
}

/** Whether an address is of this computer: what is sent there crosses no network. */
export const isLocal = (url: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);

function contradictions(raw: Raw, config: Config): string[] {
  const found: string[] = [];
  if (raw.DEMO && !isLocal(raw.PUBLIC_URL))
    found.push('KENSE_DEMO: the demo and its certificate authority are refused when KENSE_PUBLIC_URL is not local');
  if (raw.TEST && !isLocal(raw.PUBLIC_URL))
    found.push('KENSE_TEST: authorities for tests and what else tests need are refused when KENSE_PUBLIC_URL is not local');
  if (raw.LDAP_URL) {
    if (!raw.LDAP_BASE_DN) found.push('KENSE_LDAP_BASE_DN: missing, KENSE_LDAP_URL is set');
    if (raw.LDAP_URL.startsWith('ldap://') && !raw.LDAP_STARTTLS)
      found.push('KENSE_LDAP_URL: passwords would travel in clear; use ldaps:// or KENSE_LDAP_STARTTLS=1');
  }
  if ((raw.PHONE_LISTEN === undefined) !== (raw.PHONE_URL === undefined))
    found.push('KENSE_PHONE_LISTEN and KENSE_PHONE_URL: both are needed for signing with the phone, or neither');
  if (config.isStrict && raw.PUBLIC_URL.startsWith('http://') && !isLocal(raw.PUBLIC_URL))
    found.push('KENSE_PUBLIC_URL: https:// is wanted outside a demo');
  if (config.isStrict)
    for (const [version, key] of config.secrets.byVersion)
      if (!looksRandom(key)) found.push(`KENSE_SECRET_KEY: version ${version} does not look random; make one with openssl rand -hex 32`);
  return [...found, ...tlsContradictions(raw, config)];
}

function tlsContradictions(raw: Raw, config: Config): string[] {
  const found: string[] = [];
  for (const name of ['DATABASE', 'TEMPORAL'] as const)
    if ((raw[`${name}_CERT_FILE`] === undefined) !== (raw[`${name}_KEY_FILE`] === undefined))
      found.push(`KENSE_${name}_CERT_FILE and KENSE_${name}_KEY_FILE: both are needed to show a certificate, or neither`);
  for (const name of namedFiles) {
    const file = raw[name];
    const problem = file === undefined ? null : unreadable(file);
    if (problem) found.push(`KENSE_${name}: ${problem}`);
  }
  const database = new URL(raw.DATABASE_URL);
  if (config.databaseTls && isIP(database.hostname.replace(/^\[|\]$/g, '')))
    found.push("KENSE_DATABASE_URL: with TLS the host must be a name in the server's certificate, not an IP address");
  if ([...database.searchParams.keys()].some((name) => /^ssl/i.test(name)))
    found.push('KENSE_DATABASE_URL: TLS is set by KENSE_DATABASE_TLS and KENSE_DATABASE_CA_FILE, not in the address');
  if (raw.S3_CA_FILE && raw.S3_ENDPOINT.startsWith('http://')) found.push('KENSE_S3_ENDPOINT: https:// is wanted, KENSE_S3_CA_FILE is set');
  const { protocol, username, search } = new URL(raw.SMTP_URL);
  if (config.smtp.requireTls && search !== '')
    found.push('KENSE_SMTP_URL: with KENSE_SMTP_TLS nothing may follow the port: it could undo it');
  if (protocol === 'smtp:' && username !== '' && !config.smtp.requireTls && !isLocal(raw.SMTP_URL) && config.isStrict)
    found.push('KENSE_SMTP_URL: the password would travel in clear; use smtps:// or KENSE_SMTP_TLS=1');
  return found;
}

function unreadable(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** TLS when it is asked for, or when something is set that only it needs. */
const tlsOf = (isAsked: boolean, files: { caFile?: string; certFile?: string; keyFile?: string }): TlsFiles | null =>
  isAsked || Object.values(files).some((file) => file !== undefined)
    ? { caFile: files.caFile ?? null, certFile: files.certFile ?? null, keyFile: files.keyFile ?? null }
    : null;

function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

function shape(raw: Raw): Config {
  const temporalTls = tlsOf(raw.TEMPORAL_TLS || raw.TEMPORAL_SERVER_NAME !== undefined || raw.TEMPORAL_API_KEY !== undefined, {
    caFile: raw.TEMPORAL_CA_FILE,
    certFile: raw.TEMPORAL_CERT_FILE,
    keyFile: raw.TEMPORAL_KEY_FILE,
  });
  return {
    publicUrl: raw.PUBLIC_URL,
    listen: hostAndPort(raw.LISTEN),
    databaseUrl: raw.DATABASE_URL,
    databaseTls: tlsOf(raw.DATABASE_TLS, {
      caFile: raw.DATABASE_CA_FILE,
      certFile: raw.DATABASE_CERT_FILE,
      keyFile: raw.DATABASE_KEY_FILE,
    }),
    temporal: {
      address: raw.TEMPORAL_ADDRESS,
      namespace: raw.TEMPORAL_NAMESPACE,
      tls: temporalTls && { ...temporalTls, serverName: raw.TEMPORAL_SERVER_NAME ?? null },
      apiKey: raw.TEMPORAL_API_KEY ?? null,
      readsOldPayloads: raw.TEMPORAL_OLD_PAYLOADS,
    },
    objects: {
      endpoint: raw.S3_ENDPOINT,
      accessKey: raw.S3_ACCESS_KEY,
      secretKey: raw.S3_SECRET_KEY,
      bucket: raw.S3_BUCKET,
      region: raw.S3_REGION,
      caFile: raw.S3_CA_FILE ?? null,
    },
    auditHeads: { bucket: raw.AUDIT_BUCKET ?? `${raw.S3_BUCKET}-audit`, retentionDays: raw.AUDIT_RETENTION_DAYS },
    directory: raw.LDAP_URL
      ? {
          url: raw.LDAP_URL,
          startTls: raw.LDAP_STARTTLS,
          caFile: raw.LDAP_CA_FILE ?? null,
          bindDn: raw.LDAP_BIND_DN,
          bindPassword: raw.LDAP_BIND_PASSWORD,
          baseDn: raw.LDAP_BASE_DN,
          loginAttribute: raw.LDAP_LOGIN_ATTRIBUTE,
          iinAttribute: raw.LDAP_IIN_ATTRIBUTE,
          positionAttribute: raw.LDAP_POSITION_ATTRIBUTE,
          syncMaxPercent: raw.LDAP_SYNC_MAX_PERCENT,
        }
      : null,
    smtp: {
      url: raw.SMTP_URL,
      from: raw.MAIL_FROM,
      requireTls: raw.SMTP_TLS || raw.SMTP_CA_FILE !== undefined,
      caFile: raw.SMTP_CA_FILE ?? null,
    },
    secrets: raw.SECRET_KEY,
    trustFiles: splitList(raw.TRUST_FILES),
    pki: {
      ocspUrls: splitList(raw.OCSP_URLS),
      tspUrl: raw.TSP_URL || null,
      crlUrls: splitList(raw.CRL_URLS),
      timeoutMs: raw.PKI_TIMEOUT_SECONDS * 1_000,
      proxyUrl: raw.PKI_PROXY_URL || null,
    },
    proofDelayMs: raw.PROOF_DELAY_SECONDS * 1_000,
    policyFile: raw.POLICY_FILE ?? null,
    ncalayer: { url: raw.NCALAYER_URL, windowUrl: raw.NCALAYER_WINDOW_URL ?? null },
    phone:
      raw.PHONE_LISTEN && raw.PHONE_URL
        ? {
            listen: hostAndPort(raw.PHONE_LISTEN),
            url: raw.PHONE_URL,
            authType: raw.PHONE_AUTH,
            signMethod: raw.PHONE_SIGN_METHOD,
            links: { mobile: raw.PHONE_LINK_MOBILE, business: raw.PHONE_LINK_BUSINESS },
            windowUrl: raw.PHONE_WINDOW_URL ?? null,
          }
        : null,
    demo: raw.DEMO ? { accountsFile: raw.DEMO_ACCOUNTS_FILE ?? null } : null,
    logLevel: raw.LOG_LEVEL,
    uploadMaxBytes: raw.UPLOAD_MAX_MIB * 1024 * 1024,
    uploadDayBytes: { person: raw.UPLOAD_DAY_PERSON_MIB * 1024 * 1024, organisation: raw.UPLOAD_DAY_ORGANISATION_MIB * 1024 * 1024 },
    session: { idleMs: raw.SESSION_IDLE_MINUTES * 60_000, absoluteMs: raw.SESSION_HOURS * 3_600_000 },
    invitationLifeMs: raw.INVITATION_DAYS * 86_400_000,
    trustProxy: raw.TRUST_PROXY,
    signInAttempts: raw.SIGN_IN_ATTEMPTS,
    isStrict: !raw.DEMO && !raw.TEST,
  };
}
