import net from 'node:net';
import path from 'node:path';
import { repositoryRoot } from '../home';
import type { Server, ServerContext } from '../server';

/** smtp:// address of the mail sink. */
export function smtpUrl({ ports }: ServerContext): string {
  return `smtp://127.0.0.1:${ports['smtp']}`;
}

/** http:// address of the page that shows the mails; its JSON interface is described in scripts/mail-sink.ts. */
export function mailPageUrl({ ports }: ServerContext): string {
  return `http://127.0.0.1:${ports['mail-page']}`;
}

/** The first line an SMTP server says, e.g. "220 host ESMTP". */
function greeting(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', timeout: 2_000 });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error('no greeting')));
    socket.once('data', (line) => {
      socket.end('QUIT\r\n');
      resolve(line.toString());
    });
  });
}

export const mail: Server = {
  name: 'mail',
  title: 'Mail sink',
  waitingFor: 'its SMTP greeting',
  programs: [],
  portNames: ['smtp', 'mail-page'],
  stopGraceMs: 2_000,

  launch({ home, ports }) {
    const script = path.join(repositoryRoot(), 'dist/scripts/mail-sink.js');
    return {
      program: process.execPath,
      args: ['--max-old-space-size=96', script, home.mail, String(ports['smtp']), String(ports['mail-page'])],
      marker: `${home.mail} `,
    };
  },

  async check(context) {
    if (!(await greeting(context.ports['smtp']!)).startsWith('220')) throw new Error('the greeting is not 220');
    const response = await fetch(`${mailPageUrl(context)}/messages`);
    if (!response.ok) throw new Error(`its page answers ${response.status}`);
  },
};
