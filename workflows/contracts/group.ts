/** Frozen with a group: how often the record is looked at while answers are under way, and otherwise. Durations in milliseconds. */
export type GroupPolicy = { busyMs: number; idleMs: number; maxHistoryEvents: number };
/** A group of documents answered together. `expiresAt` is milliseconds UTC. */
export type GroupStart = { groupId: string; expiresAt: number; policy: GroupPolicy };
/** What one look into the record of a group found: nothing left to do, something under way, or a person's turn. */
export type GroupLook = { state: 'closed' | 'busy' | 'idle' };
export const groupWorkflowName = 'groupWorkflow';
/** Tells a group that its record has changed. */
export const groupNudgeName = 'groupNudge';
/** Workflow id of a group. */
export const groupWorkflowId = (groupId: string): string => `group-${groupId}`;
