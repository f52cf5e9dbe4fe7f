import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainFailure } from './failure';
import { type Home, readJson, writePrivate } from './home';

/** What is written beside a started process, enough to know it again: a number alone may have been given to another program. */
interface PidRecord {
  pid: number;
  startedAt: string;
  marker: string;
  graceMs: number;
}

export interface ProcessOrder {
  name: string;
  program: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** A piece of the command line that only this process has, normally a path in the home. */
  marker: string;
  /** How long it may take to end when asked; then it is killed. */
  graceMs: number;
}

export interface RunningProcess {
  name: string;
  pid: number;
  logFile: string;
  /** Length of the log before this start: what comes after it is this run's. */
  logStart: number;
  /** Resolves with a few words when the process has ended. */
  ended: Promise<string>;
  hasEnded(): boolean;
}

const maximumLogBytes = 8 * 1024 * 1024;

/** Start time and command line of a live process, or null. A zombie counts as dead. */
function describe(pid: number): { startedAt: string; command: string } | null {
  try {
    if (fs.existsSync('/proc/self/stat')) {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z' || fields[0] === 'X') return null;
      // Field 22 of proc(5): start time in ticks since boot; here counted from field 3.
      return { startedAt: fields[19] ?? '', command: fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
    }
    const line = execFileSync('ps', ['-o', 'lstart=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return { startedAt: line.slice(0, 24), command: line.slice(24) };
  } catch {
    return null;
  }
}

function isSame(record: PidRecord): boolean {
  const now = describe(record.pid);
  return now !== null && now.startedAt === record.startedAt && now.command.includes(record.marker);
}

const recordFile = (home: Home, name: string) => path.join(home.run, `${name}.json`);

function writeRecord(home: Home, name: string, pid: number, marker: string, graceMs: number): void {
  writePrivate(
    recordFile(home, name),
    JSON.stringify({ pid, startedAt: describe(pid)?.startedAt ?? '', marker, graceMs } satisfies PidRecord),
  );
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended a moment ago.
  }
}

/** Starts a process of its own session (a Ctrl-C in the terminal reaches only the launcher), writing its output to a log in the home. */
export function startProcess(home: Home, order: ProcessOrder): RunningProcess {
  const logFile = path.join(home.logs, `${order.name}.log`);
  if (fs.existsSync(logFile) && fs.statSync(logFile).size > maximumLogBytes) fs.renameSync(logFile, `${logFile}.1`);
  const log = fs.openSync(logFile, 'a', 0o600);
  const logStart = fs.fstatSync(log).size;
  const child = spawn(order.program, order.args, {
    cwd: order.cwd ?? home.root,
    env: order.env ?? process.env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  fs.closeSync(log);
  let over = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(by ? `ended by ${by}` : `ended with code ${code}`));
  }).then((how) => {
    over = true;
    return how;
  });
  if (child.pid === undefined) throw new PlainFailure(`${order.program} could not be started.`);
  child.unref();
  writeRecord(home, order.name, child.pid, order.marker, order.graceMs);
  return { name: order.name, pid: child.pid, logFile, logStart, ended, hasEnded: () => over };
}

/** What this run of a process has written so far. */
export function outputOf(running: RunningProcess): string {
  return fs.readFileSync(running.logFile).subarray(running.logStart).toString('utf8');
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() >= deadline) return false;
    await sleep(25);
  }
  return true;
}

/** Stops what the home recorded under this name: asks, waits as long as it was promised (or `graceMs`), then kills. A stranger is left alone. */
export async function stopProcess(home: Home, name: string, graceMs?: number): Promise<void> {
  const record = readJson<PidRecord>(recordFile(home, name));
  if (record && isSame(record)) {
    const grace = graceMs ?? record.graceMs;
    if (grace > 0) signal(record.pid, 'SIGTERM');
    if (!(await until(() => !isSame(record), grace))) {
      signal(record.pid, 'SIGKILL');
      await until(() => !isSame(record), 5_000);
    }
  }
  fs.rmSync(recordFile(home, name), { force: true });
}

/** Names with a pid file in the home, whether the process lives or not. */
export function recordedProcesses(home: Home): string[] {
  return fs
    .readdirSync(home.run)
    .filter((file) => file.endsWith('.json') && file !== `${launcherName}.json`)
    .map((file) => file.slice(0, -'.json'.length));
}

/** Stops everything a killed launcher left behind in this home; returns the names that were still alive. */
export async function stopLeftovers(home: Home, graceMs?: number): Promise<string[]> {
  const alive = recordedProcesses(home).filter((name) => {
    const record = readJson<PidRecord>(recordFile(home, name));
    return record !== null && isSame(record);
  });
  await Promise.all(recordedProcesses(home).map((name) => stopProcess(home, name, graceMs)));
  return alive;
}

const launcherName = 'launcher';

/** Kills at once whatever the home has recorded; synchronous, for a process that is about to end. */
export function killRecorded(home: Home): void {
  if (!fs.existsSync(home.run)) return;
  for (const name of recordedProcesses(home)) {
    const record = readJson<PidRecord>(recordFile(home, name));
    if (record && isSame(record)) signal(record.pid, 'SIGKILL');
  }
}

/** The pid of the launcher that holds this home, or null. */
export function holderOf(home: Home): number | null {
  const record = readJson<PidRecord>(recordFile(home, launcherName));
  return record && isSame(record) ? record.pid : null;
}

/** Takes the home for this process; refuses when another live launcher has it. */
export function takeHome(home: Home): () => void {
  const holder = holderOf(home);
  if (holder !== null && holder !== process.pid) {
    throw new PlainFailure(
      `${home.root} is in use by a running launcher (process ${holder}); stop it first or choose another folder with KENSE_HOME.`,
    );
  }
  writeRecord(home, launcherName, process.pid, path.basename(process.execPath), 0);
  const release = () => fs.rmSync(recordFile(home, launcherName), { force: true });
  process.once('exit', release);
  return release;
}
