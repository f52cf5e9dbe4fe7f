import { randomInt } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { type Home, readJson, writePrivate } from './home';

// Below the range the system hands out for outgoing connections, so a remembered port is rarely lent to somebody else.
const lowest = 20000;
const highest = 32000;

/** True when a server could listen on this port of the address now. */
export function isFree(port: number, address = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: address, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** The ports a home remembers by name. Kept across starts while they are free; one taken by another program is replaced. */
export class Ports {
  private readonly file: string;
  private readonly known: Map<string, number>;

  constructor(home: Home) {
    this.file = path.join(home.root, 'ports.json');
    this.known = new Map(Object.entries(readJson<Record<string, number>>(this.file) ?? {}));
  }

  /** Free ports for these names; call it only when the servers that use them are stopped. */
  async claim(names: readonly string[]): Promise<Record<string, number>> {
    const claimed: Record<string, number> = {};
    for (const name of names) {
      let port = this.known.get(name);
      while (port === undefined || !(await isFree(port))) port = this.another();
      this.known.set(name, port);
      claimed[name] = port;
    }
    writePrivate(this.file, JSON.stringify(Object.fromEntries(this.known), null, 2));
    return claimed;
  }

  /** Drops what is remembered for these names, so that the next claim chooses anew. */
  forget(names: readonly string[]): void {
    for (const name of names) this.known.delete(name);
  }

  private another(): number {
    const used = new Set(this.known.values());
    let port: number;
    do port = randomInt(lowest, highest);
    while (used.has(port));
    return port;
  }
}
