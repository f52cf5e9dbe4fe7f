import type { Client } from '@temporalio/client';
import type { GatherInput } from '../../services/evidence/gather';
import { newId } from '../../storage/ids';
import { evidenceRetryName, type EvidenceStart, evidenceWorkflowId, evidenceWorkflowName } from '../../workflows/contracts/evidence';
import { recordHistory } from '../support/histories';
import { until } from '../support/until';
import { WorkflowRuns } from '../support/workflow-runs';

// The workflow on the real server; the authority is a list of outcomes played in order, the last one for ever.

let runs: WorkflowRuns;
let client: Client;

beforeAll(async () => {
  runs = await WorkflowRuns.open();
  ({ client } = runs);
});
afterAll(() => runs.close());

type Outcome = 'waits' | 'final' | 'fails';

async function withAuthority(outcomes: Outcome[], work: (looks: GatherInput[]) => Promise<void>): Promise<void> {
  const looks: GatherInput[] = [];
  const gatherEvidence = (input: GatherInput): Promise<{ isFinal: boolean }> => {
    const outcome = outcomes[Math.min(looks.length, outcomes.length - 1)];
    looks.push(input);
    return outcome === 'fails'
      ? Promise.reject(new Error('the database is away'))
      : Promise.resolve({ isFinal: outcome === 'final' || input.isLast });
  };
  await runs.withWorkers('heavy', { gatherEvidence }, () => work(looks));
}

const begin = async (signatureId: string, rest: Partial<EvidenceStart> = {}) => {
  const start: EvidenceStart = { signatureId, patienceMs: 3_600_000, waits: [100, 200], ...rest };
  return client.workflow.start(evidenceWorkflowName, { workflowId: evidenceWorkflowId(signatureId), taskQueue: 'flow', args: [start] });
};

test('"cannot tell yet" is asked again by the plan until it is final', async () => {
  const id = newId();
  await withAuthority(['waits', 'waits', 'waits', 'final'], async (looks) => {
    await (await begin(id)).result();
    expect(looks.map((look) => look.waitMs)).toEqual([100, 200, 200, 200]);
    expect(looks.every((look) => look.signatureId === id && !look.isLast)).toBe(true);
    await recordHistory(client, evidenceWorkflowId(id), 'evidence', 'asked-again');
  });
});

test('a person need not wait for the next try', async () => {
  const id = newId();
  await withAuthority(['waits', 'final'], async (looks) => {
    const run = await begin(id, { waits: [3_600_000] });
    await until('the first look', () => Promise.resolve(looks.length === 1));
    await run.signal(evidenceRetryName);
    await run.result();
    expect(looks).toHaveLength(2);
    await recordHistory(client, evidenceWorkflowId(id), 'evidence', 'asked-by-hand');
  });
});

test('when the patience is over one last look is taken, and the run ends', async () => {
  const id = newId();
  await withAuthority(['waits'], async (looks) => {
    await (await begin(id, { patienceMs: 250 })).result();
    expect(looks.at(-1)?.isLast).toBe(true);
    await recordHistory(client, evidenceWorkflowId(id), 'evidence', 'given-up');
  });
});

test('a look that breaks down is taken again by itself', async () => {
  const id = newId();
  await withAuthority(['fails', 'final'], async (looks) => {
    await (await begin(id)).result();
    expect(looks).toHaveLength(2);
  });
});
