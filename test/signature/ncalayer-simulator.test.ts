import fs from 'node:fs';
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';
import { demoOrganisations } from '../../scripts/demo-data';
import { ensureAuthority } from '../../scripts/simulators/authority';
import { createSimulator } from '../../scripts/simulators/ncalayer';
import {
  type Certificate,
  createTrustStore,
  decodeSignatureFile,
  DOCUMENT_POLICY,
  readCertificates,
  type VerificationReport,
  verifyCms,
} from '../../signature';
import { until } from '../support/until';

interface Exchange {
  call: string;
  initMessage?: string;
  request: string;
  response: string;
}

const recorded = JSON.parse(fs.readFileSync(path.join(__dirname, '../fixtures/kz-pki/ncalayer/recorded-dialogue.json'), 'utf8')) as {
  exchanges: Exchange[];
};

const [alatau, qazyna] = demoOrganisations;
const head = alatau!.people[0]!;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kense-ncalayer-'));
let server: http.Server;
let address: string;
let trustFile: string;

beforeAll(async () => {
  const files = ensureAuthority(
    folder,
    [
      { ...alatau!, people: alatau!.people.slice(0, 2) },
      { ...qazyna!, people: qazyna!.people.slice(0, 1) },
    ],
    new Date(),
  );
  trustFile = files.trust;
  server = createSimulator({ keyringFile: files.keyring });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A program that talks to NCALayer: answers come in order. */
class Program {
  private readonly messages: string[] = [];
  closed = false;
  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.messages.push(data.toString()));
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => undefined);
  }

  static async connect(): Promise<Program> {
    const program = new Program(new WebSocket(`ws://${address}`));
    await until('the socket', () => program.messages.length > 0 || program.closed);
    return program;
  }

  next(): Promise<string> {
    return until('an answer', () => this.messages.shift() ?? (this.closed ? 'closed' : null));
  }

  ask(message: string): Promise<string> {
    this.socket.send(message);
    return this.next();
  }

  close(): void {
    this.socket.close();
  }
}

