import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { evidencePatienceMs, type EvidenceStart, evidenceWorkflowId, evidenceWorkflowName } from '../contracts/evidence';

/** Starts the run that gathers the proof of a signature; it outlives its parent. One that is running already is left alone. */
export async function startEvidence(signatureId: string): Promise<void> {
  const start: EvidenceStart = { signatureId, patienceMs: evidencePatienceMs };
  try {
    await startChild(evidenceWorkflowName, {
      workflowId: evidenceWorkflowId(signatureId),
      args: [start],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
  } catch (error) {
    if ((error as Error).name !== 'WorkflowExecutionAlreadyStartedError') throw error;
  }
}
