// NCALayer, the National Certification Authority's signing program on the person's own computer: JSON over a WebSocket on loopback.
// It speaks first ({"result":{"version":"1.3"}}), answers one request at a time and gives answers no id. An answer may take minutes
// while the person chooses a key, so nothing here times out once a dialogue is open. No dependencies; WebSocket is an argument for tests.

/** What went wrong: `missing`, `closed`, `cancelled`, `module`, `failed`, `busy`. `detail` is NCALayer's own text, if it gave one. */
export class NcaLayerError extends Error {
  constructor(code, detail = '') {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.name = 'NcaLayerError';
    this.code = code;
    this.detail = detail;
  }
}

const connectTimeoutMs = 5_000;
// Every known version greets at once; one that stays silent after opening is taken as connected.
const greetingTimeoutMs = 1_500;
// KAZTOKEN's programs speak the same protocol and answer this question; NCALayer answers with an error.
const productQuestion = { module: 'kz.digiflow.mobile.extensions', method: 'getVersion' };
const productTimeoutMs = 1_500;
// What a failure says when the list was understood and the key was not opened.
const aboutKey = /password|пароль|\bpin\b|CKR_/i;
const bytesPerChunk = 0x8000;

/** Base64 of bytes, in chunks: a 100 MB file must not become one argument list. */
export function toBase64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += bytesPerChunk) text += String.fromCharCode(...bytes.subarray(at, at + bytesPerChunk));
  return btoa(text);
}

/** The base64 of a CMS without PEM lines and white space, however the program wrapped it. */
export const bareBase64 = (text) => text.replace(/-----(BEGIN|END) [A-Z0-9 ]+-----/g, '').replace(/\s+/g, '');

/** Reads an answer of `basics.sign`: the CMS texts, or the error it stands for. */
export function readBasicsAnswer(answer) {
  if (answer.success === false || answer.errorCode !== undefined) {
    const code = String(answer.errorCode ?? answer.code ?? '');
    throw new NcaLayerError(code === 'MODULE_NOT_FOUND' ? 'module' : 'failed', code);
  }
  if (answer.status !== true) {
    const detail = [answer.message, answer.details].filter((part) => typeof part === 'string' && part !== '').join(' ');
    throw new NcaLayerError(/MODULE_NOT_FOUND/.test(`${answer.code} ${detail}`) ? 'module' : 'failed', detail || String(answer.code ?? ''));
  }
  const result = answer.body?.result;
  if (result === undefined || result === null) throw new NcaLayerError('cancelled');
  const list = (Array.isArray(result) ? result : [result?.signatures ?? result]).flat();
  if (list.length === 0 || list.some((item) => typeof item !== 'string' || item === '')) throw new NcaLayerError('failed', 'empty result');
  return list.map(bareBase64);
}

/** Reads an answer of the older `commonUtils`: its object, or the error it stands for. */
export function readCommonAnswer(answer) {
  if (answer.errorCode === 'MODULE_NOT_FOUND') throw new NcaLayerError('module', 'MODULE_NOT_FOUND');
  if (String(answer.code) === '200') return answer.responseObject;
  if (answer.message === 'action.canceled') throw new NcaLayerError('cancelled');
  throw new NcaLayerError('failed', answer.message ?? String(answer.code ?? ''));
}

export class NcaLayer {
  #socket = null;
  #waiting = null;
  #WebSocket;
  #memory;
  #hasLocale = false;

  /** `memory` keeps what was found out about each version: sessionStorage in a page. */
  constructor({ url = 'wss://127.0.0.1:13579/', WebSocket = globalThis.WebSocket, memory = globalThis.sessionStorage } = {}) {
    this.url = url;
    this.version = '';
    this.onclose = null;
    this.#WebSocket = WebSocket;
    this.#memory = memory;
  }

