/** Messages between a pool and its processes. A process serves one task at a time. */
export type ToChild<Settings, Task> = { kind: 'open'; settings: Settings } | { kind: 'task'; task: Task };
export type FromChild<Result> =
  { kind: 'ready' } | { kind: 'result'; result: Result } | { kind: 'failure'; message: string; stack: string };
