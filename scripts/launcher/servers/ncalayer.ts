import path from 'node:path';
import { WebSocket } from 'ws';
import { repositoryRoot } from '../home';
import type { Server, ServerContext } from '../server';
import { authorityOf } from './nuc';

/** ws:// address of the NCALayer simulator. */
export const ncalayerUrl = ({ ports }: ServerContext): string => `ws://127.0.0.1:${ports['ncalayer']}`;

/** http:// address of its window, and of the interface for tests described in scripts/simulators/ncalayer.ts. */
export const ncalayerWindowUrl = ({ ports }: ServerContext): string => `http://127.0.0.1:${ports['ncalayer']}`;

/** The first message NCALayer says on a connection. */
function greeting(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { handshakeTimeout: 2_000 });
    socket.once('error', reject);
    socket.once('message', (data: Buffer) => {
      socket.close();
      resolve(data.toString());
    });
  });
}

export const ncalayer: Server = {
  name: 'ncalayer',
  title: 'NCALayer simulator',
  waitingFor: 'its greeting',
  programs: [],
  portNames: ['ncalayer'],
  stopGraceMs: 2_000,

  launch(context) {
    const script = path.join(repositoryRoot(), 'dist/scripts/simulators/ncalayer.js');
    const { keyring } = authorityOf(context);
    return {
      program: process.execPath,
      args: ['--max-old-space-size=128', script, keyring, String(context.ports['ncalayer'])],
      marker: `${keyring} `,
    };
  },

  async check(context) {
    const message = JSON.parse(await greeting(ncalayerUrl(context))) as { result?: { version?: string } };
    if (!message.result?.version) throw new Error('it does not say its version');
  },
};
