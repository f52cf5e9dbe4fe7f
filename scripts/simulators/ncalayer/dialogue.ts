import { SignatureFormatError } from '../../../signature';
import type { DemoKey, Keyring } from '../keyring';
import type { KeyFilter, Outcome, Pending } from './desk';
import { cmsPem, signDocument, stampCms } from './sign';

// NCALayer's language as recorded with the real program: requests of the modules basics and commonUtils, answers word for word.

/** What the dialogue needs of the world around it. */
export interface Surroundings {
  keyring: Keyring;
  /** Storages of hardware tokens that are plugged in. */
  tokens: readonly string[];
  /** Modules this installation has. */
  modules: readonly string[];
  /** What becomes of a list of documents in one call: newer versions sign `all`; older ones sign the `first` or have it `refused`. */
  lists: 'all' | 'first' | 'refused';
  now: () => Date;
  /** Lets a person choose a key; null when the asking program went away. */
  choose: (order: Pick<Pending, 'kind' | 'documents' | 'filter'>) => Promise<Outcome | null>;
}

/** What goes back over the socket: a text, nothing, or the end of the connection. */
export type Reply = { text: string } | { dieForMs: number } | 'nothing' | 'close';

type Json = Record<string, unknown>;
/** A reply that takes the place of an answer in the language: planned by a test, or nothing because nobody listens. */
class Direct {
  constructor(readonly reply: Reply) {}
}
type Answer = Json | Direct;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Answers one message of a program. */
export async function answer(message: string, around: Surroundings): Promise<Reply> {
  if (message === '--heartbeat--') return { text: message };
  const request = parse(message);
  if (!request) return { text: JSON.stringify({ success: false, errorCode: 'COMMON_JSON_WRAPPING_EXCEPTION' }) };
  const { module } = request;
  const found = typeof module === 'string' && around.modules.includes(module);
  const reply = !found
    ? { success: false, errorCode: 'MODULE_NOT_FOUND' }
    : module === 'kz.gov.pki.knca.basics'
      ? await basics(request, around)
      : await commonUtils(request, around);
  if (reply instanceof Direct) return reply.reply;
  return { text: JSON.stringify('uuid' in request ? { ...reply, uuid: request['uuid'] } : reply) };
}

