import { parentPort, workerData } from 'node:worker_threads';
import { checkSignature, loadTrust, type CheckRequest } from './check-signature';

// Runs beside the web process, so that curve arithmetic never holds up a page.
const trust = loadTrust((workerData as { trustFiles: string[] }).trustFiles);

parentPort?.on('message', ({ id, request }: { id: number; request: CheckRequest }) => {
  try {
    parentPort?.postMessage({ id, result: checkSignature(request, trust) });
  } catch (error) {
    parentPort?.postMessage({ id, failure: (error as Error).stack ?? String(error) });
  }
});
