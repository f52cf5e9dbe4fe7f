import path from 'node:path';
import { repositoryRoot } from '../home';
import type { Server, ServerContext } from '../server';
import { authorityOf } from './nuc';

/** http:// address of the practice phone; described in scripts/simulators/phone.ts. */
export const phoneWindowUrl = ({ ports }: ServerContext): string => `http://127.0.0.1:${ports['phone']}`;

/** Settings of an application process that expects this phone; it listens itself, on the port kept free for it. */
export function phoneEnvironment(context: ServerContext): Record<string, string> {
  const listen = `127.0.0.1:${context.ports['phone-door']}`;
  return { KENSE_PHONE_LISTEN: listen, KENSE_PHONE_URL: `http://${listen}/egov`, KENSE_PHONE_WINDOW_URL: phoneWindowUrl(context) };
}

export const phone: Server = {
  name: 'phone',
  title: 'Phone simulator',
  waitingFor: 'its scanner',
  programs: [],
  portNames: ['phone', 'phone-door'],
  stopGraceMs: 2_000,

  launch(context) {
    const script = path.join(repositoryRoot(), 'dist/scripts/simulators/phone.js');
    const { keyring } = authorityOf(context);
    return {
      program: process.execPath,
      args: ['--max-old-space-size=128', script, keyring, String(context.ports['phone'])],
      marker: `${script} ${keyring} `,
    };
  },

  async check(context) {
    const response = await fetch(phoneWindowUrl(context), { signal: AbortSignal.timeout(3_000) });
    if (!response.ok || !(await response.text()).includes('name="link"')) throw new Error('it does not show its scanner');
  },
};
