import { spawnSync } from 'node:child_process';
import { PlainFailure } from '../../scripts/launcher/failure';

/** Runs OpenSSL and gives what it printed. Throws with OpenSSL's own words when it fails. */
export function openssl(...args: readonly string[]): string {
  const run = spawnSync('openssl', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (run.error) throw new PlainFailure('The program openssl is missing; install it: apt-get install openssl');
  if (run.status !== 0) throw new Error(`openssl ${args.slice(0, 3).join(' ')} … failed: ${run.stderr.slice(-500)}`);
  return run.stdout;
}

/** Says what to install when OpenSSL or its GOST engine is not there. */
export function requireEngine(): void {
  const { stdout } = spawnSync('openssl', ['engine', '-t', 'gost'], { encoding: 'utf8' });
  if (!stdout?.includes('[ available ]'))
    throw new PlainFailure('OpenSSL with its GOST engine is needed beside us; install it: apt-get install openssl libengine-gost-openssl');
}

/** Runs OpenSSL and gives the processor seconds of its process, start included. A busy machine does not count, as it would by the clock. */
export function opensslSeconds(...args: readonly string[]): number {
  const run = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time openssl "$@"', 'openssl', ...args], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 1 << 26,
  });
  if (run.status !== 0) throw new Error(`openssl ${args.slice(0, 3).join(' ')} … failed: ${run.stderr.slice(-500)}`);
  const [user, system] = run.stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return user! + system!;
}

/** Processor seconds that work of this process took, its compiler's and collector's threads included. */
export function secondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
