'use strict';
// Work as a test wants it, in a process of a pool. A task is a word; of the check page, what its file says.
const { readFileSync, writeFileSync } = require('node:fs');
const { serveTasks } = require('../../../dist/services/isolation/child');

const held = [];
const hold = setInterval(() => undefined, 1_000); // a process with a task that waits stays

const work = {
  echo: async (word) => word,
  compute: async () => {
    for (;;);
  },
  wait: () => new Promise(() => undefined),
  heap: async () => {
    for (;;) held.push({ value: String(held.length) });
  },
  buffers: async () => {
    for (;;) {
      held.push(Buffer.alloc(8 * 1024 * 1024, 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  end: () => process.exit(7),
  fail: async () => {
    throw new Error('no such luck');
  },
  environment: async () => Object.keys(process.env).sort(),
  pid: async () => process.pid,
};

serveTasks(() => async (task) => {
  if (typeof task === 'string') return work[task.split(' ')[0]](task);
  // The check page: "gate FILE" waits until the file is there.
  const word = readFileSync(task.file ?? task.signature ?? task.original, 'latin1')
    .replace(/^(%PDF-|PK\x03\x04)/, '')
    .trim();
  const [name, file] = word.split(' ');
  if (name === 'gate') {
    writeFileSync(`${file}.begun`, '');
    for (;;) {
      try {
        readFileSync(file);
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  } else if (work[name]) await work[name](word);
  clearInterval(hold);
  const document = { name: 'claimed.pdf', title: 'Claimed title', size: 4, sha256: '00'.repeat(32) };
  return { kind: 'bundle', bundle: { document, signers: [], changed: 0, isLogBroken: false }, isUnanswered: false };
});
