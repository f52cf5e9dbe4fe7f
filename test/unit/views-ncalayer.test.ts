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
  memory?: ReturnType<typeof aMemory>,
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
  const layer = new NcaLayer({ url, WebSocket, ...(memory ? { memory } : {}) });
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

/** What sessionStorage is to the page. */
function aMemory(): { getItem: (key: string) => string | null; setItem: (key: string, value: string) => void } {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}
type SignMessage = {
  module: string;
  args: { data: string | string[]; allowedStorages: string[] | null; signingParams: { digested: boolean } };
};
const three = { documents: ['MQ==', 'Mg==', 'Mw=='], wantsTimestamp: true };
const signedAll = ({ args }: { args: unknown }) => {
  const { data } = args as SignMessage['args'];
  return { status: true, body: { result: Array.isArray(data) ? data.map((each) => `cms${each}`) : `cms${data}` } };
};

describe('many documents', () => {
  test('go in one call where the program takes lists, and the browser remembers that', async () => {
    const memory = aMemory();
    const { layer, asked } = await aLayer(signedAll, undefined, memory);
    await layer.connect();
    expect(await layer.signMany(three)).toEqual({ signatures: ['cmsMQ==', 'cmsMg==', 'cmsMw=='], isWhole: true });
    expect(asked).toHaveLength(1);
    expect(layer.known).toMatchObject({ takesArrays: true, hasBasics: true });
  });

  test.each([
    ['refuses lists', () => ({ status: false, code: 'INVOCATION_ERROR', details: 'JSONObject["data"] is not a string.' })],
    ['signs only the first', ({ args }: SignMessage) => ({ status: true, body: { result: [`cms${args.data[0]}`] } })],
  ])('go one by one where the program %s; the next page knows', async (_what, list) => {
    const memory = aMemory();
    const answer = (message: unknown): unknown =>
      Array.isArray((message as SignMessage).args.data) ? list(message as SignMessage) : signedAll(message as SignMessage);
    const { layer, url } = await aLayer(answer, undefined, memory);
    await layer.connect();
    expect(await layer.signMany(three)).toEqual({ signatures: ['cmsMQ=='], isWhole: false });
    expect(layer.takesMany).toBe(false);
    layer.close();
    const later = new NcaLayer({ url, WebSocket, memory });
    layers.push(later);
    await later.connect();
    expect(later.takesMany).toBe(false);
    expect(await later.signMany({ ...three, documents: ['MQ=='] })).toEqual({ signatures: ['cmsMQ=='], isWhole: true });
  });

  test('a wrong password or a cancelled choice says nothing about lists', async () => {
    const answers = [
      { status: false, code: 'SIGNING_FAILURE', message: 'Wrong password' },
      { status: true, body: {} },
    ];
    const { layer, asked } = await aLayer(() => answers.shift(), undefined, aMemory());
    await layer.connect();
    expect((await failureOf(layer.signMany(three))).code).toBe('failed');
    expect((await failureOf(layer.signMany(three))).code).toBe('cancelled');
    expect(asked).toHaveLength(2);
    expect(layer.takesMany).toBe(true);
  });

  test('a program without basics is remembered and asked through commonUtils at once; digests are signed and stamped there too', async () => {
    const memory = aMemory();
    const { layer, asked } = await aLayer(
      ({ module, method }) => {
        if (module === 'kz.gov.pki.knca.basics') return { success: false, errorCode: 'MODULE_NOT_FOUND' };
        if (method === 'getActiveTokens') return { code: '200', responseObject: ['AKKaztokenStore'] };
        return method === 'changeLocale' ? { code: '200' } : { code: '200', responseObject: `cms-${method}` };
      },
      undefined,
      memory,
    );
    await layer.connect();
    const request = { ...three, isDigested: true, locale: 'kk' };
    expect(await layer.signMany(request)).toEqual({ signatures: ['cms-applyCAdEST'], isWhole: false });
    expect(layer.takesMany).toBe(false);
    const before = asked.length;
    await layer.signMany(request);
    expect(asked.slice(before)).toEqual([
      { module: 'kz.gov.pki.knca.commonUtils', method: 'getActiveTokens' },
      {
        module: 'kz.gov.pki.knca.commonUtils',
        method: 'createCAdESFromBase64Hash',
        args: ['AKKaztokenStore', 'SIGNATURE', 'MQ=='],
      },
      {
        module: 'kz.gov.pki.knca.commonUtils',
        method: 'applyCAdEST',
        args: ['AKKaztokenStore', 'SIGNATURE', 'cms-createCAdESFromBase64Hash'],
      },
    ]);
    expect(asked).toContainEqual({ module: 'kz.gov.pki.knca.commonUtils', method: 'changeLocale', args: ['kz'] });
  });

  test('the chosen storage and ready digests are told to the program', async () => {
    const { layer, asked } = await aLayer(signedAll, undefined, aMemory());
    await layer.connect();
    await layer.signMany({ ...three, storage: 'AKKZIDCardStore', isDigested: true });
    const [message] = asked as SignMessage[];
    expect(message?.args.allowedStorages).toEqual(['AKKZIDCardStore']);
    expect(message?.args.signingParams.digested).toBe(true);
  });
});

describe('which program answers', () => {
  test('KAZTOKEN names itself; it is asked once a version', async () => {
    const { layer, asked } = await aLayer(
      () => ({ code: '200', responseObject: { name: 'KAZTOKENdesktop', version: '1.9' } }),
      undefined,
      aMemory(),
    );
    await layer.connect();
    expect([await layer.product(), await layer.product()]).toEqual(['KAZTOKENdesktop 1.9', 'KAZTOKENdesktop 1.9']);
    expect(asked).toHaveLength(1);
  });

  test('NCALayer answers with an error and has no other name', async () => {
    const { layer } = await aLayer(() => ({ success: false, errorCode: 'MODULE_NOT_FOUND' }), undefined, aMemory());
    await layer.connect();
    expect(await layer.product()).toBe('');
  });

  test('a program that never answers the question is asked nothing more on that connection', async () => {
    const { layer, asked } = await aLayer(
      (message) => (message.method === 'getVersion' ? undefined : signedAll(message)),
      undefined,
      aMemory(),
    );
    await layer.connect();
    expect(await layer.product()).toBe('');
    expect(await layer.sign({ base64: 'MTEK' })).toBe('cmsMTEK');
    expect(asked).toHaveLength(2);
  });
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
