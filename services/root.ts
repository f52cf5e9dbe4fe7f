import { existsSync } from 'node:fs';
import path from 'node:path';

/** The package's folder, found upwards from this file: the same from `dist/` and from sources. */
export const root = ((): string => {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) throw new Error('package.json not found above the program');
  }
})();
