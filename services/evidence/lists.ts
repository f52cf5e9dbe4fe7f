import { fetchList } from '../../integrations/pki/pki';
import { PkiUnavailable } from '../../integrations/pki/transport';
import type { WorkerDeps } from '../deps';
import { type Crl, readCrlFile, SignatureFormatError } from '../../signature';
import { revocationLists, revocationListVersions, saveRevocationList } from '../../storage/queries/evidence';

/** How often a revocation list is fetched anew. Milliseconds. */
const listAgeMs = 3_600_000;

/** How often lists are asked for at most when a signature needs one; one that was away is not asked again for each of a hundred. Milliseconds. */
const listPauseMs = 60_000;

/** The revocation lists of a worker: fetched by housekeeping, and when a signature needs one before that. */
export function listsOf(deps: WorkerDeps): { refresh: () => Promise<{ fetched: number }>; read: (isNeeded: boolean) => Promise<Crl[]> } {
  let running: Promise<{ fetched: number }> | null = null;
  let asked = -Infinity;
  let parsed: { versions: string; lists: Promise<Crl[]> } | null = null; // megabytes: read and parsed once for each change
  const refresh = (): Promise<{ fetched: number }> => {
    asked = Date.now();
    running ??= refreshLists(deps).finally(() => (running = null));
    return running;
  };
  return {
    refresh,
    read: async (isNeeded) => {
      if (isNeeded && (running || Date.now() - asked > listPauseMs)) await refresh();
      const versions = (await revocationListVersions(deps.db)).join('\n');
      if (parsed?.versions === versions) return parsed.lists;
      const lists = revocationLists(deps.db)
        .then((kept) => kept.map((list) => readCrlFile(list.der)))
        .catch((error: unknown) => {
          parsed = null;
          throw error;
        });
      parsed = { versions, lists };
      return lists;
    },
  };
}

async function refreshLists(deps: WorkerDeps): Promise<{ fetched: number }> {
  const now = deps.now();
  const kept = new Map((await revocationLists(deps.db)).map((list) => [list.url, list]));
  let fetched = 0;
  for (const url of deps.config.pki.crlUrls) {
    const last = kept.get(url);
    if (last && now.getTime() - last.fetchedAt.getTime() < listAgeMs && (!last.nextUpdate || last.nextUpdate > now)) continue;
    if (await refreshList(deps, url, now)) fetched++;
  }
  return { fetched };
}

async function refreshList(deps: WorkerDeps, url: string, now: Date): Promise<boolean> {
  try {
    const crl = readCrlFile(await fetchList(url, deps.config.pki));
    await saveRevocationList(deps.db, {
      url,
      der: Buffer.from(crl.der),
      thisUpdate: crl.thisUpdate,
      nextUpdate: crl.nextUpdate ?? null,
      fetchedAt: now,
    });
    return true;
  } catch (error) {
    if (!(error instanceof PkiUnavailable || error instanceof SignatureFormatError)) throw error;
    deps.log.warn({ url, reason: error.message }, 'a revocation list could not be fetched');
    return false;
  }
}
