import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainFailure } from './failure';
import { type Home, repositoryRoot } from './home';
import { outputOf, type RunningProcess, startProcess, stopProcess } from './processes';

/** The long-lived processes of the application; each is the same program with another word. */
export type Role = 'web' | 'worker' | 'heavy';

// Megabytes of JavaScript heap: the demo has to live beside a browser on a small machine.
const heapMegabytes: Record<Role, number> = { web: 256, worker: 384, heavy: 512 };
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** A process that lived this long was well: the next pause is short again. */
const wellAfterMs = 60_000;
const stopGraceMs = 30_000;
const startTimeoutMs = 60_000;

const entry = () => path.join(repositoryRoot(), 'dist/cli/main.js');

/** The surroundings of an application process: this process's own without its KENSE_ variables, which are for the launcher, then `settings`. */
export function applicationEnvironment(settings: Record<string, string>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('KENSE_'));
  return { ...Object.fromEntries(own), ...settings };
}

const lastLineOf = (output: string): string => output.trim().split('\n').at(-1)?.slice(0, 300) || 'it printed nothing';

/** Runs one administrative command of the application to its end; refuses with its last line when it fails. */
export async function runCommand(home: Home, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const logFile = path.join(home.logs, `${args[0]}.log`);
  const log = fs.openSync(logFile, 'w', 0o600);
  const child = spawn(process.execPath, [entry(), ...args], { env, cwd: repositoryRoot(), stdio: ['ignore', log, log] });
  fs.closeSync(log);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0)
    throw new PlainFailure(`kense ${args[0]} failed: ${lastLineOf(fs.readFileSync(logFile, 'utf8'))} — the whole log is ${logFile}`);
}

/** Keeps one application process running: started again when it ends, with growing pauses. */
export class Supervised {
  private stopping = false;
  private pauseMs = firstPauseMs;
  private current: RunningProcess;

  constructor(
    private readonly home: Home,
    readonly role: Role,
    private readonly env: NodeJS.ProcessEnv,
    private readonly say: (line: string) => void,
  ) {
    this.current = this.start();
  }

  /** Waits for `ready`; refuses when the process ends before it or the time is over. */
  async untilReady(ready: () => Promise<boolean>): Promise<void> {
    const first = this.current;
    const deadline = Date.now() + startTimeoutMs;
    while (!(await ready().catch(() => false))) {
      if (first.hasEnded())
        throw new PlainFailure(`${this.role} ${await first.ended}: ${lastLineOf(outputOf(first))} — the whole log is ${first.logFile}`);
      if (Date.now() > deadline)
        throw new PlainFailure(`${this.role} is not ready after ${startTimeoutMs / 1000} s; its log is ${first.logFile}`);
      await sleep(100);
    }
  }

  hasEnded(): boolean {
    return this.current.hasEnded();
  }

  /** Asks the process to finish and waits; after 30 s it is killed. */
  async stop(): Promise<void> {
    this.stopping = true;
    await stopProcess(this.home, this.role);
  }

  private start(): RunningProcess {
    const began = Date.now();
    const args = [`--max-old-space-size=${heapMegabytes[this.role]}`, '--enable-source-maps', entry(), this.role];
    const running = startProcess(this.home, {
      name: this.role,
      program: process.execPath,
      args,
      env: this.env,
      cwd: repositoryRoot(),
      marker: `${entry()} ${this.role}`,
      graceMs: stopGraceMs,
    });
    void running.ended.then((how) => this.again(how, Date.now() - began));
    return running;
  }

  private async again(how: string, livedMs: number): Promise<void> {
    if (this.stopping) return;
    if (livedMs > wellAfterMs) this.pauseMs = firstPauseMs;
    this.say(`${this.role} ${how}; it starts again in ${this.pauseMs / 1000} s (log: ${this.current.logFile})`);
    await sleep(this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, longestPauseMs);
    if (!this.stopping) this.current = this.start();
  }
}
