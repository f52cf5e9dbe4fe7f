'use strict';
// Compiles the sources into dist/ and bundles the workflows; does nothing when nothing changed.
const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const dist = path.join(root, 'dist');
const sourceFolders = [
  'domain',
  'signature',
  'storage',
  'integrations',
  'workflows',
  'services',
  'activities',
  'server',
  'cli',
  'scripts',
  'bench',
];
const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

function filesUnder(folder, wanted) {
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(file, wanted) : wanted.test(entry.name) ? [file] : [];
  });
}

function hashOf(files, describe) {
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(`${path.relative(root, file)}\0${describe(file)}\n`);
  return hash.digest('hex');
}

/** Names, sizes and times of all sources: changes whenever a build could give something else. */
function sourceState() {
  const sources = sourceFolders.flatMap((folder) => filesUnder(path.join(root, folder), /\.(ts|json)$/));
  const all = [...sources, ...settings.map((name) => path.join(root, name))];
  return hashOf(all, (file) => {
    const { mtimeMs, size } = fs.statSync(file);
    return `${mtimeMs} ${size}`;
  });
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Removes compiled files whose source is gone: they would still be found by require. */
function prune() {
  for (const folder of sourceFolders) {
    for (const file of filesUnder(path.join(dist, folder), /\.(js|js\.map|json)$/)) {
      const source = path.join(root, path.relative(dist, file));
      const candidates = [source, source.replace(/\.js(\.map)?$/, '.ts')];
      if (!candidates.some((candidate) => fs.existsSync(candidate))) fs.rmSync(file);
    }
  }
}

/** Bundles the workflows as the worker and the replay tests load them. Converters are part of the bundle, so the same paths apply. */
async function bundleWorkflows() {
  const workflowsPath = path.join(dist, 'workflows/index.js');
  if (!fs.existsSync(workflowsPath)) return;
  const inputs = ['workflows', 'domain', 'integrations/temporal'].flatMap((folder) => filesUnder(path.join(dist, folder), /\.js$/));
  const state = hashOf(inputs, (file) => read(file)) + read(path.join(root, 'node_modules/@temporalio/worker/package.json')).length;
  const stamp = path.join(dist, 'workflow-bundle.state');
  const bundle = path.join(dist, 'workflow-bundle.js');
  if (read(stamp) === state && fs.existsSync(bundle)) return;
  const { bundleWorkflowCode } = require('@temporalio/worker');
  const converter = (name) => {
    const file = path.join(dist, 'integrations/temporal', `${name}.js`);
    return fs.existsSync(file) ? file : undefined;
  };
  const quiet = {
    log() {},
    trace() {},
    debug() {},
    info() {},
    warn: (text) => process.stderr.write(`${text}\n`),
    error: (text) => process.stderr.write(`${text}\n`),
  };
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    payloadConverterPath: converter('payload-converter'),
    failureConverterPath: converter('failure-converter'),
    logger: quiet,
  });
  fs.writeFileSync(`${bundle}.new`, code);
  fs.renameSync(`${bundle}.new`, bundle);
  fs.writeFileSync(stamp, state);
}

/** The verifier as one file that needs nothing but Node: for whoever has an evidence pack and no installation. */
async function bundleVerifier() {
  const entry = path.join(dist, 'cli/verify-main.js');
  if (!fs.existsSync(entry)) return;
  const outfile = path.join(dist, 'kense-verify.cjs');
  const options = { platform: 'node', target: 'node20', format: 'cjs', legalComments: 'inline', logLevel: 'warning' };
  await require('esbuild').build({ ...options, entryPoints: [entry], bundle: true, outfile: `${outfile}.new` });
  fs.renameSync(`${outfile}.new`, outfile);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** One build at a time in a checkout; waits for another one, takes over from one that died. */
async function withLock(work) {
  const lock = path.join(dist, '.building');
  fs.mkdirSync(dist, { recursive: true });
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(read(lock));
      if (holder && !isAlive(holder)) fs.rmSync(lock, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    return await work();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

/** Builds when a source is newer than the last build. Returns false when the types do not hold (the code is emitted all the same). */
async function build() {
  const stamp = path.join(dist, '.built');
  if (read(stamp) === sourceState()) return true;
  return withLock(async () => {
    const state = sourceState();
    if (read(stamp) === state) return true;
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const ran = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.build.json')], { cwd: root, stdio: 'inherit' });
    prune();
    await bundleWorkflows();
    await bundleVerifier();
    if (ran.status === 0) fs.writeFileSync(stamp, state);
    return ran.status === 0;
  });
}

module.exports = { build };

if (require.main === module) {
  build().then(
    (ok) => (process.exitCode = ok ? 0 : 1),
    (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
