import { openPki, type PkiSettings } from '../../integrations/pki/pki';
import { buildChain } from '../../signature';
import { type CheckTools, loadTrust } from './check-signature';
import { loadPolicy } from './policy';

/** What threads and processes that check signatures open their tools with. */
export type CheckerSettings = { trustFiles: readonly string[]; policyFile: string | null; pki: PkiSettings };

/** Opens the tools and makes the mathematics ready, trying them on certificates whose signatures are known to be good. */
export function openCheckTools(settings: CheckerSettings): CheckTools {
  const trust = loadTrust(settings.trustFiles);
  for (const authority of trust.intermediates) {
    if (!buildChain(authority, trust, [], authority.notBefore).trusted) throw new Error('the signature engine fails on a known signature');
  }
  return { trust, policy: loadPolicy(settings.policyFile), pki: openPki(settings.pki, () => new Date()) };
}
