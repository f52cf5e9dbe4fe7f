import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainFailure } from '../scripts/launcher/failure';
import { defaultHomeFolder, type Home, openHome, readJson, repositoryRoot } from '../scripts/launcher/home';
import { Ports } from '../scripts/launcher/ports';
import { holderOf, recordedProcesses } from '../scripts/launcher/processes';
import { table } from '../scripts/launcher/table';
import { throwAwayHome } from './installation';
import { printResult, rounded } from './measure';
import { memoryOf, statOf, withChildren } from './processes';

/** The demo is at rest when all of it together uses less of one processor than this, over `restMs`; it is waited for so long at most. */
const restShare = 0.15;
const restMs = 5_000;
const patienceMs = 120_000;
const startPatienceMs = 300_000;
/** Ticks a second of /proc/PID/stat; fixed by the Linux ABI. */
const ticksPerSecond = 100;

type Part = { name: string; pid: number };

/** The processes a running demo consists of. */
function partsOf(home: Home): Part[] {
  const recorded = recordedProcesses(home).flatMap((name): Part[] => {
    const pid = readJson<{ pid: number }>(path.join(home.run, `${name}.json`))?.pid;
    return pid === undefined ? [] : withChildren(pid).map((each, i) => ({ name: i === 0 ? name : `${name} (child)`, pid: each }));
  });
  const launcher = holderOf(home);
  const known = new Set(recorded.map((part) => part.pid));
  return launcher === null || known.has(launcher) ? recorded : [{ name: 'launcher', pid: launcher }, ...recorded];
}

const cpuSeconds = (parts: readonly Part[]): number =>
  parts.reduce((sum, { pid }) => sum + (Number(statOf(pid)[11]) + Number(statOf(pid)[12])) / ticksPerSecond, 0);

async function untilAtRest(parts: readonly Part[]): Promise<number> {
  for (const deadline = Date.now() + patienceMs; ;) {
    const before = cpuSeconds(parts);
    await sleep(restMs);
    const share = (cpuSeconds(parts) - before) / (restMs / 1000);
    if (share < restShare || Date.now() > deadline) return share;
  }
}

/** Starts the demo in a home of its own and waits until it says that it is ready. */
async function startDemo(): Promise<{ home: Home; stop(): Promise<void> }> {
  const home = throwAwayHome();
  const { web } = await new Ports(home).claim(['demo']).then(({ demo }) => ({ web: demo }));
  const entry = path.join(repositoryRoot(), 'scripts/start.js');
  const child = spawn(process.execPath, [entry, 'demo'], {
    env: { ...process.env, KENSE_HOME: home.root, KENSE_PORT: String(web) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = Date.now() + startPatienceMs;
  while (!fs.existsSync(path.join(home.root, 'demo.json'))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new PlainFailure('The demo did not start.');
    await sleep(200);
  }
  return {
    home,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      fs.rmSync(home.root, { recursive: true, force: true });
    },
  };
}

/** The demo that runs in the default home, or one started for this measure. */
async function findDemo(): Promise<{ home: Home; stop(): Promise<void> }> {
  const folder = defaultHomeFolder();
  if (fs.existsSync(path.join(folder, 'demo.json'))) {
    const home = openHome(folder);
    if (holderOf(home) !== null) return { home, stop: () => Promise.resolve() };
  }
  return startDemo();
}

/** Prints what each process of the idle demo keeps in memory, and all of them together. Linux only. */
export async function main(): Promise<void> {
  if (process.platform !== 'linux') throw new PlainFailure('This bench reads /proc, which only Linux has.');
  const demo = await findDemo();
  try {
    const parts = partsOf(demo.home);
    const share = await untilAtRest(parts);
    const rows = parts.map((part) => ({ ...part, ...memoryOf(part.pid) })).sort((a, b) => b.rss - a.rss);
    const hasPss = rows.every((row) => row.pss !== null);
    const rss = rows.reduce((sum, row) => sum + row.rss, 0);
    const pss = rows.reduce((sum, row) => sum + (row.pss ?? row.rss), 0);
    const cells = rows.map((row) => [row.name, row.rss.toFixed(0), row.pss?.toFixed(0) ?? '–']);
    console.log(`\n${table(['MiB', 'RSS', 'PSS'], [...cells, ['all', rss.toFixed(0), pss.toFixed(0)]])}`);
    console.log(
      `\nIn all ${pss.toFixed(0)} MiB ${hasPss ? '(PSS)' : '(PSS where readable, else RSS)'}; aim 1.2 GB. Processor: ${(share * 100).toFixed(0)} % of one.\n`,
    );
    const each = Object.fromEntries(rows.map((row) => [`${row.name.replace(/\W+/g, '_')}_mib`, rounded(row.pss ?? row.rss, 0)]));
    printResult('idle', {}, { total_mib: rounded(pss, 0), total_rss_mib: rounded(rss, 0), processor_share: rounded(share), ...each });
  } finally {
    await demo.stop();
  }
}
