import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { WebSocketServer } from 'ws';
import { repositoryRoot } from '../launcher/home';
import { openKeyring, type KeyringFile } from './keyring';
import { Desk, type Outcome, type Planned } from './ncalayer/desk';
import { answer, type Surroundings } from './ncalayer/dialogue';
import { windowPage } from './ncalayer/window';
import { asProgram, listenLocally } from '../program';

// NCALayer for the demonstration: its protocol on a WebSocket, its window as a page, and for tests a way to lay down what the person does.
//   GET  /                            the window                GET /state     version, modules, tokens, waiting requests, keys
//   POST /pending/ID/choose  key=ID   POST /pending/ID/cancel   what the window's buttons do
//   POST /control/plan       [{"do":"choose","key":ID,"iin"?:…,"delayMs"?:…} | {"do":"cancel"|"close"|"die"|"error"|"raw",…}]   for requests to come
//   DELETE /control/plan              forgets them
//   PUT  /control            {"down"?:bool,"version"?:text,"modules"?:[…],"tokens"?:[…],"lists"?:"all"|"first"|"refused"}

const allModules = ['kz.gov.pki.knca.basics', 'kz.gov.pki.knca.commonUtils'];
const maximumBytes = 256 * 1024 * 1024;

interface Control {
  /** As if NCALayer did not run: connections are dropped before they open. */
  down: boolean;
  version: string;
  modules: string[];
  tokens: string[];
  lists: Surroundings['lists'];
}

const assets: Record<string, { file: string; type: string }> = {
  '/tokens.css': { file: 'views/assets/css/tokens.css', type: 'text/css; charset=utf-8' },
  '/window.css': { file: 'scripts/simulators/ncalayer/window.css', type: 'text/css; charset=utf-8' },
  '/window.js': { file: 'scripts/simulators/ncalayer/window.js', type: 'text/javascript; charset=utf-8' },
};

export interface SimulatorOptions {
  keyringFile: string;
  /** PEM files for wss://; ws:// without them. */
  tls?: { certificate: string; key: string };
  now?: () => Date;
}

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

/** Whether an unsafe request comes from the window itself or from a program that is no browser. */
function isOwn(request: http.IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return origin === undefined || new URL(origin).host === host;
}

/** The simulator as an HTTP server that is not listening yet. */
export function createSimulator({ keyringFile, tls, now = () => new Date() }: SimulatorOptions): http.Server {
  const keyring = openKeyring(JSON.parse(fs.readFileSync(keyringFile, 'utf8')) as KeyringFile);
  const desk = new Desk();
  let control: Control = { down: false, version: '1.4', modules: allModules, tokens: [], lists: 'all' };
  /** Until when it is dead: it comes back by itself. */
  let deadUntil = 0;

  const keys = keyring.keys.map(({ id, use, algorithm, certificate }) => ({
    id,
    use,
    algorithm,
    name: certificate.person.name,
    iin: certificate.person.iin,
    bin: certificate.person.bin ?? null,
    organisation: certificate.person.organisation ?? null,
    roles: certificate.roles,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    serialNumber: certificate.serial.toString(16),
  }));

  const serve = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', 'http://simulator');
    const what = `${request.method} ${pathname}`;
    const send = (status: number, type: string, content: string | Buffer) => {
      const csp =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'";
      response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': csp, 'Cache-Control': 'no-store' }).end(content);
    };
    const json = (value: unknown, status = 200) => send(status, 'application/json; charset=utf-8', JSON.stringify(value));
    if (request.method !== 'GET' && !isOwn(request)) return json({ error: 'another site may not choose a key' }, 403);
    const asset = assets[pathname];
    if (asset && request.method === 'GET') return send(200, asset.type, fs.readFileSync(path.join(repositoryRoot(), asset.file)));
    const [, id, act] = /^POST \/pending\/([\w-]+)\/(choose|cancel)$/.exec(what) ?? [];
    if (id !== undefined) {
      const key = new URLSearchParams(await bodyOf(request)).get('key') ?? '';
      const outcome: Outcome = act === 'choose' ? { do: 'choose', key } : { do: 'cancel' };
      // A request that waits no more: the page that comes shows so.
      desk.settle(id, outcome);
      return void response.writeHead(303, { Location: '/' }).end();
    }
    switch (what) {
      case 'GET /':
        return send(200, 'text/html; charset=utf-8', windowPage(desk.pending(), keyring, now()));
      case 'GET /state':
        return json({ ...control, pending: desk.pending(), keys });
      case 'POST /control/plan':
        desk.plan(JSON.parse(await bodyOf(request)) as Planned[]);
        return json({});
      case 'DELETE /control/plan':
        return json({ left: desk.clearPlans() });
      case 'PUT /control':
        control = { ...control, ...(JSON.parse(await bodyOf(request)) as Partial<Control>) };
        return json(control);
      default:
        return send(404, 'text/plain', 'Not found');
    }
  };

  const listener: http.RequestListener = (request, response) => {
    serve(request, response).catch((error: Error) => response.writeHead(400).end(error.message));
  };
  const server = tls
    ? https.createServer({ cert: fs.readFileSync(tls.certificate), key: fs.readFileSync(tls.key) }, listener)
    : http.createServer(listener);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maximumBytes });
  server.on('upgrade', (request: http.IncomingMessage, socket, head: Buffer) => {
    if (control.down || Date.now() < deadUntil) return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const gone = new AbortController();
      opened.on('close', () => gone.abort());
      opened.on('error', () => opened.terminate());
      // NCALayer speaks first.
      opened.send(JSON.stringify({ result: { version: control.version } }));
      // One request at a time: the next is looked at when the one before is answered.
      let turn = Promise.resolve();
      opened.on('message', (data: Buffer) => {
        turn = turn
          .then(async () => {
            const reply = await answer(data.toString('utf8'), {
              keyring,
              tokens: control.tokens,
              modules: control.modules,
              lists: control.lists,
              now,
              choose: (order) => desk.ask({ ...order, origin: request.headers.origin ?? '' }, gone.signal),
            });
            if (reply === 'close') opened.terminate();
            else if (reply === 'nothing') return;
            else if ('text' in reply) opened.send(reply.text);
            else {
              deadUntil = Date.now() + reply.dieForMs;
              for (const client of sockets.clients) client.terminate();
            }
          })
          .catch(() => opened.terminate());
      });
    });
  });
  return server;
}

/** Runs the simulator until SIGTERM: ncalayer KEYRING PORT [CERTIFICATE KEY]. */
async function main([keyringFile, port, certificate, key]: string[]): Promise<void> {
  const server = createSimulator({ keyringFile: keyringFile!, tls: certificate && key ? { certificate, key } : undefined });
  await listenLocally(server, Number(port));
}

asProgram(module, main);
