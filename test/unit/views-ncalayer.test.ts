import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { WebSocket, WebSocketServer, type WebSocket as Socket } from 'ws';
import { isUlid } from '../../domain/ids';
import { bareBase64, NcaLayer, readBasicsAnswer, readCommonAnswer, toBase64, type NcaLayerError } from '../../views/assets/js/ncalayer.js';
import { ulid } from '../../views/assets/js/ulid.js';

interface Exchange {
  call: string;
  request: string;
  response: string;
}
const recorded = JSON.parse(readFileSync(path.join(__dirname, '../fixtures/kz-pki/ncalayer/recorded-dialogue.json'), 'utf8')) as {
  exchanges: Exchange[];
};

type Answer = (message: { module: string; method: string; args: unknown }, socket: Socket) => unknown;
const servers: WebSocketServer[] = [];
const layers: NcaLayer[] = [];

/** A program that speaks NCALayer's protocol on a port of its own; an answer of `undefined` leaves the request waiting. */
async function aLayer(
  answer: Answer,
  greeting: string | null = '{"result":{"version":"1.4"}}',
): Promise<{ layer: NcaLayer; asked: unknown[]; url: string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const asked: unknown[] = [];
  server.on('connection', (socket) => {
    if (greeting !== null) socket.send(greeting);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Parameters<Answer>[0];
      asked.push(message);
      const reply = answer(message, socket);
      if (reply !== undefined) socket.send(JSON.stringify(reply));
    });
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const layer = new NcaLayer({ url, WebSocket });
  layers.push(layer);
  return { layer, asked, url };
}
const failureOf = (promise: Promise<unknown>): Promise<NcaLayerError> =>
  promise.then(
    () => Promise.reject(new Error('it went through')),
    (error: NcaLayerError) => error,
  );

