import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Config } from '../config';
import { healthText } from './addresses';

/** One thing that was looked at, and what came of it. */
export type PhoneCheck = {
  id: 'https' | 'public' | 'answers' | 'registered';
  result: 'ok' | 'fail' | 'unknown';
  detail: string;
};

/** Addresses no phone on the internet reaches (RFC 6890): this machine, inside networks, links, carriers' own. */
const inside = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  inside.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  inside.addSubnet(network, prefix, 'ipv6');

/** Whether an IP address is of an inside network. */
export const isInside = (address: string): boolean => inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

const patienceMs = 5_000;

/** Whether signing with the phone can work, as far as it can be told from here. Never rejects. */
export async function checkPhone({ url }: NonNullable<Config['phone']>): Promise<PhoneCheck[]> {
  const { protocol, hostname } = new URL(url);
  const [reach, answers] = await Promise.all([publicCheck(hostname.replace(/^\[|\]$/g, '')), answersCheck(url)]);
  return [
    { id: 'https', result: protocol === 'https:' ? 'ok' : 'fail', detail: url },
    reach,
    answers,
    { id: 'registered', result: 'unknown', detail: hostname },
  ];
}

async function publicCheck(host: string): Promise<PhoneCheck> {
  try {
    const addresses = isIP(host) ? [host] : (await lookup(host, { all: true })).map(({ address }) => address);
    const isPublic = addresses.length > 0 && !addresses.some(isInside);
    return { id: 'public', result: isPublic ? 'ok' : 'fail', detail: `${host}: ${addresses.join(', ')}` };
  } catch (error) {
    return { id: 'public', result: 'fail', detail: (error as Error).message };
  }
}

/** Asks the listener for its own health by the address phones use; a proxy or certificate in between is part of the question. */
async function answersCheck(url: string): Promise<PhoneCheck> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(patienceMs), redirect: 'error' });
    const text = (await response.text()).slice(0, 200);
    const isOurs = response.ok && text === healthText;
    return { id: 'answers', result: isOurs ? 'ok' : 'fail', detail: isOurs ? `${url}/healthz` : `${url}/healthz: ${response.status}` };
  } catch (error) {
    const { message, cause } = error as Error;
    return { id: 'answers', result: 'fail', detail: `${url}/healthz: ${cause instanceof Error ? cause.message : message}` };
  }
}

const words: Readonly<Record<PhoneCheck['id'], string>> = {
  https: 'the address begins with https://',
  public: 'the address is on the internet, not only inside the network',
  answers: 'Kense answers at this address (start the web process first)',
  registered: 'the host is registered with the operator of eGov (Smart Bridge, NITEC-S-5096): your organisation does this',
};

const marks = { ok: 'yes', fail: 'NO ', unknown: '?  ' } as const;

/** The checks as lines for a terminal. */
export const describeChecks = (checks: readonly PhoneCheck[]): string[] =>
  checks.map(({ id, result, detail }) => `phone: ${marks[result]} ${words[id]} (${detail})`);
