import fs from 'node:fs';
import path from 'node:path';
import { plainSentence } from './failure';
import type { Home } from './home';

/** Prints a line for the person who started the command. */
export const say = (line: string): void => console.log(line);

/** Ends the program for an error: one sentence, code 1. What nobody foresaw goes whole into a log and is named by its first line. */
export function fail(error: unknown, home: Home | null): never {
  const sentence = plainSentence(error);
  if (sentence !== null) console.error(sentence);
  else {
    const whole = error instanceof Error ? (error.stack ?? error.message) : String(error);
    let where = '';
    if (home) {
      const log = path.join(home.logs, 'launcher.log');
      try {
        fs.appendFileSync(log, `${new Date().toISOString()} ${whole}\n`);
        where = ` (more in ${log})`;
      } catch {
        // Without a log the first line has to do.
      }
    }
    console.error(`Unexpected: ${whole.split('\n')[0]}${where}`);
  }
  process.exit(1);
}

/** Calls `stop` once at Ctrl-C, SIGTERM or a closed terminal and then ends the program; a second Ctrl-C ends it at once. */
export function onInterrupt(stop: () => Promise<void>): void {
  let stopping = false;
  const handle = (signal: NodeJS.Signals) => {
    if (stopping) {
      if (signal === 'SIGINT') process.exit(130);
      return;
    }
    stopping = true;
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => handle(signal));
}
