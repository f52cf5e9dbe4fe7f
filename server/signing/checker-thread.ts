import { parentPort, workerData } from 'node:worker_threads';
import { openPki } from '../../integrations/pki/pki';
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

parentPort?.on('message', ({ id, request }: { id: number; request: CheckRequest }) => {
  checkSignature(request, tools).then(
    (result) => parentPort?.postMessage({ id, result }),
    (error: Error) => parentPort?.postMessage({ id, failure: error.stack ?? String(error) }),
  );
});
