import path from 'node:path';
import { demoOrganisations } from '../../demo-data';
import { type AuthorityFiles, ensureAuthority } from '../../simulators/authority';
import { listUrls } from '../../simulators/nuc/keys';
import { type Home, readJson, repositoryRoot } from '../home';
import type { Server, ServerContext } from '../server';

/** http:// address of the NUC simulator; its interface for tests is described in scripts/simulators/nuc/server.ts. */
export const nucUrl = ({ ports }: ServerContext): string => `http://127.0.0.1:${ports['nuc']}`;

/** Settings of an application process that asks it instead of the national services. */
export function nucEnvironment(context: ServerContext): Record<string, string> {
  const url = nucUrl(context);
  return { KENSE_OCSP_URLS: `${url}/ocsp`, KENSE_TSP_URL: `${url}/tsp`, KENSE_CRL_URLS: listUrls(url).join(',') };
}

/** The demonstration's certification authority and keys in this home; made when they are not there yet. Claim the port `nuc` before. */
export function authorityOf({ home }: Pick<ServerContext, 'home'>): AuthorityFiles {
  return ensureAuthority(home.keys, demoOrganisations, new Date(), rememberedUrl(home));
}

/** The address a home remembers, which the demonstration's certificates name. */
function rememberedUrl(home: Home): string | undefined {
  const port = readJson<Record<string, number>>(path.join(home.root, 'ports.json'))?.['nuc'];
  return port === undefined ? undefined : `http://127.0.0.1:${port}`;
}

export const nuc: Server = {
  name: 'nuc',
  title: 'NUC simulator',
  waitingFor: 'its list of revoked certificates',
  programs: [],
  portNames: ['nuc'],
  stopGraceMs: 2_000,

  launch(context) {
    const script = path.join(repositoryRoot(), 'dist/scripts/simulators/nuc.js');
    // Certificates name the port, which was settled just now.
    const folder = path.dirname(authorityOf(context).nuc);
    return {
      program: process.execPath,
      args: ['--max-old-space-size=128', script, folder, String(context.ports['nuc'])],
      marker: `${folder} ${context.ports['nuc']}`,
    };
  },

  async check(context) {
    const response = await fetch(`${nucUrl(context)}/crl/nca_gost.crl`, { signal: AbortSignal.timeout(3_000) });
    const list = new Uint8Array(await response.arrayBuffer());
    if (!response.ok || list[0] !== 0x30) throw new Error('it does not give its list of revoked certificates');
  },
};
