import { createHash } from 'node:crypto';
import { codeText, deepLink } from '../../domain/phone/links';
import type { SecretKeys } from '../../domain/secret-keys';
import { capabilityToken } from '../../storage/capabilities';
import type { PhoneHashes } from '../../storage/queries/phone';
import { secretVersions } from '../../storage/secret-keys';
import type { Config } from '../config';

type PhoneConfig = NonNullable<Config['phone']>;

/** Everything that opens a session: two addresses of its offer (in the code, in the links), that of its documents, and the token. */
export type PhoneTokens = { code: string; link: string; data: string; token: string };

/**
 * The tokens of a session: they can be made again to be shown, but not guessed; each new code has a version of its own. All are made with
 * the version of the secret the session began with, which `tokenHash`, stored then, tells; a new session takes the newest.
 */
export function phoneTokens(keys: SecretKeys, id: string, codeVersion: number, tokenHash: Buffer | null = null): PhoneTokens {
  const withSecret = (version: number): string => capabilityToken(keys, 'phone-token', id, 1, version);
  const began = tokenHash && secretVersions(keys).find((version) => sha256(withSecret(version)).equals(tokenHash));
  const version = began ?? keys.newest;
  return {
    code: capabilityToken(keys, 'phone-code', id, codeVersion, version),
    link: capabilityToken(keys, 'phone-link', id, 1, version),
    data: capabilityToken(keys, 'phone-data', id, 1, version),
    token: withSecret(version),
  };
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What is stored of them. */
export const phoneHashes = (tokens: PhoneTokens): PhoneHashes => ({
  code: sha256(tokens.code),
  link: sha256(tokens.link),
  data: sha256(tokens.data),
  token: sha256(tokens.token),
});

/** API No. 1 of a session, and API No. 2. */
export const offerUrl = (config: PhoneConfig, token: string): string => `${config.url}/api1/${token}`;
export const dataUrl = (config: PhoneConfig, token: string): string => `${config.url}/api2/${token}`;

/** What a page shows of a session: the text of its code and the links for the telephone itself. */
export function phoneLinks(config: PhoneConfig, tokens: PhoneTokens): { code: string; mobile: string; business: string } {
  const link = offerUrl(config, tokens.link);
  return {
    code: codeText(offerUrl(config, tokens.code)),
    mobile: deepLink(config.links.mobile, link),
    business: deepLink(config.links.business, link),
  };
}

/** What the listener says of itself, so that the preflight knows it again. */
export const healthText = 'kense phone\n';
