import { Client, Connection } from '@temporalio/client';
import { phoneSender } from '../../integrations/temporal/phone';
import { newId } from '../../storage/ids';
import { type PhoneLook, type PhonePolicy, phoneWorkflowId } from '../../workflows/contracts/phone';
import { recordHistory } from '../support/histories';
import { until } from '../support/until';
import { playedLooks, WorkflowRuns } from '../support/workflow-runs';

// The run of a phone session on the real server; the record is a list of looks played in order, the last one for ever.

const policy: PhonePolicy = { busyMs: 100 };
let runs: WorkflowRuns;
let client: Client;

beforeAll(async () => {
  runs = await WorkflowRuns.open();
  ({ client } = runs);
});
afterAll(() => runs.close());

/** Runs `work` with workers whose looks at any session give these states. */
function withLooks(states: (PhoneLook['state'] | 'fails')[], work: (looks: () => number) => Promise<void>): Promise<void> {
  const { look, looks } = playedLooks(states);
  return runs.withWorkers('io', { advancePhone: look }, () => work(looks));
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
  expect(await phoneSender(new Client({ connection: nowhere })).nudge(aSession())).toBe(false);
  await nowhere.close();
});
