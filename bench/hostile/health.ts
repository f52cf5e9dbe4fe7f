import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

// Asks for /healthz from a thread of its own, so that nothing else of the bench delays the clock. Sends the times when told to stop.

const { url, everyMs } = workerData as { url: string; everyMs: number };
const agent = new Agent({ keepAlive: true });
const ms: number[] = [];
let isOver = false;

const ask = (): void => {
  if (isOver) return;
  const began = process.hrtime.bigint();
  const next = (): void => void setTimeout(ask, everyMs);
  get(`${url}/healthz`, { agent }, (response) => {
    response.resume().once('end', () => {
      ms.push(Number(process.hrtime.bigint() - began) / 1e6);
      next();
    });
  }).once('error', () => {
    ms.push(Infinity);
    next();
  });
};
ask();
parentPort?.on('message', () => {
  isOver = true;
  parentPort?.postMessage(ms);
  parentPort?.close();
});