afterEach(async () => {
  for (const layer of layers.splice(0)) layer.close();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

test('the version is what NCALayer says first', async () => {
  const { layer } = await aLayer(() => undefined);
  expect(await layer.connect()).toBe('1.4');
  expect(layer.isOpen).toBe(true);
});

test('a program that does not greet is still connected', async () => {
  const { layer } = await aLayer(() => undefined, null);
  expect(await layer.connect()).toBe('');
});

test('nothing on the port is «missing»', async () => {
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  expect((await failureOf(new NcaLayer({ url: `ws://127.0.0.1:${port}/`, WebSocket }).connect())).code).toBe('missing');
});

test('a document is signed detached, by the person and company that were asked', async () => {
  const { layer, asked } = await aLayer(() => ({ status: true, body: { result: '-----BEGIN CMS-----\nTUlJ\nQQ==\n-----END CMS-----\n' } }));
  await layer.connect();
  const cms = await layer.sign({
    base64: 'MTEK',
    extKeyUsageOids: ['1.2.398.3.3.4.1.2'],
    iin: '810412300214',
    bin: '140940018327',
    chain: null,
    wantsTimestamp: true,
    locale: 'kk',
  });
  expect(cms).toBe('TUlJQQ==');
  expect(asked).toEqual([
    {
      module: 'kz.gov.pki.knca.basics',
      method: 'sign',
      args: {
        allowedStorages: null,
        format: 'cms',
        data: 'MTEK',
        signingParams: { decode: true, encapsulate: false, digested: false, tsaProfile: {} },
        signerParams: { extKeyUsageOids: ['1.2.398.3.3.4.1.2'], iin: '810412300214', bin: '140940018327' },
        locale: 'kz',
      },
    },
  ]);
});

test('a program that does not know basics is asked through commonUtils', async () => {
  const { layer, asked } = await aLayer(({ module, method }) => {
    if (module === 'kz.gov.pki.knca.basics') return { success: false, errorCode: 'MODULE_NOT_FOUND' };
    return method === 'getActiveTokens' ? { code: '200', responseObject: [] } : { code: '200', responseObject: 'TUlJQQ==' };
  });
  await layer.connect();
  expect(await layer.sign({ base64: 'MTEK', wantsTimestamp: false })).toBe('TUlJQQ==');
  expect(asked.at(-1)).toEqual({
    module: 'kz.gov.pki.knca.commonUtils',
    method: 'createCAdESFromBase64',
    args: ['PKCS12', 'SIGNATURE', 'MTEK', false],
  });
});

test('a program with neither module is too old', async () => {
  const { layer } = await aLayer(() => ({ success: false, errorCode: 'MODULE_NOT_FOUND' }));
  await layer.connect();
  expect((await failureOf(layer.sign({ base64: 'MTEK' }))).code).toBe('module');
});

test('a closed socket ends the waiting, however long the dialogue was open', async () => {
  const { layer } = await aLayer((_message, socket) => socket.close());
  await layer.connect();
  expect((await failureOf(layer.sign({ base64: 'MTEK' }))).code).toBe('closed');
  expect(layer.isOpen).toBe(false);
});

test('a second request while one waits is refused, not mixed up', async () => {
  const { layer } = await aLayer(() => undefined);
  await layer.connect();
  const first = failureOf(layer.sign({ base64: 'MTEK' }));
  expect((await failureOf(layer.sign({ base64: 'MTIK' }))).code).toBe('busy');
  layer.close();
  expect((await first).code).toBe('cancelled');
});

test('heartbeats and noise on the socket answer nothing', async () => {
  const { layer } = await aLayer((_message, socket) => {
    socket.send('--heartbeat--');
    socket.send('not json');
    return { status: true, body: { result: ['TUlJQQ=='] } };
  });
  await layer.connect();
  expect(await layer.sign({ base64: 'MTEK' })).toBe('TUlJQQ==');
});

// The recorded dialogues come from a real NCALayer; signatures in them were cut out, which leaves PEM lines without a body.
const basics = recorded.exchanges.filter(({ request }) => request.includes('knca.basics'));
test.each(basics.map(({ response }, i) => [i, response] as const))('recorded answer %i of basics is read', (_i, response) => {
  const answer = JSON.parse(response) as { status: boolean; body?: { result?: unknown } };
  const outcome = ((): string => {
    try {
      return readBasicsAnswer(answer).length > 0 ? 'signed' : 'nothing';
    } catch (error) {
      return (error as NcaLayerError).code;
    }
  })();
  expect(outcome).toBe(!answer.status ? 'failed' : answer.body?.result === undefined ? 'cancelled' : 'signed');
});
const common = recorded.exchanges.filter(({ request }) => request.includes('knca.commonUtils'));
test.each(common.map(({ response }, i) => [i, response] as const))('recorded answer %i of commonUtils is read', (_i, response) => {
  const answer = JSON.parse(response) as { code: string; message?: string; responseObject?: unknown };
  const read = (): unknown => readCommonAnswer(answer);
  if (answer.code === '200') expect(read()).toEqual(answer.responseObject);
  else expect(read).toThrow(answer.message === 'action.canceled' ? 'cancelled' : 'failed');
});

test('base64 of a large file is made in pieces and is right', () => {
  const bytes = new Uint8Array(3_000_001).map((_value, i) => i % 251);
  expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
  expect(toBase64(new Uint8Array())).toBe('');
});

test('PEM, wrapped and bare base64 are one and the same', () => {
  for (const text of ['TUlJQQ==', 'TUlJ\r\nQQ==\r\n', '-----BEGIN PKCS7-----\nTUlJ\nQQ==\n-----END PKCS7-----'])
    expect(bareBase64(text)).toBe('TUlJQQ==');
});

test('command ids made in the browser are ULIDs in order of time', () => {
  const ids = [1_000, 1_763_600_000_000, 1_763_600_000_001].map((now) => ulid(now));
  expect(ids.every(isUlid)).toBe(true);
  expect([...ids].sort()).toEqual(ids);
});
