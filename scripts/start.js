'use strict';
// The door of every npm script. Plain JavaScript with no packages: it must run before `npm ci` and before the first build.
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const commands = {
  demo: 'start the servers and the application with demo data (--reset starts over)',
  servers: 'start only the servers; their addresses are written to $KENSE_HOME/servers.json (--test: throw-away data)',
  test: 'run all the suites, with KENSE_TEST_DATABASE=mysql on a real MySQL; further arguments go to jest',
  bench: 'measure: bench NAME [--small]',
  phone: "walk a QR code of the demo as eGov Mobile does: phone 'mobileSign:http…' --as KEY",
  screenshots: 'take pictures of the pages',
};

/** Ends the program with one sentence for a person. */
function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) refuse(`Node 20.19 or newer is needed, this is ${process.versions.node}.`);
}

/** True when node_modules holds what package-lock.json names (packages left out for other platforms aside). */
function packagesAreCurrent() {
  try {
    const wanted = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
    const present = JSON.parse(fs.readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(([name, entry]) => {
      if (name === '') return true;
      const found = present[name];
      return found ? found.version === entry.version : Boolean(entry.optional || entry.peer || entry.devOptional);
    });
  } catch {
    return false;
  }
}

function installPackages() {
  if (packagesAreCurrent()) return;
  process.stdout.write('Installing the npm packages (npm ci) …\n');
  const ran = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (ran.error?.code === 'ENOENT') refuse('npm was not found; it comes with Node.');
  if (ran.status !== 0)
    refuse('The npm packages could not be installed (npm ci failed); is the package registry reachable and is there room on the disk?');
}

/** Runs jest and closes with the counts it recorded; a run that recorded none has failed. */
function runTests(args) {
  const result = path.join(fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'kense-result-')), 'counts.json');
  const ran = spawnSync(process.execPath, [path.join(root, 'node_modules/jest/bin/jest.js'), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, KENSE_TEST_RESULT: result },
  });
  let counts = { passed: 0, failed: 1, skipped: 0 };
  try {
    counts = JSON.parse(fs.readFileSync(result, 'utf8'));
  } catch {
    // No counts: the run broke before its end and stays "0 passed, 1 failed".
  }
  fs.rmSync(path.dirname(result), { recursive: true, force: true });
  if (ran.status !== 0 && counts.failed === 0) counts.failed = 1;
  if (counts.passed === 0 && counts.failed === 0) counts.failed = 1;
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}\n`);
  return counts.failed === 0 ? 0 : 1;
}

async function main() {
  const [command, ...args] = process.argv.slice(2);
  if (!Object.hasOwn(commands, command ?? '')) {
    const lines = Object.entries(commands).map(([name, what]) => `  ${name.padEnd(12)} ${what}`);
    refuse(`Usage: node scripts/start.js COMMAND\n${lines.join('\n')}`);
  }
  requireNode();
  process.chdir(root);
  installPackages();
  const built = await require('./build.js').build();
  // The servers alone need none of the application: they start for a person who is in the middle of a change.
  if (!built && command !== 'servers') refuse('The sources do not compile; the messages above say where.');
  if (command === 'test') {
    process.exitCode = runTests(args);
    return;
  }
  const entry = path.join(root, 'dist/scripts', `${command}.js`);
  if (!fs.existsSync(entry)) refuse(`scripts/${command}.ts does not exist.`);
  await require(entry).main(args);
}

main().catch((error) => refuse(error instanceof Error ? error.message : String(error)));