  /** What is known of this version: `hasBasics`, `takesArrays`, `product`; absent until it was found out. */
  get known() {
    try {
      return JSON.parse(this.#memory?.getItem(this.#memoryKey) ?? '{}');
    } catch {
      return {};
    }
  }

  /** Whether one call may carry many documents, as far as is known. */
  get takesMany() {
    const { hasBasics, takesArrays } = this.known;
    return hasBasics !== false && takesArrays !== false;
  }

  get isOpen() {
    return this.#socket !== null;
  }

  /** Resolves with the version NCALayer names; `missing` when nothing answers on the port. */
  connect() {
    return new Promise((resolve, reject) => {
      let socket;
      let greeting = null;
      const settle = (act, value) => {
        clearTimeout(deadline);
        clearTimeout(greeting);
        act(value);
      };
      const deadline = setTimeout(() => {
        socket?.close();
        settle(reject, new NcaLayerError('missing'));
      }, connectTimeoutMs);
      try {
        socket = new this.#WebSocket(this.url);
      } catch (error) {
        settle(reject, new NcaLayerError('missing', error.message));
        return;
      }
      const greet = (version) => {
        this.#socket = socket;
        this.#hasLocale = false;
        this.version = version;
        settle(resolve, version);
      };
      socket.onopen = () => {
        clearTimeout(deadline);
        greeting = setTimeout(() => greet(''), greetingTimeoutMs);
      };
      socket.onmessage = ({ data }) => {
        const message = parse(data);
        if (message === null) return;
        if (message.result?.version !== undefined) {
          if (this.#socket !== socket) greet(String(message.result.version));
        } else this.#answer(message);
      };
      socket.onclose = () => {
        settle(reject, new NcaLayerError('missing'));
        if (this.#socket !== socket) return;
        this.#socket = null;
        this.#fail(new NcaLayerError('closed'));
        this.onclose?.();
      };
      socket.onerror = () => {};
    });
  }

  /**
   * Which program answers, with its own name; '' for NCALayer itself. Asked once a version. A program that says nothing is taken for
   * NCALayer, on a new connection: answers carry no id, and a late one would be mistaken for a signature.
   */
  async product() {
    const { product } = this.known;
    if (product !== undefined) return product;
    let timer;
    const silence = new Promise((resolve) => {
      timer = setTimeout(() => resolve(null), productTimeoutMs);
    });
    const answer = await Promise.race([this.#ask(productQuestion), silence]);
    clearTimeout(timer);
    if (answer === null) {
      this.close();
      await this.connect();
    }
    const { name, version } = (String(answer?.code) === '200' && answer.responseObject) || {};
    const found = typeof name === 'string' ? [name, version].filter(Boolean).join(' ') : '';
    this.#remember({ product: found });
    return found;
  }

  /**
   * Signs one document, detached unless `isAttached`, and resolves with the base64 of the CMS (DER inside). With `isDigested` the base64
   * is a ready digest of the key's algorithm. `basics` is asked first; a program too old to know it is asked through `commonUtils`.
   */
  async sign(request) {
    if (this.known.hasBasics !== false) {
      try {
        const [cms] = readBasicsAnswer(await this.#ask(basicsRequest(request)));
        this.#remember({ hasBasics: true });
        return cms;
      } catch (error) {
        if (!(error instanceof NcaLayerError) || error.code !== 'module') throw error;
      }
    }
    const cms = await this.#signByCommonUtils(request);
    this.#remember({ hasBasics: false });
    return cms;
  }

  /**
   * Signs documents with one choice of a key where the program can: `signatures` covers all of them when `isWhole`, else some (an older
   * program takes them one by one, and from then on `takesMany` says so). Which signature is whose is told by its digest, not its place.
   */
  async signMany({ documents, ...request }) {
    const [first, second] = documents;
    if (second !== undefined && this.takesMany) {
      try {
        const signatures = readBasicsAnswer(await this.#ask(basicsRequest({ ...request, base64: documents })));
        this.#remember({ hasBasics: true, takesArrays: signatures.length === documents.length });
        return { signatures, isWhole: signatures.length === documents.length };
      } catch (error) {
        // A program known to take many has a reason of its own to fail; another may not have understood the list.
        if (!(error instanceof NcaLayerError) || !['failed', 'module'].includes(error.code)) throw error;
        if (this.known.takesArrays === true || aboutKey.test(error.detail)) throw error;
      }
      const signature = await this.sign({ ...request, base64: first });
      this.#remember({ takesArrays: false });
      return { signatures: [signature], isWhole: false };
    }
    return { signatures: [await this.sign({ ...request, base64: first })], isWhole: second === undefined };
  }

  /** Stops waiting. NCALayer's own window stays open until the person closes it: an answer that comes later is nobody's. */
  close() {
    const socket = this.#socket;
    this.#socket = null;
    this.#fail(new NcaLayerError('cancelled'));
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  async #signByCommonUtils({ base64, isAttached = false, isDigested = false, wantsTimestamp, storage, locale }) {
    const ask = async (method, args) =>
      readCommonAnswer(await this.#ask({ module: 'kz.gov.pki.knca.commonUtils', method, ...(args ? { args } : {}) }));
    const tokens = await ask('getActiveTokens');
    if (locale && !this.#hasLocale) {
      await ask('changeLocale', [localeName(locale)]);
      this.#hasLocale = true;
    }
    const place = storage || (Array.isArray(tokens) && tokens.length > 0 ? tokens[0] : 'PKCS12');
    const cmsOf = async (method, args) => {
      const cms = await ask(method, [place, 'SIGNATURE', ...args]);
      if (typeof cms !== 'string' || cms === '') throw new NcaLayerError('failed', 'empty result');
      return bareBase64(cms);
    };
    if (!isDigested) return cmsOf(wantsTimestamp ? 'createCMSSignatureFromBase64' : 'createCAdESFromBase64', [base64, isAttached]);
    const cms = await cmsOf('createCAdESFromBase64Hash', [base64]);
    return wantsTimestamp ? cmsOf('applyCAdEST', [cms]) : cms;
  }

  get #memoryKey() {
    return `kense-ncalayer-${this.version}`;
  }

  #remember(found) {
    try {
      this.#memory?.setItem(this.#memoryKey, JSON.stringify({ ...this.known, ...found }));
    } catch {
      // A browser that keeps nothing asks again.
    }
  }

  #ask(message) {
    if (this.#socket === null) return Promise.reject(new NcaLayerError('closed'));
    if (this.#waiting !== null) return Promise.reject(new NcaLayerError('busy'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.send(JSON.stringify(message));
    });
  }

  #answer(message) {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(message);
  }

  #fail(error) {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}

const localeName = (locale = 'ru') => (locale === 'kk' ? 'kz' : locale);

function basicsRequest(request) {
  const {
    base64,
    isAttached = false,
    isDigested = false,
    extKeyUsageOids = [],
    iin,
    bin,
    chain,
    wantsTimestamp,
    storage,
    locale,
  } = request;
  return {
    module: 'kz.gov.pki.knca.basics',
    method: 'sign',
    args: {
      allowedStorages: storage ? [storage] : null,
      format: 'cms',
      data: base64,
      signingParams: { decode: true, encapsulate: isAttached, digested: isDigested, ...(wantsTimestamp ? { tsaProfile: {} } : {}) },
      signerParams: { extKeyUsageOids, ...(iin ? { iin } : {}), ...(bin ? { bin } : {}), ...(chain ? { chain } : {}) },
      locale: localeName(locale),
    },
  };
}

/** The message as an object; null for heartbeats and anything that is not one. */
function parse(data) {
  if (typeof data !== 'string' || data === '--heartbeat--') return null;
  try {
    const message = JSON.parse(data);
    return typeof message === 'object' && message !== null ? message : null;
  } catch {
    return null;
  }
}
