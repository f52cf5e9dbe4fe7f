import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { dataConverter } from '../../integrations/temporal/client';
import { phoneSender } from '../../integrations/temporal/phone';
import { root } from '../../server/root';
import { newId } from '../../storage/ids';
import { phoneWorkflowId, type PhoneLook, type PhonePolicy } from '../../workflows/contracts';
import { historySecret, recordHistory } from '../support/histories';
import { serverEnv } from '../support/servers';
import { freshNamespace } from '../support/temporal';
import { until } from '../support/until';

// The run of a phone session on the real server; the record is a list of looks played in order, the last one for ever.

const policy: PhonePolicy = { busyMs: 100 };
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

type Look = PhoneLook['state'] | 'fails';

/** Runs `work` with workers whose looks at any session give these states. */
async function withLooks(states: Look[], work: (looks: () => number) => Promise<void>): Promise<void> {
  let looks = 0;
  const advancePhone = (): Promise<PhoneLook> => {
    const state = states[Math.min(looks++, states.length - 1)] ?? 'closed';
    return state === 'fails' ? Promise.reject(new Error('the database is away')) : Promise.resolve({ state });
  };
  const shared = { connection, namespace, dataConverter: dataConverter(historySecret), activities: { advancePhone } };
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

const aSession = (lifeMs = 3_600_000) => ({ id: newId(), expiresAt: new Date(Date.now() + lifeMs) });
const handleOf = (session: { id: string }) => client.workflow.getHandle(phoneWorkflowId(session.id));

test('a session waits for its phone until it is told that the record has changed', async () => {
  const session = aSession();
  const sender = phoneSender(client, policy);
  await withLooks(['idle', 'closed'], async (looks) => {
    expect(await sender.nudge(session)).toBe(true);
    await until('the first look', () => Promise.resolve(looks() >= 1));
    expect((await handleOf(session).describe()).status.name).toBe('RUNNING');
    await sender.nudge(session);
    await handleOf(session).result();
    await recordHistory(client, phoneWorkflowId(session.id), 'qr', 'accepted');
  });
});

test('a session whose time is over is looked at then, though nobody nudges it', async () => {
  const session = aSession(700);
  await withLooks(['idle', 'closed'], async (looks) => {
    await phoneSender(client, policy).nudge(session);
    await handleOf(session).result();
    expect(looks()).toBe(2);
    await recordHistory(client, phoneWorkflowId(session.id), 'qr', 'expired');
  });
});

test('signatures under way are looked at again until their outcome is known, also when a look fails', async () => {
  const session = aSession();
  await withLooks(['busy', 'busy', 'fails', 'closed'], async (looks) => {
    await phoneSender(client, policy).nudge(session);
    await handleOf(session).result();
    expect(looks()).toBe(4);
    await recordHistory(client, phoneWorkflowId(session.id), 'qr', 'settled');
  });
});

test('without Temporal a nudge says so instead of failing', async () => {
  const nowhere = Connection.lazy({ address: '127.0.0.1:1', connectTimeout: '300ms' });
  expect(await phoneSender(new Client({ connection: nowhere, namespace })).nudge(aSession())).toBe(false);
  await nowhere.close();
});
