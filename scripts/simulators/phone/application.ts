import { digest } from '../../../signature';
import { makeCms, makeTimeStamp, signXml, type Signer } from '../../../signature/make';
import { offerUrlIn } from '../../../domain/phone/links';

// What eGov Mobile does with a code: API No. 1, API No. 2, signatures, PUT. Also what it should never do, for tests.

/** API No. 1 as it answers. */
export interface Offer {
  description: string;
  expiry_date: string;
  organisation: { nameRu: string; nameKz: string; nameEn: string; bin: string };
  document: { uri: string; auth_type: 'None' | 'Token' | 'Eds'; auth_token: string };
}
/** One document of API No. 2, in either direction. */
export interface Entry {
  id: number | string;
  nameRu: string;
  nameKz: string;
  nameEn: string;
  meta?: { name: string; value: string }[];
  documentXml?: string;
  document?: { file: { mime: string; data: string } };
}
/** API No. 2 as it answers, and as it is sent back signed. */
export interface Data {
  signMethod: 'XML' | 'CMS_WITH_DATA' | 'CMS_SIGN_ONLY';
  version?: number;
  documentsToSign: Entry[];
}

/** An answer other than success, with the sentence the application shows. */
export class PhoneError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface ApplicationOptions {
  language?: 'ru' | 'kk' | 'en';
  /** Hosts the application talks to; the real one has the operator's list. */
  isKnownHost?: (host: string) => boolean;
  /** The key of a time-stamping authority; signatures then carry a time-stamp. */
  timeStamping?: Signer;
  now?: () => Date;
}

/** How one signature is made wrong on purpose. */
export type Misdeed = 'other-document' | 'tampered';

const patienceMs = 30_000;

export class PhoneApplication {
  private readonly now: () => Date;

  constructor(private readonly options: ApplicationOptions = {}) {
    this.now = options.now ?? (() => new Date());
  }

  /** Reads a code or a link and asks API No. 1. */
  async open(text: string): Promise<Offer> {
    const url = offerUrlIn(text);
    if (!url) throw new PhoneError(0, 'This is no code of eGov QR');
    return this.json<Offer>(url, {});
  }

  /** Asks API No. 2, proving itself as the offer wants: by nothing, by its token, by a signature of `key`. */
  async fetchDocuments(offer: Offer, key: Signer): Promise<Data> {
    const { uri, auth_type: authType } = offer.document;
    if (authType !== 'Eds') return this.json<Data>(uri, { headers: this.authorization(offer) });
    const proof = signXml(`<login><url>${uri}</url><timeStamp>${this.now().toISOString()}</timeStamp></login>`, key);
    return this.json<Data>(uri, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ xml: proof }) });
  }

  /** Signs every document with the key; the rest of the answer stays as it came. */
  sign(data: Data, key: Signer, misdeed?: Misdeed): Data {
    const documentsToSign = data.documentsToSign.map((entry, index) => {
      const last = index === data.documentsToSign.length - 1;
      const signed = this.signEntry(data.signMethod, entry, key, misdeed === 'other-document' && last);
      return misdeed === 'tampered' && last ? { ...signed, id: Number(entry.id) + 1 } : signed;
    });
    return { ...data, documentsToSign };
  }

  /** Sends the signed documents; resolves with the status, rejects with PhoneError when they are not accepted. */
  async put(offer: Offer, data: Data): Promise<number> {
    const headers = { 'Content-Type': 'application/json', ...this.authorization(offer) };
    return (await this.request(offer.document.uri, { method: 'PUT', headers, body: JSON.stringify(data) })).status;
  }

  private signEntry(method: Data['signMethod'], entry: Entry, key: Signer, isOther: boolean): Entry {
    if (method === 'XML') {
      const xml = entry.documentXml ?? '';
      return { ...entry, documentXml: signXml(isOther ? xml.replace(/<nonce>[^<]*/, '<nonce>x') : xml, key) };
    }
    const content = Buffer.from(entry.document?.file.data ?? '', 'base64');
    const cms = makeCms({
      ...key,
      document: { content: isOther ? Buffer.concat([content, Buffer.from('\n')]) : content, attached: method === 'CMS_WITH_DATA' },
      signingTime: this.now(),
      ...(this.options.timeStamping ? { timeStamp: (signature) => this.stamp(signature) } : {}),
    });
    return { ...entry, document: { file: { mime: entry.document?.file.mime ?? '', data: Buffer.from(cms).toString('base64') } } };
  }

  private stamp(signature: Uint8Array): Uint8Array {
    const authority = this.options.timeStamping;
    if (!authority) throw new Error('there is no time-stamping authority');
    return makeTimeStamp({
      ...authority,
      imprint: { algorithm: 'streebog512', value: digest('streebog512', signature) },
      genTime: new Date(Math.floor(this.now().getTime() / 1000) * 1000),
    });
  }

  private authorization(offer: Offer): Record<string, string> {
    return offer.document.auth_type === 'Token' ? { Authorization: `Bearer ${offer.document.auth_token}` } : {};
  }

  private async json<T>(url: string, init: RequestInit): Promise<T> {
    return (await (await this.request(url, init)).json()) as T;
  }

  private async request(url: string, init: RequestInit): Promise<Response> {
    const { hostname } = new URL(url);
    if (this.options.isKnownHost && !this.options.isKnownHost(hostname))
      throw new PhoneError(0, `${hostname} is not on the list of the operator`);
    const headers = { 'Accept-Language': this.options.language ?? 'ru', ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(url, { ...init, headers, redirect: 'error', signal: AbortSignal.timeout(patienceMs) });
    if (response.ok) return response;
    const text = await response.text();
    throw new PhoneError(response.status, messageIn(text) ?? `The server answered ${response.status}`);
  }
}

function messageIn(text: string): string | null {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : null;
  } catch {
    return null;
  }
}

/** The practice phone talks to this computer only. */
export const isThisComputer = (host: string): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(host);
