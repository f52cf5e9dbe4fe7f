import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';

/** How long a listener waits for others, and for how many at once. Times in milliseconds. */
export type ListenerLimits = {
  /** For the headers of a request, from its first byte. */
  headersMs: number;
  /** For a whole request; 0: as long as it moves. */
  requestMs: number;
  /** A body that brings fewer than `minBytes` in this time has stopped. */
  stallMs: number;
  minBytes: number;
  /** For the next request on an open connection; longer than proxies keep theirs, so that they close first. */
  keepAliveMs: number;
  /** For anything at all on a connection: also an answer that nobody takes. */
  idleMs: number;
  connections: number;
  /** Connections of one address. Proxies and this machine itself are not counted. */
  connectionsPerAddress: number;
};

/** Large uploads over slow links are fine: a body may take as long as it likes while it moves. */
export const webLimits: ListenerLimits = {
  headersMs: 15_000,
  requestMs: 0,
  stallMs: 20_000,
  minBytes: 4_096,
  keepAliveMs: 65_000,
  idleMs: 300_000,
  connections: 2_000,
  connectionsPerAddress: 200,
};

/** Phones send 20 MB of documents over a slow mobile network; many of them share the address of their operator. */
export const phoneLimits: ListenerLimits = {
  headersMs: 10_000,
  requestMs: 180_000,
  stallMs: 20_000,
  minBytes: 4_096,
  keepAliveMs: 65_000,
  idleMs: 200_000,
  connections: 500,
  connectionsPerAddress: 200,
};

/** Looks at slow requests so many times in the shortest time they have. */
const looks = 4;

/**
 * A server that waits for nobody for ever. `isExempt` tells addresses that bring many people's connections, such as a proxy's. The caller
 * lets it listen.
 */
export function createListener(
  limits: ListenerLimits,
  app?: RequestListener,
  isExempt: (address: string) => boolean = isThisMachine,
): Server {
  const lookMs = Math.max(1, Math.floor(Math.min(limits.headersMs, limits.stallMs) / looks));
  const options = {
    connectionsCheckingInterval: lookMs,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
  };
  const server = app ? createServer(options, app) : createServer(options);
  server.maxConnections = limits.connections;
  server.setTimeout(limits.idleMs);
  limitAddresses(server, limits.connectionsPerAddress, isExempt);
  cutStalled(server, limits, lookMs);
  return server;
}

/** Whether an address brings many people's connections: this machine's own, and the proxies that an application trusts. */
export function isOurs(app: Express): (address: string) => boolean {
  const isTrusted = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return (address) => isThisMachine(address) || isTrusted(address, 0);
}

/** Loopback: a proxy on this machine, or its operator. */
const isThisMachine = (address: string): boolean => /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(address);

function limitAddresses(server: Server, most: number, isExempt: (address: string) => boolean): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isExempt(address)) return;
    const count = (open.get(address) ?? 0) + 1;
    if (count > most) return void socket.destroy();
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

type Coming = { req: IncomingMessage; res: ServerResponse; bytes: number; since: number };

/** Cuts requests whose body has stopped moving while this side was ready to read it. */
function cutStalled(server: Server, { stallMs, minBytes }: ListenerLimits, lookMs: number): void {
  const coming = new Set<Coming>();
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
    if (!hasBody) return;
    const one: Coming = { req, res, bytes: req.socket.bytesRead, since: Date.now() };
    coming.add(one);
    req.once('close', () => coming.delete(one));
  });
  const timer = setInterval(() => {
    const now = Date.now();
    for (const one of coming) {
      const { req } = one;
      if (req.complete || req.destroyed) {
        coming.delete(one);
        continue;
      }
      const isHeldHere = req.readableLength >= req.readableHighWaterMark; // the sender waits for us, not we for him
      if (isHeldHere || req.socket.bytesRead - one.bytes >= minBytes) {
        one.bytes = req.socket.bytesRead;
        one.since = now;
      } else if (now - one.since >= stallMs) {
        coming.delete(one);
        cut(one);
      }
    }
  }, lookMs);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}

function cut({ req, res }: Coming): void {
  const end = (): void => void req.socket.destroy();
  if (res.headersSent) end();
  else res.writeHead(408, { Connection: 'close' }).end(end);
}
