import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { installPackages } from './install';

const run = promisify(execFile);

/** Programs the suites compare with or look through, and the Debian package of each. */
const tools: readonly { package: string; present: () => Promise<boolean> }[] = [
  { package: 'openssl', present: () => onPath('openssl') },
  { package: 'libengine-gost-openssl', present: gostEngine },
  { package: 'poppler-utils', present: () => onPath('pdftotext') },
  { package: 'qpdf', present: () => onPath('qpdf') },
  { package: 'zbar-tools', present: () => onPath('zbarimg') },
  { package: 'chromium', present: () => onPath('chromium') },
  // Without a font with Cyrillic and Kazakh letters Chromium draws boxes.
  { package: 'fonts-dejavu-core', present: () => Promise.resolve(fs.existsSync('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf')) },
];

function onPath(name: string): Promise<boolean> {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/usr/local/bin'];
  return Promise.resolve(folders.some((folder) => fs.existsSync(path.join(folder, name))));
}

async function gostEngine(): Promise<boolean> {
  try {
    return /available/.test((await run('openssl', ['engine', '-t', 'gost'])).stdout);
  } catch {
    return false;
  }
}

/** Installs the missing ones among the programs the suites need. */
export async function requireTestTools(say: (line: string) => void): Promise<void> {
  const states = await Promise.all(tools.map(async (tool) => ({ name: tool.package, here: await tool.present() })));
  const missing = states.filter((state) => !state.here).map((state) => state.name);
  if (missing.length > 0) {
    say(`Missing for the suites: ${missing.join(', ')}. Installing …`);
    await installPackages(missing, say);
  }
}
