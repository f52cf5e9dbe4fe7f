import { parentPort, workerData } from 'node:worker_threads';
import { printError } from '../../domain/safe-error';
import { openPki } from '../../integrations/pki/pki';
import { buildChain } from '../../signature';
import { checkSignature, loadTrust, type CheckRequest, type CheckTools } from './check-signature';
import type { CheckerSettings } from './checker';
import { loadPolicy } from './policy';

// Runs beside the web process, so that curve arithmetic never holds up a page.
const settings = workerData as CheckerSettings;
const tools: CheckTools = {
  trust: loadTrust(settings.trustFiles),
  policy: loadPolicy(settings.policyFile),
  pki: openPki(settings.pki, () => new Date()),
};

// The mathematics are made ready, and tried on certificates whose signatures are known to be good.
for (const authority of tools.trust.intermediates) {
  if (!buildChain(authority, tools.trust, [], authority.notBefore).trusted)
    throw new Error('the signature engine fails on a known signature');
}

parentPort?.on('message', ({ id, request }: { id: number; request: CheckRequest }) => {
  checkSignature(request, tools).then(
    (result) => parentPort?.postMessage({ id, result }),
    (error: unknown) => parentPort?.postMessage({ id, failure: printError(error) }),
  );
});
