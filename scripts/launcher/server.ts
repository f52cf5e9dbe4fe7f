import { setTimeout as sleep } from 'node:timers/promises';
import { isDiskFull, PlainFailure } from './failure';
import type { Home, Secrets } from './home';
import type { Ports } from './ports';
import { outputOf, type RunningProcess, startProcess, stopProcess } from './processes';
import type { ProgramName } from './programs';

/** What a server may know while it starts. */
export interface ServerContext {
  home: Home;
  secrets: Secrets;
  programs: ReadonlyMap<ProgramName, string>;
  /** Data will be thrown away: nothing needs to reach the disk for good. */
  throwAway: boolean;
  /** Ports by the names in `portNames`. */
  ports: Record<string, number>;
}

export interface Launch {
  program: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  marker: string;
}

/** One private server. */
export interface Server {
  name: string;
  title: string;
  /** What is waited for, in a person's words. */
  waitingFor: string;
  programs: readonly ProgramName[];
  portNames: readonly string[];
  /** Makes the data of a first start; must be safe to run again after it was interrupted. */
  prepare?(context: ServerContext): Promise<void>;
  launch(context: ServerContext): Launch;
  /** One real exchange in the server's own protocol; throws while it is not ready. */
  check(context: ServerContext): Promise<void>;
  /** Creates what the application expects to find, when it is not there. */
  furnish?(context: ServerContext): Promise<void>;
  stopGraceMs: number;
}

const attempts = 3;
const readyTimeoutMs = 60_000;
const portTaken = /address already in use|EADDRINUSE|Address in use|bind on unix socket|port.*already/i;

function lastLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return (
    lines
      .filter((line) => line !== '')
      .at(-1)
      ?.slice(0, 300) ?? 'it printed nothing'
  );
}

/** The sentence for a server that did not come up. */
function startFailure(server: Server, home: Home, running: RunningProcess, how: string): PlainFailure {
  const output = outputOf(running);
  if (isDiskFull(home.root, output))
    return new PlainFailure(`${server.title} could not start: the disk is full; free some space and start again.`);
  return new PlainFailure(`${server.title} could not start (${how}): ${lastLine(output)} — the whole log is ${running.logFile}`);
}

/** Starts one server and waits until it answers its own protocol. A port taken in the meantime is replaced by another. */
export async function startServer(server: Server, base: Omit<ServerContext, 'ports'>, ports: Ports): Promise<ServerContext> {
  for (let attempt = 1; ; attempt += 1) {
    const context: ServerContext = { ...base, ports: await ports.claim(server.portNames) };
    await server.prepare?.(context);
    const running = startProcess(context.home, { name: server.name, graceMs: server.stopGraceMs, ...server.launch(context) });
    const problem = await waitUntilReady(server, context, running);
    if (problem === null) {
      await server.furnish?.(context);
      return context;
    }
    await stopProcess(context.home, server.name, 0);
    if (attempt === attempts || !portTaken.test(outputOf(running))) throw startFailure(server, context.home, running, problem);
    ports.forget(server.portNames);
  }
}

async function waitUntilReady(server: Server, context: ServerContext, running: RunningProcess): Promise<string | null> {
  const deadline = Date.now() + readyTimeoutMs;
  let reason = 'no answer';
  while (Date.now() < deadline) {
    if (running.hasEnded()) return running.ended;
    try {
      await server.check(context);
      // Another program could answer on this port: our own process must still be there.
      if (!running.hasEnded()) return null;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    await sleep(60);
  }
  return `not ready after ${readyTimeoutMs / 1000} s: ${reason}`;
}
