import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Nuc } from '../../scripts/simulators/nuc';
import { digest } from '../../signature';
import { openPki } from '../../integrations/pki/pki';
import { TestAuthority } from '../support/authority';

// An organisation whose way out is a proxy: it forwards what is asked for in full and knows its people by a password.
let nuc: Nuc;
let proxy: http.Server;
let proxyUrl: string;
const authority = new TestAuthority();
const seen: string[] = [];

function forward(request: http.IncomingMessage, response: http.ServerResponse): void {
  seen.push(`${request.method} ${request.url}`);
  const expected = `Basic ${Buffer.from('kense:s3cret').toString('base64')}`;
  if (request.headers['proxy-authorization'] !== expected) {
    response.writeHead(407).end();
    return;
  }
  const onward = http.request(request.url ?? '', { method: request.method ?? 'GET', headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.writeHead(502).end());
  request.pipe(onward);
}

beforeAll(async () => {
  nuc = await authority.serve();
  proxy = http.createServer(forward);
  proxy.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'); // as proxies do with a port that is not 443
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxyUrl = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterEach(() => seen.splice(0));
afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await nuc.stop();
});

const pkiThrough = (url: string | null) =>
  openPki({ ocspUrls: [`${nuc.url}/ocsp`], tspUrl: `${nuc.url}/tsp`, timeoutMs: 5_000, proxyUrl: url }, () => new Date());
const imprint = { algorithm: 'streebog512', imprint: digest('streebog512', Buffer.from('through the proxy')) } as const;

test('outside services are asked through the proxy, without a tunnel for plain addresses', async () => {
  const stamp = await pkiThrough(`http://kense:s3cret@${proxyUrl}`).timeStamp(imprint);
  expect(stamp.ok).toBe(true);
  expect(seen).toEqual([`POST ${nuc.url}/tsp`]);
});

test('a proxy that wants another password is told as what it is', async () => {
  const stamp = await pkiThrough(`http://kense:wrong@${proxyUrl}`).timeStamp(imprint);
  expect(stamp).toMatchObject({
    ok: false,
    problem: { service: 'tsp', failure: 'unreachable', detail: 'Proxy Authentication Required (407)' },
  });
});

test('a proxy that is away is an outage like any other, and nothing goes past it', async () => {
  const stamp = await pkiThrough('http://127.0.0.1:9').timeStamp(imprint);
  expect(stamp).toMatchObject({ ok: false, problem: { failure: 'unreachable', detail: 'ECONNREFUSED' } });
  expect((await pkiThrough(null).timeStamp(imprint)).ok).toBe(true);
  expect(seen).toEqual([]);
});
