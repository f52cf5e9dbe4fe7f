import { Transform } from 'node:stream';

const waiting: (() => void)[] = [];

/**
 * Calls `go` in a turn of the event loop that is its own, after whoever asked before. However much arrives at once, what else the process
 * must answer waits for one piece of it and not for all.
 */
export function inTurn(go: () => void): void {
  waiting.push(go);
  if (waiting.length === 1) setImmediate(goOn);
}

function goOn(): void {
  try {
    waiting[0]?.();
  } finally {
    waiting.shift();
    if (waiting.length > 0) setImmediate(goOn);
  }
}

/** Lets the pieces of all bodies that flow through such streams pass in turn. */
export const piecesInTurn = (): Transform =>
  new Transform({ transform: (chunk: Buffer, _encoding, done) => inTurn(() => done(null, chunk)) });
