import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '../../launcher/home';
import { type Behaviour, changeBehaviour, goodBehaviour } from './behaviour';
import { type IssuedCertificate, openNucKeys, type NucFile, type NucKeys } from './keys';
import { statePage } from './page';
import { Register } from './register';
import { answerOcsp, answerTsp, fileAt, type ServiceContext } from './services';

// The national certification authority's services for the demonstration and tests, speaking their real protocols:
//   POST /ocsp, GET /ocsp/BASE64   RFC 6960        POST /tsp   RFC 3161        GET /crl/*.crl, /ca/*.cer
// and to play with:
//   GET  /            a page that shows the state                     GET /state   the same as JSON
//   PUT  /behaviour   {"ocsp"?, "tsp"?, "crl"?, "clockOffsetMs"?, "lateMs"?}, see behaviour.ts; DELETE: all good again
//   POST /revoke      {"serial": hex, "reason"?, "at"?: ISO 8601}     POST /lift   {"serial"} lifts a suspension
//   POST /issued      {"serial", "algorithm", "id"} makes a certificate known     POST /publish   a new complete list

const maximumRequestBytes = 64 * 1024;

export interface NucOptions {
  /** Folder with nuc.json; the register is kept in it. Or the keys themselves, and then nothing is kept. */
  source: { dir: string } | { keys: NucKeys };
  /** 0: any free one. */
  port: number;
  /** The clock before the offset; default the system's. */
  now?: () => Date;
}

export interface Nuc {
  /** http:// address without a slash at the end. */
  url: string;
  register: Register;
  behave(changes: Partial<Behaviour>): void;
  stop(): Promise<void>;
}

