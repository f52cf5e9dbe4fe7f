import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { dataConverter } from '../../integrations/temporal/client';
import { defaultGroupPolicy, groupSender } from '../../integrations/temporal/groups';
import { root } from '../../server/root';
import { newId } from '../../storage/ids';
import { groupWorkflowId, type GroupLook, type GroupPolicy } from '../../workflows/contracts';
import { historySecret, recordHistory } from '../support/histories';
import { serverEnv } from '../support/servers';
import { freshNamespace } from '../support/temporal';
import { until } from '../support/until';

// The workflow on the real server; the record is a list of looks played in order, the last one for ever.

const policy: GroupPolicy = { busyMs: 100, idleMs: 60_000, maxHistoryEvents: 2_000 };
let connection: NativeConnection;
let clientConnection: Connection;
let client: Client;
let namespace: string;

beforeAll(async () => {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'OFF' } },
  });
  namespace = await freshNamespace();
  const address = serverEnv().KENSE_TEMPORAL_ADDRESS ?? '';
  connection = await NativeConnection.connect({ address });
  clientConnection = await Connection.connect({ address });
  client = new Client({ connection: clientConnection, namespace, dataConverter: dataConverter(historySecret) });
});
afterAll(async () => {
  await clientConnection.close();
  await connection.close();
});

type Look = GroupLook['state'] | 'fails';

/** Runs `work` with workers whose looks at any group give these states. */
async function withLooks(states: Look[], work: (looks: () => number) => Promise<void>): Promise<void> {
  let looks = 0;
  const advanceGroup = (): Promise<GroupLook> => {
    const state = states[Math.min(looks++, states.length - 1)] ?? 'closed';
    return state === 'fails' ? Promise.reject(new Error('the database is away')) : Promise.resolve({ state });
  };
  const shared = { connection, namespace, dataConverter: dataConverter(historySecret), activities: { advanceGroup } };
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: 'flow', workflowBundle: { codePath: path.join(root, 'dist', 'workflow-bundle.js') } }),
    Worker.create({ ...shared, taskQueue: 'io' }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  try {
    await work(() => looks);
  } finally {
    for (const worker of workers) worker.shutdown();
    await running;
  }
}

const aGroup = (lifeMs = 3_600_000) => ({ id: newId(), expiresAt: new Date(Date.now() + lifeMs) });
const handleOf = (group: { id: string }) => client.workflow.getHandle(groupWorkflowId(group.id));
const stateOf = async (group: { id: string }): Promise<string> => (await handleOf(group).describe()).status.name;

test('a group is looked at again while something is under way, and ends when its record is closed', async () => {
  const group = aGroup();
  await withLooks(['busy', 'busy', 'closed'], async (looks) => {
    expect(await groupSender(client, policy).nudge(group)).toBe(true);
    await handleOf(group).result();
    expect(looks()).toBe(3);
    await recordHistory(client, groupWorkflowId(group.id), 'group', 'finished');
  });
});

test('an idle group sleeps until it is told that its record has changed', async () => {
  const group = aGroup();
  const sender = groupSender(client, policy);
  await withLooks(['idle', 'idle', 'closed'], async (looks) => {
    await sender.nudge(group);
    await until('the first look', () => Promise.resolve(looks() >= 1));
    await sender.nudge(group);
    await until('the second look', () => Promise.resolve(looks() >= 2));
    expect(await stateOf(group)).toBe('RUNNING');
    await sender.nudge(group);
    await handleOf(group).result();
    await recordHistory(client, groupWorkflowId(group.id), 'group', 'nudged');
  });
});

test('a group whose time is over is looked at then, though nobody nudges it', async () => {
  const group = aGroup(700);
  await withLooks(['idle', 'closed'], async () => {
    await groupSender(client, policy).nudge(group);
    await handleOf(group).result();
    await recordHistory(client, groupWorkflowId(group.id), 'group', 'expired');
  });
});

test('a failing look is tried again', async () => {
  const group = aGroup();
  await withLooks(['fails', 'closed'], async (looks) => {
    await groupSender(client, policy).nudge(group);
    await handleOf(group).result();
    expect(looks()).toBe(2);
  });
});

test('a long run continues as new and loses no nudge', async () => {
  const group = aGroup();
  await withLooks(['busy', 'busy', 'idle', 'closed'], async () => {
    const sender = groupSender(client, { ...policy, maxHistoryEvents: 12 });
    await sender.nudge(group);
    const first = (await handleOf(group).describe()).runId;
    await until('another run', async () => (await handleOf(group).describe()).runId !== first);
    await sender.nudge(group);
    await handleOf(group).result();
    await recordHistory(client, groupWorkflowId(group.id), 'group', 'continued-as-new');
  });
});

test('a nudge that comes late starts a run that finds the record closed', async () => {
  const group = aGroup();
  const sender = groupSender(client, policy);
  await withLooks(['closed'], async (looks) => {
    await sender.nudge(group);
    await handleOf(group).result();
    await sender.nudge(group);
    await until('the second run', async () => looks() === 2 && (await stateOf(group)) === 'COMPLETED');
  });
});

test('without Temporal a nudge says so instead of failing', async () => {
  const nowhere = Connection.lazy({ address: '127.0.0.1:1', connectTimeout: '300ms' });
  const sender = groupSender(new Client({ connection: nowhere, namespace }), defaultGroupPolicy);
  expect(await sender.nudge(aGroup())).toBe(false);
  await nowhere.close();
});
