#!/usr/bin/env node
'use strict';
// The administrator's command: `kense --help` lists what it can do.
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(fs.realpathSync(__dirname), '..');
const entry = path.join(root, 'dist/cli/main.js');

/** A source checkout builds itself when first used; an installed package comes built. */
async function ensureBuilt() {
  if (fs.existsSync(entry)) return;
  if (!fs.existsSync(path.join(root, 'node_modules/typescript'))) {
    process.stderr.write('Kense is not built yet; run: npm ci && npm run build\n');
    process.exit(1);
  }
  process.stderr.write('Building Kense once …\n');
  const { status } = require('node:child_process').spawnSync(process.execPath, [path.join(root, 'scripts/build.js')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
}

void ensureBuilt().then(() => require(entry));
