#!/usr/bin/env node
'use strict';
// The administrator's command: `kense --help` lists what it can do.
const fs = require('node:fs');
const path = require('node:path');

const entry = path.join(fs.realpathSync(__dirname), '../dist/server/main.js');
if (!fs.existsSync(entry)) {
  process.stderr.write('Kense is not built yet; run: npm run build\n');
  process.exit(1);
}
require(entry);
