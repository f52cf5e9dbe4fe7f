import { queues } from '../../workflows/contracts/queues';
import { recordHistory } from '../support/histories';
import { WorkflowRuns } from '../support/workflow-runs';

let runs: WorkflowRuns;
beforeAll(async () => {
  runs = await WorkflowRuns.open();
});
afterAll(() => runs.close());

test('the directory is compared once a run, and asked again while it is away', async () => {
  let looks = 0;
  const syncDirectory = (): Promise<void> => (++looks === 1 ? Promise.reject(new Error('the directory is away')) : Promise.resolve());
  await runs.withWorkers('io', { syncDirectory }, async () => {
    const workflowId = 'directory-sync-test';
    await runs.client.workflow.execute('directorySyncWorkflow', { workflowId, taskQueue: queues.flow });
    expect(looks).toBe(2);
    await recordHistory(runs.client, workflowId, 'directory', 'asked-again');
  });
});