function parse(message: string): Json | null {
  try {
    const value: unknown = JSON.parse(message);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

// --- kz.gov.pki.knca.basics ---

class InvocationError extends Error {}

const invocationError = (details: string): Json => ({
  status: false,
  code: 'INVOCATION_ERROR',
  message: 'An invoked method threw an exception.',
  details,
});

function objectIn(holder: Json, name: string): Json {
  const value = holder[name];
  if (value === undefined) throw new InvocationError(`org.json.JSONException: JSONObject["${name}"] not found.`);
  if (!isObject(value)) throw new InvocationError(`org.json.JSONException: JSONObject["${name}"] is not a JSONObject.`);
  return value;
}

function dataOf(args: Json): { texts: string[]; many: boolean } {
  const { data } = args;
  if (typeof data === 'string') return { texts: [data], many: false };
  if (Array.isArray(data) && data.every((item) => typeof item === 'string')) return { texts: data, many: true };
  throw new InvocationError('org.json.JSONException: JSONObject["data"] not found.');
}

// The official sample sends these as booleans and as words.
const isSet = (value: unknown): boolean => value === true || value === 'true';
const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);

function filterOf(signer: Json, signing: Json): KeyFilter {
  return {
    extKeyUsageOids: texts(signer['extKeyUsageOids']),
    iin: textOrNull(signer['iin']),
    bin: textOrNull(signer['bin']),
    serialNumber: textOrNull(signer['serialNumber']),
    chain: Array.isArray(signer['chain']) ? texts(signer['chain']) : null,
    allowExpired: isSet(signing['allowExpired']),
  };
}

async function basics(request: Json, around: Surroundings): Promise<Answer> {
  if (request['method'] !== 'sign') return invocationError(`java.lang.NoSuchMethodException: ${String(request['method'])}`);
  try {
    return await basicsSign(request, around);
  } catch (error) {
    if (error instanceof InvocationError) return invocationError(error.message);
    throw error;
  }
}

async function basicsSign(request: Json, around: Surroundings): Promise<Answer> {
  const args = objectIn(request, 'args');
  if (args['format'] !== 'cms') throw new InvocationError('java.lang.UnsupportedOperationException: this simulator signs CMS only.');
  const signing = objectIn(args, 'signingParams');
  const { texts: given, many } = dataOf(args);
  if (many && around.lists === 'refused') throw new InvocationError('org.json.JSONException: JSONObject["data"] is not a string.');
  const documents = many && around.lists === 'first' ? given.slice(0, 1) : given;
  const outcome = await around.choose({
    kind: 'signature',
    documents: documents.length,
    filter: filterOf(objectIn(args, 'signerParams'), signing),
  });
  const choice = chosen(outcome, around);
  if (choice instanceof Direct) return choice;
  if (choice === 'cancelled') return { status: true, body: {} };
  if ('refused' in choice) {
    const { code, message, details } = choice.refused;
    return { status: false, code: code ?? 'SIGNING_FAILURE', message: message ?? 'Signing failed.', ...(details ? { details } : {}) };
  }
  const { key } = choice;
  const digested = isSet(signing['digested']);
  const bytes = (text: string) => Uint8Array.from(Buffer.from(text, isSet(signing['decode']) || digested ? 'base64' : 'utf8'));
  const stamp = signing['tsaProfile'];
  const signatures = documents.map((text) =>
    cmsPem(
      signDocument({
        key,
        timeStamping: around.keyring.timeStamping,
        data: bytes(text),
        digested,
        attached: isSet(signing['encapsulate']),
        timeStamp: stamp !== undefined && stamp !== null && stamp !== false && stamp !== 'false',
        now: around.now(),
      }),
    ),
  );
  const result = many ? signatures : signatures[0]!;
  const certificate = Buffer.from(key.certificate.der).toString('base64');
  return { status: true, body: { result: isSet(signing['outputCert']) ? { signatures, certificate } : result } };
}

interface Refusal {
  code?: string;
  message?: string;
  details?: string;
}

function chosen(outcome: Outcome | null, { keyring }: Surroundings): { key: DemoKey } | { refused: Refusal } | 'cancelled' | Direct {
  if (outcome === null) return new Direct('nothing');
  switch (outcome.do) {
    case 'choose': {
      const key = keyring.keys.find((each) => each.id === outcome.key);
      return key ? { key } : { refused: { message: `There is no key ${outcome.key}.` } };
    }
    case 'cancel':
      return 'cancelled';
    case 'close':
      return new Direct('close');
    case 'die':
      return new Direct({ dieForMs: outcome.forMs });
    case 'raw':
      return new Direct({ text: outcome.text });
    case 'error':
      return { refused: { code: outcome.code, message: outcome.message, details: outcome.details } };
  }
}

// --- kz.gov.pki.knca.commonUtils ---

type Kind = 'string' | 'boolean' | 'strings';

/** Types of the positional arguments, as the Java program checks them. */
const signatures: Record<string, readonly Kind[]> = {
  getActiveTokens: [],
  changeLocale: ['string'],
  getKeyInfo: ['string'],
  createCAdESFromBase64: ['string', 'string', 'string', 'boolean'],
  createCAdESFromBase64Hash: ['string', 'string', 'string'],
  createCMSSignatureFromBase64: ['string', 'string', 'string', 'boolean'],
  applyCAdEST: ['string', 'string', 'string'],
  signXml: ['string', 'string', 'string', 'string', 'string'],
  signXmls: ['string', 'string', 'strings', 'string', 'string'],
};

const success = (responseObject: unknown): Json => ({ responseObject, code: '200' });
const failure = (message?: string): Json => ({ code: '500', ...(message === undefined ? {} : { message }) });

function fits(value: unknown, kind: Kind): boolean {
  return kind === 'strings' ? Array.isArray(value) && value.every((item) => typeof item === 'string') : typeof value === kind;
}

async function commonUtils(request: Json, around: Surroundings): Promise<Answer> {
  const method = String(request['method']);
  const kinds = signatures[method];
  if (!kinds) return failure(`java.lang.NoSuchMethodException: ${method}`);
  const args: unknown[] = Array.isArray(request['args']) ? request['args'] : [];
  if (args.length !== kinds.length || !kinds.every((kind, index) => fits(args[index], kind))) {
    return failure(`java.lang.IllegalArgumentException: argument type mismatch. Method: ${method}`);
  }
  switch (method) {
    case 'getActiveTokens':
      return success(around.tokens);
    case 'changeLocale':
      return { code: '200' };
    case 'signXml':
    case 'signXmls':
      return failure('This simulator signs CMS only.');
    default:
      return withKey(method, args as [string, ...(string | boolean)[]], around);
  }
}

// SIGNATURE and AUTHENTICATION name a usage; any other word leaves the choice to the person.
const usageOids: Record<string, string[]> = { SIGNATURE: ['1.3.6.1.5.5.7.3.4'], AUTHENTICATION: ['1.3.6.1.5.5.7.3.2'] };

async function withKey(method: string, [, keyType, data, attached]: readonly (string | boolean)[], around: Surroundings): Promise<Answer> {
  if (method === 'createCAdESFromBase64Hash' && data === '') return failure();
  const filter: KeyFilter = {
    extKeyUsageOids: usageOids[String(keyType)] ?? [],
    iin: null,
    bin: null,
    serialNumber: null,
    chain: null,
    allowExpired: false,
  };
  const kind = method === 'getKeyInfo' ? 'key information' : 'signature';
  const choice = chosen(await around.choose({ kind, documents: method === 'getKeyInfo' ? 0 : 1, filter }), around);
  if (choice instanceof Direct) return choice;
  if (choice === 'cancelled') return failure('action.canceled');
  if ('refused' in choice) return failure(choice.refused.message);
  const { key } = choice;
  if (method === 'getKeyInfo') return success(keyInformation(key));
  const bytes = Uint8Array.from(Buffer.from(String(data), 'base64'));
  const { timeStamping } = around.keyring;
  const now = around.now();
  if (method === 'applyCAdEST') {
    try {
      return success(Buffer.from(stampCms(bytes, timeStamping, now)).toString('base64'));
    } catch (error) {
      if (error instanceof SignatureFormatError) return failure(error.message);
      throw error;
    }
  }
  const cms = signDocument({
    key,
    timeStamping,
    data: bytes,
    digested: method === 'createCAdESFromBase64Hash',
    attached: attached === true,
    timeStamp: method === 'createCMSSignatureFromBase64',
    now,
  });
  return success(Buffer.from(cms).toString('base64'));
}

function keyInformation({ id, algorithm, certificate }: DemoKey): Json {
  const { person, issuer } = certificate;
  const value = (type: string) => issuer.attributes.find((attribute) => attribute.type === type)?.value ?? '';
  return {
    alias: id,
    keyId: Buffer.from(certificate.subjectKeyIdentifier ?? []).toString('hex'),
    algorithm: algorithm === 'rsa' ? 'RSA' : 'ECGOST3410-2015',
    subjectCn: person.name ?? '',
    subjectDn: [
      `CN=${person.name ?? ''}`,
      `SERIALNUMBER=IIN${person.iin ?? ''}`,
      ...(person.bin ? [`OU=BIN${person.bin}`] : []),
      'C=KZ',
    ].join(','),
    issuerCn: value('2.5.4.3'),
    issuerDn: `C=KZ,CN=${value('2.5.4.3')}`,
    serialNumber: certificate.serial.toString(),
    certNotAfter: String(certificate.notAfter.getTime()),
    certNotBefore: String(certificate.notBefore.getTime()),
    authorityKeyIdentifier: Buffer.from(certificate.authorityKeyIdentifier ?? []).toString('hex'),
    pem: Buffer.from(certificate.der).toString('base64'),
  };
}
