/** Gathering the proof of one signature. `waits` replaces the plan of waits between tries, milliseconds. */
export type EvidenceStart = { signatureId: string; patienceMs: number; waits?: number[] };
export const evidenceRetryName = 'evidenceRetry';
export const evidenceWorkflowName = 'evidenceWorkflow';
/** Workflow id of the proof of one signature. */
export const evidenceWorkflowId = (signatureId: string): string => `evidence-${signatureId}`;
/** How long answers from outside are awaited before a proof is left as it is: beyond it certificates have usually ended. */
export const evidencePatienceMs = 60 * 86_400_000;
