/** The one sender of letters that belong to no route. */
export const outboxWorkflowName = 'outboxWorkflow';
export const outboxWakeName = 'outboxWake';
export const outboxWorkflowId = 'outbox';
/** Frozen with a run of the sender: history length after which it continues as new. */
export type OutboxStart = { maxHistoryEvents?: number };