/** Starts the services on the loopback interface. */
export async function startNuc({ source, port, now = () => new Date() }: NucOptions): Promise<Nuc> {
  const keys =
    'keys' in source ? source.keys : openNucKeys(JSON.parse(fs.readFileSync(path.join(source.dir, 'nuc.json'), 'utf8')) as NucFile);
  const register = new Register(keys.issued, 'dir' in source ? path.join(source.dir, 'nuc-register.json') : undefined, now());
  let behaviour: Behaviour = goodBehaviour;
  const context = (): ServiceContext => ({ keys, register, behaviour, now: new Date(now().getTime() + behaviour.clockOffsetMs) });

  const handler = new Handler(context, (changes) => (behaviour = changes === 'good' ? goodBehaviour : changeBehaviour(behaviour, changes)));
  const server = http.createServer((request, response) => {
    handler.serve(request, response).catch((error: Error) => {
      if (!response.headersSent) response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(error.message);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    register,
    behave: (changes) => void (behaviour = changeBehaviour(behaviour, changes)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Reply = { status?: number; type: string; body: string | Uint8Array };

/** A service behaves as if nobody listened. */
class Down extends Error {}

class Handler {
  constructor(
    private readonly context: () => ServiceContext,
    private readonly change: (changes: Record<string, unknown> | 'good') => Behaviour,
  ) {}

  async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://nuc');
    try {
      const { status = 200, type, body } = await this.reply(request, pathname);
      response.writeHead(status, {
        'Content-Type': type,
        'Cache-Control': 'no-store',
        'Content-Security-Policy': "default-src 'none'; style-src 'self'",
      });
      response.end(body);
    } catch (error) {
      if (!(error instanceof Down)) throw error;
      request.socket.destroy();
    }
  }

  private async reply(request: http.IncomingMessage, pathname: string): Promise<Reply> {
    const { method = 'GET' } = request;
    if (method === 'POST' && pathname === '/ocsp') return this.ocsp(await bodyOf(request));
    if (method === 'GET' && pathname.startsWith('/ocsp/'))
      return this.ocsp(Buffer.from(decodeURIComponent(pathname.slice('/ocsp/'.length)), 'base64'));
    if (method === 'POST' && pathname === '/tsp') return this.tsp(await bodyOf(request));
    if (method === 'GET' && /^\/(crl|ca)\//.test(pathname)) return this.file(pathname);
    if (method === 'GET' && pathname === '/') return { type: 'text/html; charset=utf-8', body: statePage(this.context()) };
    if (method === 'GET' && pathname === '/tokens.css')
      return { type: 'text/css; charset=utf-8', body: fs.readFileSync(path.join(repositoryRoot(), 'views/assets/css/tokens.css')) };
    if (method === 'GET' && pathname === '/state') return json(this.state());
    if (method !== 'GET') return this.control(`${method} ${pathname}`, request);
    return { status: 404, type: 'text/plain', body: 'Not found' };
  }

  private async ocsp(body: Uint8Array): Promise<Reply> {
    const { behaviour } = this.context();
    if (behaviour.ocsp === 'down') throw new Down();
    if (behaviour.ocsp === 'late') await sleep(behaviour.lateMs, undefined, { ref: false });
    return { type: 'application/ocsp-response', body: answerOcsp(body, this.context()) };
  }

  private async tsp(body: Uint8Array): Promise<Reply> {
    const { behaviour } = this.context();
    if (behaviour.tsp === 'down') throw new Down();
    if (behaviour.tsp === 'late') await sleep(behaviour.lateMs, undefined, { ref: false });
    return { type: 'application/timestamp-reply', body: answerTsp(body, this.context()) };
  }

  private file(pathname: string): Reply {
    const context = this.context();
    const isList = pathname.startsWith('/crl/');
    if (isList && context.behaviour.crl === 'down') throw new Down();
    const body = fileAt(pathname, context);
    if (!body) return { status: 404, type: 'text/plain', body: 'Not found' };
    return { type: isList ? 'application/pkix-crl' : 'application/pkix-cert', body };
  }

  private async control(what: string, request: http.IncomingMessage): Promise<Reply> {
    if (!isOwn(request)) return { status: 403, ...json({ error: 'another site may not do that' }) };
    const { register, now } = this.context();
    const body = what === 'DELETE /behaviour' || what === 'POST /publish' ? {} : await jsonOf(request);
    const serial = text(body, 'serial')?.replace(/^0+/, '').toLowerCase();
    switch (what) {
      case 'PUT /behaviour':
        return json(this.change(body));
      case 'DELETE /behaviour':
        return json(this.change('good'));
      case 'POST /revoke':
        register.revoke(serial ?? '', text(body, 'reason') ?? 'unspecified', new Date(text(body, 'at') ?? now), now);
        return json(this.state());
      case 'POST /lift':
        register.lift(serial ?? '', now);
        return json(this.state());
      case 'POST /issued':
        register.add({
          serial: serial ?? '',
          algorithm: text(body, 'algorithm') === 'rsa' ? 'rsa' : 'gost2015',
          id: text(body, 'id') ?? '',
        });
        return json(this.state());
      case 'POST /publish':
        register.publish(now);
        return json(this.state());
      default:
        return { status: 404, type: 'text/plain', body: 'Not found' };
    }
  }

  private state(): { behaviour: Behaviour; now: string; certificates: (IssuedCertificate & { revoked: unknown })[] } {
    const { behaviour, now, register } = this.context();
    return { behaviour, now: now.toISOString(), certificates: register.overview() };
  }
}

function json(value: unknown): Reply {
  return { type: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

/** Whether a request that changes something comes from a program that is no browser, or from the page itself. */
function isOwn(request: http.IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}

async function bodyOf(request: http.IncomingMessage): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maximumRequestBytes) throw new Error('The request is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function jsonOf(request: http.IncomingMessage): Promise<Record<string, unknown>> {
  const value: unknown = JSON.parse(Buffer.from(await bodyOf(request)).toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('an object is wanted');
  return value as Record<string, unknown>;
}

function text(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' ? value : undefined;
}
