import { fetch, ProxyAgent, type Response } from 'undici';

/** Why an answer could not be had; nothing about any certificate follows from it. */
export type PkiFailure = 'unreachable' | 'too-slow' | 'refused' | 'too-large' | 'wrong-type';

/** An outside service of the public-key infrastructure gave no usable answer. */
export class PkiUnavailable extends Error {
  constructor(
    readonly url: string,
    readonly failure: PkiFailure,
    readonly detail: string,
  ) {
    super(`${url}: ${failure} (${detail})`);
  }
}

export type Exchange = {
  /** Sent by POST; without it the address is fetched by GET. */
  body?: { type: string; bytes: Uint8Array };
  /** Media type an answer must have; any is accepted when left out, as servers of lists are careless. */
  accept?: string;
  timeoutMs: number;
  maxBytes: number;
  /** The organisation's HTTP proxy, with name and password in it when it asks for them; null to go straight. */
  proxyUrl: string | null;
};

const proxies = new Map<string, ProxyAgent>();

/** Plain addresses are asked for in full, as proxies expect; a tunnel is made for https only. */
function proxyAt(uri: string): ProxyAgent {
  const proxy = proxies.get(uri) ?? new ProxyAgent({ uri, proxyTunnel: false });
  proxies.set(uri, proxy);
  return proxy;
}

/**
 * One request to a configured service. Follows no redirect and reads no more than `maxBytes`, so that a service which is not what it
 * should be can neither lead elsewhere nor fill the memory. Rejects with PkiUnavailable.
 */
export async function exchange(url: string, { body, accept, timeoutMs, maxBytes, proxyUrl }: Exchange): Promise<Uint8Array> {
  const fail = (failure: PkiFailure, detail: string): never => {
    throw new PkiUnavailable(url, failure, detail);
  };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(url, {
      method: body ? 'POST' : 'GET',
      headers: { ...(body ? { 'Content-Type': body.type } : {}), ...(accept ? { Accept: accept } : {}) },
      body: body ? Buffer.from(body.bytes) : null,
      redirect: 'error',
      signal,
      ...(proxyUrl ? { dispatcher: proxyAt(proxyUrl) } : {}),
    });
    if (!answer.ok) fail('refused', `HTTP ${answer.status}`);
    const type = answer.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase() ?? '';
    if (accept && type !== accept) fail('wrong-type', type || 'no media type');
    return await bounded(answer, maxBytes, () => fail('too-large', `more than ${maxBytes} bytes`));
  } catch (error) {
    if (error instanceof PkiUnavailable) throw error;
    if (signal.aborted) return fail('too-slow', `no answer within ${timeoutMs} ms`);
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    const isSystem = cause?.code?.startsWith('E') ?? false; // ECONNREFUSED says more than its sentence; a library's own code less
    return fail('unreachable', (isSystem ? cause?.code : cause?.message) ?? (error as Error).message);
  }
}

async function bounded(answer: Response, maxBytes: number, tooLarge: () => never): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    total += part.length;
    if (total > maxBytes) tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts, total);
}
