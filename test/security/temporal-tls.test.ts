import { readFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { NativeConnection } from '@temporalio/worker';
import { secretKeysOf } from '../../domain/secret-keys';
import { connectionOptions, openTemporal, type TemporalOptions } from '../../integrations/temporal/client';
import { serverEnv } from '../support/servers';
import { makeTls, type TestTls } from '../support/tls';

let files: TestTls;
let door: tls.Server;
let address: string;
const secrets = secretKeysOf(serverEnv()['KENSE_SECRET_KEY']!);

// Temporal behind a door that wants a certificate, as its own frontend does when it is told to.
beforeAll(async () => {
  files = makeTls();
  const [host = '', port] = serverEnv()['KENSE_TEMPORAL_ADDRESS']!.split(':');
  const options = {
    cert: readFileSync(files.server.cert),
    key: readFileSync(files.server.key),
    ca: readFileSync(files.ca),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2'],
  };
  door = tls.createServer(options, (socket) => {
    const inside = net.connect(Number(port), host);
    socket.pipe(inside).pipe(socket);
    for (const one of [socket, inside]) one.on('error', () => undefined).on('close', () => (socket.destroy(), inside.destroy()));
  });
  door.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  address = `localhost:${(door.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => door.close(resolve));
  files.remove();
});

const options = (change: Partial<NonNullable<TemporalOptions['tls']>> | null = {}): TemporalOptions => ({
  address,
  namespace: 'default',
  tls: change && { caFile: files.ca, certFile: files.client.cert, keyFile: files.client.key, serverName: null, ...change },
});

/** Asks the server something by a client and by a worker's connection. */
async function ask(how: TemporalOptions): Promise<void> {
  const { connection } = openTemporal(how, secrets);
  try {
    await connection.withDeadline(Date.now() + 3_000, () => connection.workflowService.getSystemInfo({}));
  } finally {
    await connection.close();
  }
}
const askAsWorker = async (how: TemporalOptions): Promise<void> => (await NativeConnection.connect(connectionOptions(how))).close();

test('client and worker come in with authority and certificate', async () => {
  await ask(options());
  await askAsWorker(options());
});

test.each<[string, () => TemporalOptions]>([
  ['without TLS', () => options(null)],
  ['without a certificate of their own', () => options({ certFile: null, keyFile: null })],
  ["when the server's authority is another", () => options({ caFile: files.strangersCa })],
  ["when the server's certificate has another name", () => options({ serverName: 'temporal.example.kz' })],
])('neither connects %s', async (_what, how) => {
  await expect(ask(how())).rejects.toThrow();
  await expect(askAsWorker(how())).rejects.toThrow();
});

test('an API key goes with every call, and only over TLS', async () => {
  const seen: (string | undefined)[] = [];
  const cloud: Http2SecureServer = createSecureServer({ cert: readFileSync(files.server.cert), key: readFileSync(files.server.key) });
  cloud.on('stream', (stream, headers) => {
    seen.push(headers.authorization);
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '16', 'grpc-message': 'no' }, { endStream: true });
  });
  await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
  const how: TemporalOptions = {
    ...options({ certFile: null, keyFile: null }),
    address: `localhost:${(cloud.address() as AddressInfo).port}`,
    apiKey: 'a-key',
  };
  await expect(ask(how)).rejects.toThrow();
  await expect(askAsWorker(how)).rejects.toThrow();
  expect(seen.length).toBeGreaterThanOrEqual(2);
  expect(new Set(seen)).toEqual(new Set(['Bearer a-key']));
  cloud.close();
});
