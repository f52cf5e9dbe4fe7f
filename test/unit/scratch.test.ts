import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeScratch, sweepScratch } from '../../services/scratch';

test('what a killed process left behind is removed, what a running one needs stays', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']); // a process that has ended
  const left = path.join(tmpdir(), `kense-scratch-${pid}-abcdef`);
  mkdirSync(left);
  writeFileSync(path.join(left, '0'), 'of a stranger');
  const own = await makeScratch();
  try {
    expect(await sweepScratch()).toBeGreaterThanOrEqual(1);
    expect([existsSync(left), existsSync(own)]).toEqual([false, true]);
  } finally {
    rmSync(own, { recursive: true });
  }
});
