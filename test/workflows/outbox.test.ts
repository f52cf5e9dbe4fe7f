import type { Client } from '@temporalio/client';
import { wakeOutbox } from '../../integrations/temporal/outbox';
import { outboxWorkflowId } from '../../workflows/contracts/outbox';
import { queues } from '../../workflows/contracts/queues';
import { recordHistory } from '../support/histories';
import { until } from '../support/until';
import { WorkflowRuns } from '../support/workflow-runs';

// The sender of letters on the real server; what waits in the outbox is played in order, the last answer for ever.

let runs: WorkflowRuns;
let client: Client;
beforeAll(async () => {
  runs = await WorkflowRuns.open();
  ({ client } = runs);
});
afterAll(() => runs.close());

const handle = () => client.workflow.getHandle(outboxWorkflowId);

function withOutbox(answers: (number | null | 'fails')[], work: (looks: () => number) => Promise<void>): Promise<void> {
  let looks = 0;
  const deliverOutbox = (): Promise<{ nextInMs: number | null }> => {
    const answer = answers[Math.min(looks++, answers.length - 1)] ?? null;
    return answer === 'fails' ? Promise.reject(new Error('the database is away')) : Promise.resolve({ nextInMs: answer });
  };
  return runs.withWorkers('io', { deliverOutbox }, () => work(() => looks));
}

test('ends when nothing waits, and begins again with the next letter', async () => {
  await withOutbox([null], async (looks) => {
    await wakeOutbox(client);
    await handle().result();
    await recordHistory(client, outboxWorkflowId, 'outbox', 'sent');
    await wakeOutbox(client);
    await handle().result();
    expect(looks()).toBe(2);
  });
});

test('looks again when a letter that could not be sent is due, also when a look fails', async () => {
  await withOutbox([100, 'fails', 100, null], async (looks) => {
    await wakeOutbox(client);
    await handle().result();
    expect(looks()).toBe(4);
    await recordHistory(client, outboxWorkflowId, 'outbox', 'retried');
  });
});

test('a new letter is looked at though the one before waits for long', async () => {
  await withOutbox([3_600_000, null], async (looks) => {
    await wakeOutbox(client);
    await until('the first look', () => Promise.resolve(looks() === 1));
    await wakeOutbox(client);
    await handle().result();
    expect(looks()).toBe(2);
    await recordHistory(client, outboxWorkflowId, 'outbox', 'woken');
  });
});

test('a sender that never finds the outbox empty goes on in a new run before its history grows too long', async () => {
  await withOutbox([1], async () => {
    await client.workflow.start('outboxWorkflow', { workflowId: 'outbox-long', taskQueue: queues.flow, args: [{ maxHistoryEvents: 60 }] });
    const first = (await client.workflow.getHandle('outbox-long').describe()).runId;
    await until('another run', async () => (await client.workflow.getHandle('outbox-long').describe()).runId !== first);
    await client.workflow.getHandle('outbox-long').terminate();
  });
});
