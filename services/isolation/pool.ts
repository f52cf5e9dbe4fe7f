import { type ChildProcess, spawn } from 'node:child_process';
import { type Spent, spentBy } from './meter';
import type { FromChild, ToChild } from './protocol';

/** What one task may cost: memory beyond what the process needs for itself, processor time, and time by the clock. */
export type Allowance = { memoryMib: number; workMs: number; clockMs: number };

/** What a task was ended for. */
export type Overrun = 'memory' | 'work' | 'clock';

/** A task took more than it was allowed; its process was ended, nobody else's. `workMs` is the processor time it had taken. */
export class Overspent extends Error {
  constructor(
    readonly what: Overrun,
    readonly workMs: number,
  ) {
    super(`a task took more ${what} than it may`);
  }
}

/** The process of a task ended by itself. */
export class TaskLost extends Error {
  readonly workMs: number;
  constructor(message: string, workMs: number) {
    super(message);
    this.workMs = workMs;
  }
}

/** Nobody waits for the task any more: it was taken off the line before it began. */
export class TaskDropped extends Error {}

export type PoolShape = {
  /** Processes at most, each with one task. */
  processes: number;
  /** Memory of all tasks under way together, MiB: a task waits until its allowance fits. One alone may always begin. */
  memoryMib: number;
  /** JavaScript heap of a process, MiB; buffers come on top and are watched by what the system says. */
  heapMib: number;
};

/** A task in the line or under way. */
export type Ordered<Result> = {
  /** Rejects with Overspent, TaskLost or TaskDropped. */
  done: Promise<{ result: Result; workMs: number }>;
  /** How many tasks stand before this one; 0 when it is under way. */
  ahead(): number;
  isWaiting(): boolean;
  /** Takes the task off the line unless it has begun. */
  drop(): void;
};

export type Pool<Task, Result> = {
  /** Puts a task in the line. Of one `owner` only one task runs at a time, so that nobody takes all processes. */
  order(task: Task, allowance: Allowance, owner?: string): Ordered<Result>;
  /** Starts a process before it is needed. */
  start(): void;
  counts(): { running: number; waiting: number };
  close(): Promise<void>;
};

/** How often a process with a task is looked at. Milliseconds. */
const lookMs = 25;

/** An idle process beyond the first is ended after this. Milliseconds. */
const idleMs = 30_000;

/** A process that has grown by this, or has worked this long, makes way for a fresh one. */
const grownMib = 48;
const wornMs = 240_000;

/** Should the pool's own process die while a task computes, the system ends the task after so much processor time. Seconds. */
const lastResortSeconds = 600;

/** A process that does not get ready in this time is not going to. Milliseconds. */
const startMs = 60_000;
const mebibyte = 1024 * 1024;
const keptErrors = 2_000;

type Waiting<Task, Result> = {
  task: Task;
  allowance: Allowance;
  owner: string | undefined;
  resolve(done: { result: Result; workMs: number }): void;
  reject(error: Error): void;
};

type Running<Task, Result> = Waiting<Task, Result> & { before: Spent | null; clock: NodeJS.Timeout };
type Member<Task, Result> = {
  child: ChildProcess;
  isReady: boolean;
  /** Memory it held when it was ready. */
  base: number;
  running: Running<Task, Result> | null;
  overrun: Overrun | null;
  seen: Spent | null;
  errors: string;
  idle: NodeJS.Timeout | null;
  startClock: NodeJS.Timeout;
};

/**
 * Processes of their own for work whose cost a stranger chooses: each has a limit of memory, processor time and clock for its task and is
 * ended alone when it goes beyond. `program` calls `serveTasks`; it sees neither the settings nor the secrets in this process's
 * surroundings, only `settings`. One process is kept warm.
 */
