import { type Config, ConfigError, isLocal } from './config';
import { loadPolicy } from './signing/policy';
import { checkedTrust } from './signing/trust';

/** Names whose values open something by themselves. */
const secretName = /SECRET|PASSWORD|KEY|TOKEN/;
const hidden = '***';

/** A setting as it may be printed: a secret is hidden whole, of an address what lets its bearer in. A path of a file is no secret. */
export function maskSetting(name: string, value: string): string {
  if (secretName.test(name) && !name.endsWith('_FILE')) return hidden;
  return name.endsWith('S') ? value.split(',').map(maskAddress).join(',') : maskAddress(value);
}

/** Addresses may carry a password before the host or in their query; one that cannot be read is not shown. */
function maskAddress(text: string): string {
  if (!/^\s*[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  if (!URL.canParse(text.trim())) return hidden;
  const url = new URL(text.trim());
  if (url.username === '' && text.includes('@')) return hidden; // a password with signs in it that cut the address short
  if (url.username === '' && url.password === '' && url.search === '' && url.hash === '') return text;
  const user = url.password === '' ? url.username : `${url.username}:${hidden}`;
  return `${url.protocol}//${user === '' ? '' : `${user}@`}${url.host}${url.pathname}${url.search || url.hash ? `?${hidden}` : ''}`;
}

/** Every setting of ours in these surroundings, one a line, nothing secret in them. */
export const describeSettings = (env: NodeJS.ProcessEnv): string[] =>
  Object.entries(env)
    .filter(([name]) => name.startsWith('KENSE_'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${maskSetting(name, value ?? '')}`);

/** What the settings name must be there and good too: trusted authorities and policies. Throws `ConfigError` with every problem at once. */
export function checkNamedFiles(config: Config): void {
  const problems: string[] = [];
  for (const check of [() => checkedTrust(config), () => loadPolicy(config.policyFile)]) {
    try {
      check();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** What works and is still likely a mistake, one sentence each, for the check and for the log at start. */
export function findWarnings(config: Config): string[] {
  const found: string[] = [];
  const away = (url: string): boolean => !isLocal(url);
  if (config.publicUrl.startsWith('https:') && config.trustProxy === '')
    found.push(
      "KENSE_TRUST_PROXY: KENSE_PUBLIC_URL is https and no proxy is trusted: every visitor then has the proxy's address, and one who guesses passwords locks out all",
    );
  if (/^(true|\*|0\.0\.0\.0\/0|::\/0)$/.test(config.trustProxy))
    found.push('KENSE_TRUST_PROXY: everybody is trusted to say where a request comes from; name the proxy');
  if (away(`tcp://${config.temporal.address}`)) {
    if (!config.temporal.tls) found.push('KENSE_TEMPORAL_TLS: Temporal is reached over the network without TLS');
    else if (!config.temporal.apiKey && !config.temporal.tls.certFile)
      found.push('KENSE_TEMPORAL_CERT_FILE or KENSE_TEMPORAL_API_KEY: nothing proves to Temporal who we are, so anybody gets in');
  }
  if (config.temporal.readsOldPayloads)
    found.push('KENSE_TEMPORAL_OLD_PAYLOADS: commands of former releases are read in any workflow; remove it once their runs have ended');
  if (away(config.databaseUrl) && !config.databaseTls)
    found.push('KENSE_DATABASE_TLS: the database is reached over the network without TLS');
  if (away(config.objects.endpoint) && config.objects.endpoint.startsWith('http:'))
    found.push('KENSE_S3_ENDPOINT: the object store is reached over the network without TLS');
  if (away(config.smtp.url) && config.smtp.url.startsWith('smtp:') && !config.smtp.requireTls)
    found.push('KENSE_SMTP_TLS: mail goes over the network without TLS when the server, or somebody between, does not offer it');
  if (config.pki.tspUrl === null) found.push('KENSE_TSP_URL: without it the audit log is not time-stamped, and kense audit verify says so');
  if (!config.isStrict && !config.demo) found.push('KENSE_TEST: authorities for tests are accepted');
  return found;
}