const control = (method: string, place: string, body?: unknown) =>
  fetch(`http://${address}${place}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
const plan = (...outcomes: unknown[]) => control('POST', '/control/plan', outcomes);
interface State {
  pending: { id: string; documents: number; filter: { iin: string | null } }[];
  keys: { id: string; roles: string[] }[];
}

const state = async () => (await (await control('GET', '/state')).json()) as State;

/** Shape of a JSON value: what the recording keeps of signatures whose octets were cut. */
function shapeOf(value: unknown): unknown {
  if (typeof value === 'string') return 'text';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

function verify(answer: string, content: string): VerificationReport {
  const { body } = JSON.parse(answer) as { body: { result: string } };
  const certificates = readCertificates(fs.readFileSync(trustFile));
  const isRoot = (each: Certificate) => Buffer.compare(each.subject.der, each.issuer.der) === 0;
  return verifyCms(decodeSignatureFile(Buffer.from(body.result)), {
    content: Buffer.from(content),
    at: new Date(),
    trust: createTrustStore(
      certificates.filter(isRoot),
      certificates.filter((each) => !isRoot(each)),
    ),
    policy: DOCUMENT_POLICY,
  });
}

const signRequest = (data: string | string[], signing: object = {}, signer: object = {}) =>
  JSON.stringify({
    module: 'kz.gov.pki.knca.basics',
    method: 'sign',
    args: {
      allowedStorages: null,
      format: 'cms',
      data,
      signingParams: { decode: true, encapsulate: false, digested: false, ...signing },
      signerParams: { extKeyUsageOids: [], ...signer },
      locale: 'ru',
    },
  });

// Left out: the greeting of KAZTOKEN's own module, a key description cut to one field, and XML that was signed (the simulator signs CMS).
const isOurs = ({ call, response }: Exchange): boolean =>
  call !== 'connect' && !/"certNotBefore"/.test(response) && !(/Xml|XML/.test(call) && !/argument type mismatch/.test(response));

describe('recorded with the real program', () => {
  test.each(recorded.exchanges.filter(isOurs).map((exchange, index) => [`${index} ${exchange.call}`, exchange] as const))(
    '%s',
    async (_name, { call, request, response }) => {
      const expected = JSON.parse(response) as { responseObject?: unknown; body?: object; message?: string };
      await control('PUT', '/control', { tokens: call === 'getActiveTokens' ? expected.responseObject : [] });
      await control('DELETE', '/control/plan');
      const cancelled = expected.message === 'action.canceled' || (expected.body !== undefined && !('result' in expected.body));
      await plan(cancelled ? { do: 'cancel' } : { do: 'choose', key: `${head.login}-organisation` });
      const program = await Program.connect();
      expect(shapeOf(JSON.parse(await program.next()))).toEqual({ result: { version: 'text' } });
      const answer: unknown = JSON.parse(await program.ask(request));
      // Signatures are other octets; errors and everything else are the same to the letter.
      if (/Actual signature stripped|BEGIN CMS/.test(response)) expect(shapeOf(answer)).toEqual(shapeOf(expected));
      else expect(answer).toEqual(expected);
      program.close();
    },
  );

  test('nearly all of the fifty are compared', () => expect(recorded.exchanges.filter(isOurs).length).toBe(40));
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

async function connected(): Promise<Program> {
  const program = await Program.connect();
  expect(JSON.parse(await program.next())).toEqual({ result: { version: '1.4' } });
  return program;
}

describe('signatures', () => {
  test.each([
    ['GOST, the organisation', 'organisation', {}, 'CAdES-BES', alatau!.bin],
    ['GOST with a time-stamp', 'organisation', { tsaProfile: {} }, 'CAdES-T', alatau!.bin],
    ['RSA', 'rsa', {}, 'CAdES-BES', alatau!.bin],
    ['a person for himself', 'personal', {}, 'CAdES-BES', null],
  ])('%s: valid for the verifier, and for nothing but this document', async (_name, suffix, signing, level, bin) => {
    await plan({ do: 'choose', key: `${head.login}-${suffix}` });
    const program = await connected();
    const answer = await program.ask(signRequest(base64('договор'), signing));
    const report = verify(answer, 'договор');
    expect(report).toMatchObject({ verdict: 'valid', attached: false, signers: [{ iin: head.iin, bin, level }] });
    expect(verify(answer, 'другой договор').verdict).toBe('invalid');
    program.close();
  });

  test('an expired key chosen all the same gives a signature the verifier refuses', async () => {
    await plan({ do: 'choose', key: `${alatau!.people[1]!.login}-expired` });
    const program = await connected();
    expect(verify(await program.ask(signRequest(base64('x'))), 'x')).toMatchObject({
      verdict: 'invalid',
      code: expect.stringContaining('expired') as string,
    });
    program.close();
  });

  test('several documents come back in their order, each with a signature of its own', async () => {
    await plan({ do: 'choose', key: `${head.login}-organisation` });
    const program = await connected();
    const { body } = JSON.parse(await program.ask(signRequest(['a', 'b', 'c'].map(base64)))) as { body: { result: string[] } };
    const verdicts = body.result.map((result, index) => verify(JSON.stringify({ body: { result } }), 'abc'[index]!).verdict);
    expect(verdicts).toEqual(['valid', 'valid', 'valid']);
    program.close();
  });
});

describe('the window', () => {
  const fitting = (html: string) => [...html.split('<details>')[0]!.matchAll(/data-key="([^"]+)"/g)].map((match) => match[1]);

  test('offers the keys of the invited person and waits until one is chosen', async () => {
    const program = await connected();
    const answer = program.ask(
      signRequest(base64('x'), {}, { iin: head.iin, bin: alatau!.bin, extKeyUsageOids: ['1.3.6.1.5.5.7.3.4', '1.2.398.3.3.4.1.2.1'] }),
    );
    const [pending] = await until('the request', async () => ((await state()).pending.length > 0 ? (await state()).pending : null));
    expect(pending).toMatchObject({ documents: 1, filter: { iin: head.iin } });
    const html = await (await control('GET', '/')).text();
    expect(fitting(html)).toEqual([`${head.login}-organisation`, `${head.login}-rsa`]);
    expect(html).toContain(`${alatau!.people[1]!.login}-expired`);
    const chosen = await fetch(`http://${address}/pending/${pending!.id}/choose`, {
      method: 'POST',
      body: new URLSearchParams({ key: `${head.login}-organisation` }),
      redirect: 'manual',
    });
    expect(chosen.status).toBe(303);
    expect(verify(await answer, 'x').verdict).toBe('valid');
    expect((await state()).pending).toEqual([]);
    program.close();
  });

  test('cancel answers as NCALayer does: success without a result', async () => {
    const program = await connected();
    const answer = program.ask(signRequest(base64('x')));
    const [pending] = await until('the request', async () => ((await state()).pending.length > 0 ? (await state()).pending : null));
    await control('POST', `/pending/${pending!.id}/cancel`);
    expect(JSON.parse(await answer)).toEqual({ status: true, body: {} });
    program.close();
  });

  test('a request of a program that went away no longer waits', async () => {
    const program = await connected();
    void program.ask(signRequest(base64('x'))).catch(() => undefined);
    await until('the request', async () => (await state()).pending.length === 1);
    program.close();
    await until('its end', async () => (await state()).pending.length === 0);
  });

  test('another site may not press its buttons', async () => {
    const foreign = await fetch(`http://${address}/control`, { method: 'PUT', headers: { origin: 'http://example.kz' }, body: '{}' });
    expect(foreign.status).toBe(403);
  });
});

describe('troubles a test may lay down', () => {
  test('a socket that closes, an error, an answer that is no JSON', async () => {
    await plan({ do: 'close' }, { do: 'error', code: 'SIGNING_FAILURE', message: 'no' }, { do: 'raw', text: 'not json' });
    expect(await (await connected()).ask(signRequest(base64('x')))).toBe('closed');
    expect(JSON.parse(await (await connected()).ask(signRequest(base64('x'))))).toEqual({
      status: false,
      code: 'SIGNING_FAILURE',
      message: 'no',
    });
    expect(await (await connected()).ask(signRequest(base64('x')))).toBe('not json');
  });

  test('a plan for one person is kept for the request about that person', async () => {
    await plan({ do: 'cancel', iin: qazyna!.people[0]!.iin });
    await plan({ do: 'choose', key: `${head.login}-personal`, iin: head.iin });
    const program = await connected();
    expect(verify(await program.ask(signRequest(base64('x'), {}, { iin: head.iin })), 'x').verdict).toBe('valid');
    expect(await (await control('DELETE', '/control/plan')).json()).toEqual({ left: 1 });
    program.close();
  });

  test('an old NCALayer without the module, and one that is not running', async () => {
    await control('PUT', '/control', { modules: ['kz.gov.pki.knca.commonUtils'] });
    const program = await connected();
    expect(JSON.parse(await program.ask(signRequest(base64('x'))))).toEqual({ success: false, errorCode: 'MODULE_NOT_FOUND' });
    await control('PUT', '/control', { down: true, modules: ['kz.gov.pki.knca.basics', 'kz.gov.pki.knca.commonUtils'] });
    expect((await Program.connect()).closed).toBe(true);
    await control('PUT', '/control', { down: false });
    program.close();
  });
});