export function openPool<Settings, Task, Result>(program: string, settings: Settings, shape: PoolShape): Pool<Task, Result> {
  const members = new Set<Member<Task, Result>>();
  const line: Waiting<Task, Result>[] = [];
  let watch: NodeJS.Timeout | null = null;
  let isClosed = false;

  const running = (): Running<Task, Result>[] => [...members].flatMap((member) => member.running ?? []);
  const workOf = (member: Member<Task, Result>): number =>
    member.seen && member.running?.before ? Math.max(0, member.seen.workMs - member.running.before.workMs) : 0;

  /** The next task that may begin: owners take turns, and a large one is not overtaken for ever by small ones. */
  const nextTask = (): Waiting<Task, Result> | null => {
    const under = running();
    const owners = new Set(under.flatMap((one) => one.owner ?? []));
    const next = line.find((one) => one.owner === undefined || !owners.has(one.owner));
    if (!next) return null;
    const taken = under.reduce((sum, one) => sum + one.allowance.memoryMib, 0);
    return under.length > 0 && taken + next.allowance.memoryMib > shape.memoryMib ? null : next;
  };

  const fill = (): void => {
    for (let next = nextTask(); next && !isClosed; next = nextTask()) {
      const free = [...members].find((member) => member.isReady && !member.running && !member.overrun);
      if (!free) {
        const coming = [...members].filter((member) => !member.isReady).length;
        if (members.size < shape.processes && coming < line.length) launch();
        return;
      }
      line.splice(line.indexOf(next), 1);
      begin(free, next);
    }
  };

  const begin = (member: Member<Task, Result>, waiting: Waiting<Task, Result>): void => {
    if (member.idle) clearTimeout(member.idle);
    member.idle = null;
    member.seen = spentBy(member.child.pid ?? 0);
    const clock = setTimeout(() => end(member, 'clock'), waiting.allowance.clockMs);
    member.running = { ...waiting, before: member.seen, clock };
    member.child.send({ kind: 'task', task: waiting.task } satisfies ToChild<Settings, Task>);
    watch ??= setInterval(look, lookMs);
  };

  const look = (): void => {
    for (const member of members) {
      if (!member.running || member.overrun) continue;
      const spent = spentBy(member.child.pid ?? 0);
      if (!spent) continue;
      member.seen = spent;
      const { allowance } = member.running;
      if (spent.memory > member.base + (grownMib + allowance.memoryMib) * mebibyte) end(member, 'memory');
      else if (workOf(member) > allowance.workMs) end(member, 'work');
    }
  };

  const end = (member: Member<Task, Result>, what: Overrun): void => {
    member.overrun = what;
    member.child.kill('SIGKILL');
  };

  const finish = (member: Member<Task, Result>, settle: (one: Running<Task, Result>, workMs: number) => void): void => {
    const one = member.running;
    if (!one) return;
    const workMs = workOf(member);
    clearTimeout(one.clock);
    member.running = null;
    if (watch && running().length === 0) {
      clearInterval(watch);
      watch = null;
    }
    settle(one, workMs);
  };

  /** After a task: a worn or grown process makes way, a spare one ends soon. */
  const rest = (member: Member<Task, Result>): void => {
    const { seen } = member;
    if (seen && (seen.memory > member.base + grownMib * mebibyte || seen.workMs > wornMs)) {
      members.delete(member);
      member.child.disconnect();
      if (line.length === 0 && members.size === 0 && !isClosed) launch();
    } else if (members.size > 1) {
      member.idle = setTimeout(() => {
        members.delete(member);
        member.child.disconnect();
      }, idleMs);
      member.idle.unref();
    }
    fill();
  };

  const launch = (): void => {
    // The shell sets a limit that outlives this process and then becomes Node; nothing of a task reaches it.
    const node = [process.execPath, `--max-old-space-size=${shape.heapMib}`, '--max-semi-space-size=8', program];
    const child = spawn('/bin/sh', ['-c', `ulimit -t ${lastResortSeconds}; exec "$@"`, 'sh', ...node], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true, // a session of its own: its share of the processors is not this process's
      serialization: 'advanced',
      env: Object.fromEntries(['PATH', 'TZ', 'LANG', 'TMPDIR'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    });
    const member: Member<Task, Result> = {
      child,
      isReady: false,
      base: 0,
      running: null,
      overrun: null,
      seen: null,
      errors: '',
      idle: null,
      startClock: setTimeout(() => end(member, 'clock'), startMs),
    };
    members.add(member);
    child.stderr?.on('data', (text: Buffer) => (member.errors = (member.errors + text.toString('utf8')).slice(-keptErrors)));
    child.on('message', (message: FromChild<Result>) => {
      switch (message.kind) {
        case 'ready':
          clearTimeout(member.startClock);
          member.isReady = true;
          member.base = spentBy(child.pid ?? 0)?.memory ?? 0;
          return fill();
        case 'result':
          member.seen = spentBy(child.pid ?? 0) ?? member.seen;
          finish(member, (one, workMs) => one.resolve({ result: message.result, workMs }));
          return rest(member);
        case 'failure':
          member.seen = spentBy(child.pid ?? 0) ?? member.seen;
          finish(member, (one, workMs) => one.reject(new TaskLost(message.stack || message.message, workMs)));
          return rest(member);
      }
    });
    child.on('error', () => undefined); // what could not be sent or started shows as its end
    child.once('close', (code, signal) => {
      clearTimeout(member.startClock);
      if (member.idle) clearTimeout(member.idle);
      members.delete(member);
      const how = signal ? `ended by ${signal}` : `ended with code ${code}`;
      finish(member, (one, workMs) => one.reject(endOf(member, signal, how, workMs)));
      if (!member.isReady && !isClosed) failOne(new TaskLost(`${program} did not start, it ${how}: ${member.errors}`, 0));
      fill();
    });
    child.send({ kind: 'open', settings } satisfies ToChild<Settings, Task>);
    child.unref();
    child.channel?.unref();
    (child.stderr as unknown as { unref?(): void } | null)?.unref?.();
  };

  /** V8 ends a process whose heap is full by itself. */
  const endOf = (member: Member<Task, Result>, signal: NodeJS.Signals | null, how: string, workMs: number): Error => {
    if (member.overrun) return new Overspent(member.overrun, workMs);
    if (signal === 'SIGABRT' || signal === 'SIGTRAP') return new Overspent('memory', workMs);
    if (signal === 'SIGXCPU') return new Overspent('work', workMs);
    return new TaskLost(`the process of a task ${how}: ${member.errors}`, workMs);
  };

  /** A program that does not start fails the task it was started for, not all of the line for ever. */
  const failOne = (error: Error): void => line.shift()?.reject(error);

  return {
    order(task, allowance, owner) {
      let waiting!: Waiting<Task, Result>;
      const done = new Promise<{ result: Result; workMs: number }>((resolve, reject) => {
        waiting = { task, allowance, owner, resolve, reject };
      });
      if (isClosed) waiting.reject(new TaskDropped('the pool is closed'));
      else line.push(waiting);
      fill();
      return {
        done,
        ahead: () => Math.max(0, line.indexOf(waiting)),
        isWaiting: () => line.includes(waiting),
        drop() {
          const at = line.indexOf(waiting);
          if (at < 0) return;
          line.splice(at, 1);
          waiting.reject(new TaskDropped('nobody waits for the task'));
        },
      };
    },
    start() {
      if (members.size === 0 && !isClosed) launch();
    },
    counts: () => ({ running: running().length, waiting: line.length }),
    async close() {
      isClosed = true;
      for (const one of line.splice(0)) one.reject(new TaskDropped('the pool is closed'));
      const ends = [...members].map(({ child }) => new Promise<void>((resolve) => child.once('close', () => resolve())));
      for (const { child } of members) {
        child.ref(); // or the program would end before it has closed what comes after this
        child.kill('SIGKILL');
      }
      await Promise.all(ends);
    },
  };
}
