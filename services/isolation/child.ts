import { writeFileSync } from 'node:fs';
import { takePlace, niceness } from './priority';
import type { FromChild, ToChild } from './protocol';

/**
 * Serves the tasks of a pool in this process, one after another. `open` makes what tasks are worked on with, once. Ends when the pool
 * does, however it ends.
 */
export function serveTasks<Settings, Task, Result>(open: (settings: Settings) => (task: Task) => Promise<Result>): void {
  takePlace(niceness.strangers);
  standFirstInLine();
  const send = (message: FromChild<Result>): void => void process.send?.(message);
  let work: ((task: Task) => Promise<Result>) | null = null;
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message: ToChild<Settings, Task>) => {
    if (message.kind === 'open') {
      work = open(message.settings);
      return send({ kind: 'ready' });
    }
    if (!work) throw new Error('a task came before the settings');
    work(message.task).then(
      (result) => send({ kind: 'result', result }),
      (error: Error) => send({ kind: 'failure', message: error.message, stack: error.stack ?? '' }),
    );
  });
}

/** Should the machine run out of memory, this process goes before the database does. */
function standFirstInLine(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '900');
  } catch {
    // The work itself does not need it.
  }
}
