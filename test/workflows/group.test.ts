import { Client, Connection } from '@temporalio/client';
import { defaultGroupPolicy, groupSender } from '../../integrations/temporal/groups';
import { newId } from '../../storage/ids';
import { type GroupLook, type GroupPolicy, groupWorkflowId } from '../../workflows/contracts/group';
import { recordHistory } from '../support/histories';
import { until } from '../support/until';
import { playedLooks, WorkflowRuns } from '../support/workflow-runs';

// The workflow on the real server; the record is a list of looks played in order, the last one for ever.

const policy: GroupPolicy = { busyMs: 100, idleMs: 60_000, maxHistoryEvents: 2_000 };
let runs: WorkflowRuns;
let client: Client;

beforeAll(async () => {
  runs = await WorkflowRuns.open();
  ({ client } = runs);
});
afterAll(() => runs.close());

/** Runs `work` with workers whose looks at any group give these states. */
function withLooks(states: (GroupLook['state'] | 'fails')[], work: (looks: () => number) => Promise<void>): Promise<void> {
  const { look, looks } = playedLooks(states);
  return runs.withWorkers('io', { advanceGroup: look }, () => work(looks));
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
  const sender = groupSender(new Client({ connection: nowhere }), defaultGroupPolicy);
  expect(await sender.nudge(aGroup())).toBe(false);
  await nowhere.close();
});
