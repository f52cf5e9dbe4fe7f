import type { RequestListener, Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createListener, type ListenerLimits, phoneLimits, webLimits } from '../../server/kit/listener';
import { type RunningWeb, startWeb } from '../../server/web';
import { readConfig } from '../../services/config';
import { freshDatabase, type TestDatabase } from '../support/database';
import { serverEnv } from '../support/servers';
import { until } from '../support/until';

const quick: ListenerLimits = { ...webLimits, headersMs: 300, stallMs: 300, minBytes: 8, connectionsPerAddress: 4 };
let server: Server;
let port: number;
/** Reads the whole body unless told not to yet; answers with its length. */
let mayRead: () => boolean = () => true;
const echo: RequestListener = (req, res) => {
  const read = async (): Promise<void> => {
    await until('leave to read', mayRead, 30_000);
    let size = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) size += chunk.length;
    res.end(`read ${size}`);
  };
  read().catch(() => undefined); // a request that was cut
};

beforeAll(async () => {
  server = createListener(quick, echo, () => false);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
);
beforeEach(() => (mayRead = () => true));

/** A connection that says what it is told to. */
class Raw {
  text = '';
  isClosed = false;
  private constructor(readonly socket: Socket) {
    socket.on('data', (data) => (this.text += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }
  static async open(to = port, localAddress = '127.0.0.1'): Promise<Raw> {
    const socket = connect({ port: to, host: '127.0.0.1', localAddress });
    const raw = new Raw(socket);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return raw;
  }
  say(text: string | Buffer): void {
    this.socket.write(text);
  }
  closed(): Promise<unknown> {
    return until('the connection to be closed', () => this.isClosed, 40_000);
  }
  end(): void {
    this.socket.destroy();
  }
}

const post = (length: number): string => `POST / HTTP/1.1\r\nHost: kense\r\nContent-Length: ${length}\r\n\r\n`;

test('headers that do not end are not waited for', async () => {
  const raw = await Raw.open();
  raw.say('POST / HTTP/1.1\r\nHost: kense\r\n');
  let sent = 0;
  const drip = setInterval(() => raw.say(`X-${sent++}: 1\r\n`), 20); // it moves all the time
  await raw.closed();
  clearInterval(drip);
  expect(sent).toBeGreaterThan(1);
  expect(raw.text).toMatch(/^(HTTP\/1\.1 408|$)/);
});

test('a body that stops is cut, with a word', async () => {
  const raw = await Raw.open();
  raw.say(`${post(1_000)}some of it`);
  await raw.closed();
  expect(raw.text).toMatch(/^HTTP\/1\.1 408/);
});

test('a body that comes by the byte is cut as well', async () => {
  const raw = await Raw.open();
  raw.say(post(1_000_000));
  const drip = setInterval(() => raw.say('x'), 100); // fewer than it must bring in the time
  await raw.closed();
  clearInterval(drip);
  expect(raw.text).toMatch(/^HTTP\/1\.1 408/);
});

test('a slow body that moves is read to its end, longer than two that stopped were waited for', async () => {
  const slow = await Raw.open();
  slow.say(post(100_000));
  let sent = 0;
  const drip = setInterval(() => {
    slow.say(Buffer.alloc(64));
    sent += 64;
  }, 20);
  for (let i = 0; i < 2; i++) {
    const stopped = await Raw.open();
    stopped.say(post(10));
    await stopped.closed();
  }
  clearInterval(drip);
  expect(slow.isClosed).toBe(false);
  slow.say(Buffer.alloc(100_000 - sent));
  await until('the answer', () => slow.text.includes('read 100000'));
  slow.end();
});

test('a sender who waits for us is not blamed', async () => {
  let isOpen = false;
  mayRead = () => isOpen;
  const held = await Raw.open();
  const size = 8 * 1024 * 1024; // more than fits between us
  held.say(post(size));
  held.say(Buffer.alloc(size));
  await until('the server to hold it', () => held.socket.writableLength > 0);
  for (let i = 0; i < 2; i++) {
    const stopped = await Raw.open();
    stopped.say(`${post(10)}x`);
    await stopped.closed();
  }
  expect(held.isClosed).toBe(false);
  isOpen = true;
  await until('the answer', () => held.text.includes(`read ${size}`));
  held.end();
});

test('one address has only so many connections; another one has its own', async () => {
  const mine = [];
  for (let i = 0; i < quick.connectionsPerAddress; i++) mine.push(await Raw.open(port, '127.0.0.9'));
  const more = await Raw.open(port, '127.0.0.9');
  await more.closed();
  const other = await Raw.open(port, '127.0.0.10');
  other.say('GET / HTTP/1.1\r\nHost: kense\r\n\r\n');
  await until('the other to be answered', () => other.text.includes('200 OK'));
  expect(mine.some((raw) => raw.isClosed)).toBe(false);
  mine[0]!.end();
  await until('a place for the next', async () => {
    const next = await Raw.open(port, '127.0.0.9');
    next.say('GET / HTTP/1.1\r\nHost: kense\r\n\r\n');
    await until('an answer or an end', () => next.isClosed || next.text !== '');
    next.end();
    return next.text.includes('200 OK');
  });
  for (const raw of [...mine, other]) raw.end();
});

test('what the limits are on every listener', () => {
  for (const limits of [webLimits, phoneLimits]) {
    for (const name of ['headersMs', 'stallMs', 'minBytes', 'keepAliveMs', 'idleMs', 'connections', 'connectionsPerAddress'] as const)
      expect(limits[name]).toBeGreaterThan(0);
    expect(limits.connectionsPerAddress).toBeLessThan(limits.connections);
  }
});

describe('the listeners of the web process', () => {
  let database: TestDatabase;
  let web: RunningWeb;
  const phone = { port: 0 };
  beforeAll(async () => {
    database = await freshDatabase();
    phone.port = await freePort();
    web = await startWeb(
      readConfig({
        ...serverEnv(),
        KENSE_DATABASE_URL: database.url,
        KENSE_PUBLIC_URL: 'http://127.0.0.1:1',
        KENSE_LISTEN: '127.0.0.1:0',
        KENSE_TRUST_FILES: '',
        KENSE_LOG_LEVEL: 'silent',
        KENSE_PHONE_LISTEN: `127.0.0.1:${phone.port}`,
        KENSE_PHONE_URL: `http://127.0.0.1:${phone.port}/egov`,
      }),
    );
  });
  afterAll(async () => {
    await web.stop();
    await database.drop();
  });

  test('cut whoever stops in the middle of a request', async () => {
    const raws = [await Raw.open(web.port), await Raw.open(phone.port), await Raw.open(web.port), await Raw.open(phone.port)];
    for (const raw of raws.slice(0, 2)) raw.say('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    for (const raw of raws.slice(2))
      raw.say(
        `POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\na=b`,
      );
    await Promise.all(raws.slice(0, 3).map((raw) => raw.closed()));
    expect(raws.slice(0, 3).every((raw) => /^(HTTP\/1\.1 408|$)/.test(raw.text))).toBe(true);
    raws[3]!.end();
  });
});

async function freePort(): Promise<number> {
  const taken = createListener(quick);
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port: free } = taken.address() as AddressInfo;
  await new Promise<void>((resolve) => taken.close(() => resolve()));
  return free;
}
