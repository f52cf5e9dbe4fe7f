import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities';
import { workerConverter } from '../../integrations/temporal/client';
import { root } from '../../services/root';
import type { WorkerDeps } from '../../services/deps';
import { historiesFolder, historySecret } from '../support/histories';

const bundle = path.join(root, 'dist', 'workflow-bundle.js');
const stored = readdirSync(historiesFolder).flatMap((workflow) =>
  readdirSync(path.join(historiesFolder, workflow)).map((file) => path.join(workflow, file)),
);

const read = (file: string) => historyFromJSON(JSON.parse(readFileSync(path.join(historiesFolder, file), 'utf8')));
/** Payloads are bound to the workflow's id, which the history of its first event tells. */
const idIn = (history: ReturnType<typeof read>) => history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? undefined;
const replay = (codePath: string, file: string) => {
  const history = read(file);
  const dataConverter = workerConverter(historySecret, { readsOldPayloads: true }); // releases up to 0.2 did not bind them
  return Worker.runReplayHistory({ workflowBundle: { codePath }, dataConverter }, history, idIn(history));
};

beforeAll(() => {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'OFF' } },
  });
});

test('histories are kept', () => {
  expect(stored.length).toBeGreaterThanOrEqual(8);
});

test.each(stored)('replays %s', async (file) => {
  await expect(replay(bundle, file)).resolves.toBeUndefined();
});

test('a changed order of steps is caught: the guard itself works', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kense-replay-'));
  try {
    const changed = path.join(folder, 'bundle.js');
    writeFileSync(changed, readFileSync(bundle, 'utf8').replaceAll('.deliverMails(', '.sendLetters('));
    await expect(replay(changed, stored.find((f) => f.endsWith('-signed.json')) ?? '')).rejects.toThrow();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('every activity a stored history calls still exists: a missing one would be retried for ever, unseen', () => {
  const known = Object.keys(createActivities({} as WorkerDeps));
  for (const file of stored) {
    const names = [...JSON.stringify(read(file)).matchAll(/"activityType":\{"name":"([^"]+)"/g)].map((m) => m[1] ?? '');
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  }
});
