import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import {
  evidencePatienceMs,
  evidenceRetryName,
  type EvidenceStart,
  evidenceWorkflowId,
  evidenceWorkflowName,
} from '../../workflows/contracts/evidence';
import { queues } from '../../workflows/contracts/queues';

/** Starts and wakes the runs that gather proofs. */
export function evidenceSender(client: Client) {
  const optionsFor = (signatureId: string) => {
    const start: EvidenceStart = { signatureId, patienceMs: evidencePatienceMs };
    return { workflowId: evidenceWorkflowId(signatureId), taskQueue: queues.flow, args: [start] };
  };
  return {
    /** Has the next try made now; a run that was lost starts again. */
    async wake(signatureId: string): Promise<void> {
      await client.workflow.signalWithStart(evidenceWorkflowName, { ...optionsFor(signatureId), signal: evidenceRetryName });
    },

    /** Starts a run for a proof the record says is being gathered; false when one is running already. */
    async resume(signatureId: string): Promise<boolean> {
      try {
        await client.workflow.start(evidenceWorkflowName, { ...optionsFor(signatureId), workflowIdConflictPolicy: 'FAIL' });
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    },
  };
}
